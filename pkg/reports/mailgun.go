package reports

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"homing/pkg/feedback"
)

// mailgun verifies and reads Mailgun's webhooks: one event each, with a signature in the
// body that is over a timestamp and a token only. So a token is taken once. The code is a
// variable of the email.
type mailgun struct {
	key []byte
	now func() time.Time

	mu   sync.Mutex
	seen map[string]time.Time // tokens of requests that were recorded, and their time
}

const (
	// mailgunTries is for how long Mailgun tries, and some more.
	mailgunTries = 24 * time.Hour
	// mailgunAhead is how far clocks may be apart.
	mailgunAhead = 10 * time.Minute
	// maxTokens is how many tokens are remembered. The oldest make room: a report that is
	// taken again is the same report, and changes nothing.
	maxTokens = 20_000
	maxToken  = 100 // bytes
)

func newMailgun(o Options) *mailgun {
	return &mailgun{key: []byte(o.Mailgun), now: o.Now, seen: map[string]time.Time{}}
}

func (*mailgun) known(*http.Request) error { return nil }

func (m *mailgun) read(_ context.Context, _ *http.Request, body []byte) (found, error) {
	all := objectOf(body)
	signature := all.object("signature")
	stamp, token := signature.text("timestamp"), signature.text("token")
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(stamp + token))
	said, err := hex.DecodeString(signature.text("signature"))
	if err != nil || stamp == "" || token == "" || len(token) > maxToken || !hmac.Equal(mac.Sum(nil), said) {
		return found{}, errForged
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	at := time.Unix(seconds, 0)
	if now := m.now(); err != nil || at.Before(now.Add(-mailgunTries)) || at.After(now.Add(mailgunAhead)) {
		return found{}, errOld
	}
	if m.again(token) {
		return found{}, errAgain
	}
	e := all.object("event-data")
	if e == nil {
		return found{}, errOddForm
	}
	f := found{after: func() { m.remember(token, at) }}
	report, about := mailgunSays(e)
	if !about {
		f.other = 1
		return f, nil
	}
	f.said = []Said{{Code: e.object("user-variables").code(), Report: report, Raw: body}}
	return f, nil
}

func (m *mailgun) again(token string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, found := m.seen[token]
	return found
}

func (m *mailgun) remember(token string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.seen) >= maxTokens {
		// A quarter of it at once, so that this is rarely done.
		old := m.now().Add(-mailgunTries)
		for n := 0; n == 0; old = old.Add(mailgunTries / 4) {
			for t, at := range m.seen {
				if at.Before(old) {
					delete(m.seen, t)
					n++
				}
			}
		}
	}
	m.seen[token] = at
}

// mailgunSays is what an event says, and whether it is about what became of an email.
func mailgunSays(e object) (report feedback.Report, about bool) {
	status := e.object("delivery-status")
	words := cmp.Or(status.text("message"), status.text("description"))
	if code := status.number("code"); code >= 400 && code < 600 && !strings.HasPrefix(words, strconv.Itoa(code)) {
		words = strconv.Itoa(code) + " " + words
	}
	x := feedback.Judge(e.text("recipient"), "failed", status.text("enhanced-code"), words)
	switch e.text("event") {
	case "delivered":
		return means(feedback.Delivered), true
	case "complained":
		return complained("abuse"), true
	case "unsubscribed":
		return left(e.seconds("timestamp")), true
	case "rejected": // by Mailgun, before it tried
		return of(theirs(x)), true
	case "failed":
		if e.text("severity") == "temporary" {
			return means(feedback.Waiting), true
		}
		return mailgunFailed(e.text("reason"), status.text("bounce-type"), x), true
	case "accepted", "stored", "opened", "clicked", "list_member_uploaded":
		return feedback.Report{}, false
	}
	return unread(), true
}

// mailgunFailed is what an event says of an email that Mailgun tries no more.
func mailgunFailed(reason, kind string, x feedback.Recipient) feedback.Report {
	switch reason {
	case "suppress-bounce":
		return means(feedback.Hard)
	case "suppress-complaint":
		return complained("abuse")
	case "suppress-unsubscribe", "espblock", "blocked":
		return of(theirs(x))
	case "old": // it tried for hours
		return of(forNow(x))
	}
	if kind == "soft" || x.Code/100 == 4 {
		return of(forNow(x))
	}
	return of(forGood(x))
}
