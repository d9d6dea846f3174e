package reports

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"homing/pkg/feedback"
)

// sendGrid verifies and reads SendGrid's event webhook: a list of events, signed by ECDSA
// over a timestamp and the body. The code is an argument of the email (unique_args), which
// is among the fields of each event.
type sendGrid struct{ key *ecdsa.PublicKey }

const (
	sendGridSignature = "X-Twilio-Email-Event-Webhook-Signature"
	sendGridTimestamp = "X-Twilio-Email-Event-Webhook-Timestamp"
)

func (s sendGrid) known(r *http.Request) error {
	if r.Header.Get(sendGridSignature) == "" || r.Header.Get(sendGridTimestamp) == "" {
		return errForged
	}
	return nil
}

// read implements source. When it was signed is not asked: SendGrid tries for a day, and
// the same report again changes nothing.
func (s sendGrid) read(_ context.Context, r *http.Request, body []byte) (found, error) {
	signature, err := base64.StdEncoding.DecodeString(r.Header.Get(sendGridSignature))
	if err != nil {
		return found{}, errForged
	}
	h := sha256.New()
	h.Write([]byte(r.Header.Get(sendGridTimestamp)))
	h.Write(body)
	if !ecdsa.VerifyASN1(s.key, h.Sum(nil), signature) {
		return found{}, errForged
	}
	var events []json.RawMessage
	if json.Unmarshal(body, &events) != nil {
		return found{}, errOddForm
	}
	var f found
	for _, raw := range events {
		e := objectOf(raw)
		report, about := sendGridSays(e)
		if !about {
			f.other++
			continue
		}
		f.said = append(f.said, Said{Code: e.code(), Report: report, Raw: raw})
	}
	return f, nil
}

// sendGridSays is what an event says, and whether it is about what became of an email.
func sendGridSays(e object) (report feedback.Report, about bool) {
	reason := e.text("reason")
	x := feedback.Judge(e.text("email"), "failed", e.text("status"), reason)
	switch e.text("event") {
	case "delivered":
		return means(feedback.Delivered), true
	case "deferred":
		return means(feedback.Waiting), true
	case "spamreport":
		return complained("abuse"), true
	case "bounce":
		if e.text("type") == "blocked" {
			return of(forNow(x)), true
		}
		switch strings.ToLower(e.text("bounce_classification")) {
		case "reputation", "content":
			return of(theirs(x)), true
		case "technical", "frequency or volume too high", "mailbox unavailable":
			return means(feedback.Soft), true
		}
		return of(forGood(x)), true
	case "dropped":
		return sendGridDropped(reason, x), true
	case "unsubscribe", "group_unsubscribe":
		return left(e.seconds("timestamp")), true
	case "processed", "group_resubscribe", "open", "click", "account_status_change":
		return feedback.Report{}, false
	}
	return unread(), true
}

// sendGridDropped is what an event says of an email that SendGrid did not try to deliver.
func sendGridDropped(reason string, x feedback.Recipient) feedback.Report {
	switch strings.ToLower(reason) {
	case "bounced address", "invalid":
		return means(feedback.Hard)
	case "spam reporting address":
		return complained("abuse")
	}
	return of(theirs(x)) // a quota, a header, its own filter, or who left by its own link
}
