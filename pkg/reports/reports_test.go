package reports_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/pkg/feedback"
	"homing/pkg/reports"
)

const (
	ours       = "aaaabbbbccccddddeeeeffffgggghhhhiiiijjjjkkkkllllmmmmnnnnooo" // what tests take for a code
	signingKey = "key-of-mailgun"
	topic      = "arn:aws:sns:eu-west-1:123456789012:emails"
)

// rig is a handler, and what it was told to do.
type rig struct {
	t       *testing.T
	handler http.Handler
	key     *ecdsa.PrivateKey // SendGrid's
	logs    *observer.ObservedLogs
	now     time.Time
	ses     *amazon // nil without

	mu    sync.Mutex
	said  []reports.Said
	calls int
	kept  []string // "<provider> <code> <begins>"
	took  map[string]int
	fail  error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.DebugLevel)
	x := &rig{t: t, key: key, logs: logs, took: map[string]int{}, now: time.Unix(1_772_442_100, 0)}
	x.ses = newAmazon(t, func() time.Time { return x.now })
	x.handler = reports.New(reports.Options{
		Path: "/mail/reports/", Topics: []string{topic, "arn:aws-cn:sns:cn-north-1:123456789012:emails"}, SendGrid: &key.PublicKey, Mailgun: signingKey,
		Postmark: reports.Login{User: "postmark", Password: "a long password"},
		Record:   x.record, Keep: x.keep, Client: x.ses.client(), Log: zap.New(core),
		Took: func(provider, what string) { x.mu.Lock(); defer x.mu.Unlock(); x.took[provider+" "+what]++ },
		Now:  func() time.Time { return x.now },
	})
	return x
}

// record takes codes of ours, and words as the app has them.
func (x *rig) record(_ context.Context, said []reports.Said) ([]string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.calls++
	if x.fail != nil {
		return nil, x.fail
	}
	var out []string
	for _, s := range said {
		switch means := s.Report.Means(); {
		case s.Code != ours:
			out = append(out, reports.Foreign)
		case s.Report.Kind == feedback.Delivery && means != feedback.Unsaid:
			out = append(out, means.String())
		case s.Report.Kind == feedback.Unsubscribe && s.Report.At.Year() != 2026:
			x.t.Errorf("left at %v", s.Report.At)
		case s.Report.Kind == feedback.Complaint, s.Report.Kind == feedback.Unsubscribe, s.Report.Kind == feedback.Automatic:
			out = append(out, s.Report.Kind.String())
		default:
			out = append(out, "")
		}
	}
	x.said = append(x.said, said...)
	return out, nil
}

func (x *rig) keep(_ context.Context, provider, code string, begins []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.fail != nil {
		return x.fail
	}
	x.kept = append(x.kept, fmt.Sprintf("%s %s %d", provider, code, len(begins)))
	return nil
}

// took is what was taken, in words.
func (x *rig) tookAll() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(x.took), "map["), "]")
}

func (x *rig) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	x.handler.ServeHTTP(w, r)
	return w
}

func request(provider string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/mail/reports/"+provider, bytes.NewReader(body))
	r.RemoteAddr = "198.51.100.7:4711"
	return r
}

// fixture is a body as a provider would send it, of the email with our code.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(b, []byte("CODE"), []byte(ours))
}

// send posts a body as its provider would.
func (x *rig) send(provider string, body []byte) *httptest.ResponseRecorder {
	switch provider {
	case "ses":
		return x.do(request("ses", x.ses.envelope(topic, string(body), "2")))
	case "sendgrid":
		return x.do(x.sendGrid(body))
	case "mailgun":
		return x.do(request("mailgun", x.mailgun(body, x.now, fmt.Sprint("token", time.Now().UnixNano()))))
	}
	r := request("postmark", body)
	r.SetBasicAuth("postmark", "a long password")
	return x.do(r)
}

func (x *rig) sendGrid(body []byte) *http.Request {
	r := request("sendgrid", body)
	stamp := fmt.Sprint(x.now.Unix())
	sum := sha256.Sum256(append([]byte(stamp), body...))
	signature, err := ecdsa.SignASN1(rand.Reader, x.key, sum[:])
	if err != nil {
		x.t.Fatal(err)
	}
	r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	return r
}

func (x *rig) mailgun(body []byte, at time.Time, token string) []byte {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(signingKey))
	mac.Write([]byte(stamp + token))
	return []byte(strings.NewReplacer("TIMESTAMP", stamp, "TOKEN", token, "SIGNATURE", hex.EncodeToString(mac.Sum(nil))).Replace(string(body)))
}

func TestWhatProvidersReportIsUnderstood(t *testing.T) {
	want := map[string]string{
		"ses/bounce-permanent-general":         "hard",
		"ses/bounce-permanent-general-unsaid":  "hard",
		"ses/bounce-permanent-general-blocked": "not_theirs",
		"ses/bounce-permanent-no-email":        "hard",
		"ses/bounce-permanent-suppressed":      "hard",
		"ses/bounce-permanent-account-list":    "hard",
		"ses/bounce-transient-general":         "soft",
		"ses/bounce-transient-mailbox-full":    "soft",
		"ses/bounce-transient-too-large":       "not_theirs",
		"ses/bounce-transient-content":         "not_theirs",
		"ses/bounce-undetermined":              "doubtful",
		"ses/bounce-two-recipients":            "hard",
		"ses/complaint-abuse":                  "complaint",
		"ses/complaint-untyped":                "complaint",
		"ses/complaint-not-spam":               "unknown",
		"ses/delivery":                         "delivered",
		"ses/subscription-succeeded":           "other",
		"ses/event-bounce":                     "hard",
		"ses/event-complaint":                  "complaint",
		"ses/event-delivery":                   "delivered",
		"ses/event-delivery-delay":             "waiting",
		"ses/event-reject":                     "not_theirs",
		"ses/event-send":                       "other",
		"ses/event-open":                       "other",
		"ses/event-subscription":               "unsubscribe",
		"ses/event-new":                        "unknown",
		"ses/event-of-others":                  "foreign",

		"mailgun/delivered":                     "delivered",
		"mailgun/failed-permanent":              "hard",
		"mailgun/failed-permanent-old-form":     "hard",
		"mailgun/failed-permanent-full":         "soft",
		"mailgun/failed-permanent-blocked":      "not_theirs",
		"mailgun/failed-permanent-suppressed":   "hard",
		"mailgun/failed-permanent-complained":   "complaint",
		"mailgun/failed-permanent-unsubscribed": "not_theirs",
		"mailgun/failed-permanent-too-old":      "soft",
		"mailgun/failed-temporary":              "waiting",
		"mailgun/complained":                    "complaint",
		"mailgun/rejected":                      "not_theirs",
		"mailgun/opened":                        "other",
		"mailgun/accepted":                      "other",
		"mailgun/unsubscribed":                  "unsubscribe",
		"mailgun/of-others":                     "foreign",
		"mailgun/new":                           "unknown",

		"postmark/bounce-hard":          "hard",
		"postmark/bounce-hard-blocked":  "not_theirs",
		"postmark/bounce-bad-address":   "hard",
		"postmark/bounce-transient":     "waiting",
		"postmark/bounce-soft":          "soft",
		"postmark/bounce-dns":           "soft",
		"postmark/bounce-unknown":       "soft",
		"postmark/bounce-blocked":       "not_theirs",
		"postmark/bounce-spam":          "not_theirs",
		"postmark/bounce-dmarc":         "not_theirs",
		"postmark/bounce-autoresponder": "auto_reply",
		"postmark/bounce-challenge":     "auto_reply",
		"postmark/bounce-new":           "unknown",
		"postmark/complaint":            "complaint",
		"postmark/complaint-as-bounce":  "complaint",
		"postmark/delivery":             "delivered",
		"postmark/open":                 "other",
		"postmark/subscription-change":  "unsubscribe",
		"postmark/subscription-bounced": "other",
		"postmark/subscription-back":    "other",
		"postmark/without-metadata":     "foreign",
	}
	for _, provider := range []string{"ses", "mailgun", "postmark"} {
		files, err := os.ReadDir("testdata/" + provider)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := provider + "/" + strings.TrimSuffix(f.Name(), ".json")
			x := newRig(t)
			w := x.send(provider, fixture(t, name))
			if got := x.tookAll(); w.Code != http.StatusOK || got != provider+" "+want[name]+":1" {
				t.Errorf("%s: %d %q, want %q", name, w.Code, got, want[name])
			}
			if kept := want[name] == "unknown"; kept != (len(x.kept) == 1) || kept && !strings.HasPrefix(x.kept[0], provider+" "+ours) {
				t.Errorf("%s: kept %v", name, x.kept)
			}
			for _, s := range x.said {
				for _, r := range s.Report.Recipients {
					if strings.Contains(r.Words, "@") {
						t.Errorf("%s: words %q", name, r.Words)
					}
				}
			}
		}
	}
}

// One request of SendGrid's has many events, and they are recorded in one pass.
func TestAListOfEventsIsOnePass(t *testing.T) {
	x := newRig(t)
	if w := x.send("sendgrid", fixture(t, "sendgrid/all")); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	var got []string
	for _, s := range x.said {
		said := s.Report.Kind.String()
		if s.Report.Kind == feedback.Delivery {
			said = s.Report.Means().String()
		}
		got = append(got, said)
	}
	want := "waiting delivered hard hard soft not_theirs soft not_theirs soft hard hard complaint not_theirs not_theirs complaint unsubscribe hard delivered unknown unknown"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	if took := x.tookAll(); x.calls != 1 || !strings.Contains(took, "sendgrid foreign:3") || !strings.Contains(took, "sendgrid other:3") || !strings.Contains(took, "sendgrid unknown:1") || !strings.Contains(took, "sendgrid unsubscribe:1") {
		t.Errorf("%d calls, took %s", x.calls, took)
	}
	if len(x.kept) != 1 || !strings.HasPrefix(x.kept[0], "sendgrid "+ours) {
		t.Errorf("kept %v", x.kept)
	}
}

// The example of SendGrid's own library, with its key.
func TestSendGridsOwnSignatureIsGood(t *testing.T) {
	key := "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=="
	x := newRig(t)
	h := reports.New(reports.Options{Path: "/mail/reports/", SendGrid: publicKey(t, key), Record: x.record, Keep: x.keep, Log: zap.NewNop(), Took: func(string, string) {}})
	body := `{"category":"example_payload","event":"test_event","message_id":"message_id"}`
	for signature, want := range map[string]int{
		"MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=": 200,
		"MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/4=": 403,
	} {
		r := request("sendgrid", []byte(body))
		r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", "1588788367")
		r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", signature)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", signature, w.Code, want)
		}
	}
}

// slow is a body that never comes.
type slow struct{ began, stop chan struct{} }

func (s slow) Read([]byte) (int, error) {
	if s.began != nil {
		s.began <- struct{}{}
	}
	<-s.stop
	return 0, io.ErrUnexpectedEOF
}

// Nobody but the provider is believed, and nothing is recorded, kept or fetched before.
func TestForgedReportsChangeNothing(t *testing.T) {
	bounce := fixture(t, "postmark/bounce-hard")
	for name, c := range map[string]struct {
		make func(x *rig) *http.Request
		code int
	}{
		"another path":      {func(*rig) *http.Request { return request("sparkpost", bounce) }, 404},
		"no provider":       {func(*rig) *http.Request { return request("", bounce) }, 404},
		"below a provider":  {func(*rig) *http.Request { return request("postmark/x", bounce) }, 404},
		"read, not posted":  {func(*rig) *http.Request { return httptest.NewRequest("GET", "/mail/reports/postmark", nil) }, 405},
		"headers only":      {func(*rig) *http.Request { return httptest.NewRequest("HEAD", "/mail/reports/ses", nil) }, 405},
		"Postmark: no user": {func(*rig) *http.Request { return request("postmark", bounce) }, 401},
		"Postmark: another password": {func(*rig) *http.Request {
			r := request("postmark", bounce)
			r.SetBasicAuth("postmark", "a long passwore")
			return r
		}, 401},
		"Postmark: the colon elsewhere": {func(*rig) *http.Request {
			r := request("postmark", bounce)
			r.SetBasicAuth("postmark:a", " long password")
			return r
		}, 401},
		"SendGrid: no signature": {func(*rig) *http.Request { return request("sendgrid", bounce) }, 403},
		"SendGrid: another body": {func(x *rig) *http.Request {
			r := x.sendGrid(fixture(t, "sendgrid/all"))
			r.Body = io.NopCloser(strings.NewReader(`[{"event":"spamreport","homing":"` + ours + `"}]`))
			return r
		}, 403},
		"SendGrid: another time": {func(x *rig) *http.Request {
			r := x.sendGrid(fixture(t, "sendgrid/all"))
			r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", "1")
			return r
		}, 403},
		"SendGrid: another key": {func(x *rig) *http.Request { return newRig(t).sendGrid(fixture(t, "sendgrid/all")) }, 403},
		"Mailgun: no signature": {func(*rig) *http.Request { return request("mailgun", fixture(t, "mailgun/complained")) }, 403},
		"Mailgun: not JSON":     {func(*rig) *http.Request { return request("mailgun", []byte("a=b")) }, 403},
		"Mailgun: another token": {func(x *rig) *http.Request {
			return request("mailgun", bytes.Replace(x.mailgun(fixture(t, "mailgun/complained"), x.now, "one"), []byte(`"one"`), []byte(`"two"`), 1))
		}, 403},
		"Mailgun: of last week": {func(x *rig) *http.Request {
			return request("mailgun", x.mailgun(fixture(t, "mailgun/complained"), x.now.Add(-7*24*time.Hour), "t"))
		}, 406},
		"Mailgun: of tomorrow": {func(x *rig) *http.Request {
			return request("mailgun", x.mailgun(fixture(t, "mailgun/complained"), x.now.Add(24*time.Hour), "t"))
		}, 406},
		"too long": {func(x *rig) *http.Request {
			return x.sendGrid(bytes.Repeat([]byte(" "), 5<<20))
		}, 413},
		"broken off": {func(x *rig) *http.Request {
			r := x.sendGrid(nil)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader("["), slow{nil, closed()}))
			return r
		}, 400},
	} {
		x := newRig(t)
		w := x.do(c.make(x))
		if w.Code != c.code || x.calls != 0 || len(x.kept) != 0 || x.ses.fetched() != 0 {
			t.Errorf("%s: %d (%s), want %d; %d calls, kept %v, %d fetched", name, w.Code, strings.TrimSpace(w.Body.String()), c.code, x.calls, x.kept, x.ses.fetched())
		}
		if got := w.Header().Get("WWW-Authenticate") != ""; got != (c.code == 401) {
			t.Errorf("%s: asked for a password: %v", name, got)
		}
	}
}

func closed() chan struct{} { c := make(chan struct{}); close(c); return c }

func TestMailgunsRequestIsTakenOnce(t *testing.T) {
	x := newRig(t)
	body := x.mailgun(fixture(t, "mailgun/complained"), x.now, "once")
	x.fail = errors.New("no server answers")
	if w := x.do(request("mailgun", body)); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	x.fail = nil
	for range 3 { // the first was not taken, so the second is
		if w := x.do(request("mailgun", body)); w.Code != 200 {
			t.Error(w.Code)
		}
	}
	if got := x.tookAll(); got != "mailgun complaint:1 mailgun duplicate:2 mailgun later:1" {
		t.Error(got)
	}
	// Another event under a token that was used changes nothing, either.
	x.do(request("mailgun", x.mailgun(fixture(t, "mailgun/failed-permanent"), x.now, "once")))
	if got := x.tookAll(); !strings.Contains(got, "duplicate:3") {
		t.Error(got)
	}
}

func TestWhatCannotBeRecordedComesAgain(t *testing.T) {
	for provider, name := range map[string]string{"ses": "ses/event-bounce", "sendgrid": "sendgrid/all", "mailgun": "mailgun/failed-permanent", "postmark": "postmark/bounce-hard"} {
		x := newRig(t)
		x.fail = errors.New("no server answers")
		w := x.send(provider, fixture(t, name))
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || x.tookAll() != provider+" later:1" {
			t.Errorf("%s: %d, %v, %s", provider, w.Code, w.Header(), x.tookAll())
		}
		// What nobody can read is not answered before it is kept, either.
		odd := map[string]string{"ses": "ses/event-new", "sendgrid": "sendgrid/all", "mailgun": "mailgun/new", "postmark": "postmark/bounce-new"}[provider]
		if w := x.send(provider, fixture(t, odd)); w.Code != 503 {
			t.Errorf("%s, odd: %d", provider, w.Code)
		}
	}
}

func TestWhatIsVerifiedAndOddIsKept(t *testing.T) {
	for provider, body := range map[string]string{"sendgrid": `{"event":"bounce"}`, "mailgun": `{"signature":{"timestamp":"TIMESTAMP","token":"TOKEN","signature":"SIGNATURE"},"event":"bounced"}`, "postmark": `[]`} {
		x := newRig(t)
		if w := x.send(provider, []byte(body)); w.Code != 200 || x.tookAll() != provider+" unknown:1" || len(x.kept) != 1 {
			t.Errorf("%s: %d, %s, kept %v", provider, w.Code, x.tookAll(), x.kept)
		}
	}
	x := newRig(t)
	if w := x.send("sendgrid", append([]byte("{"), bytes.Repeat([]byte("x"), 1<<20)...)); w.Code != 200 || len(x.kept) != 1 || x.kept[0] != "sendgrid  65536" {
		t.Errorf("%d, kept %v", w.Code, x.kept)
	}
}

// One client that trickles leaves room for others.
func TestOneAddressHasAShare(t *testing.T) {
	x := newRig(t)
	began, stop := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := x.sendGrid(nil)
			r.Body = io.NopCloser(slow{began, stop})
			x.do(r)
		})
		<-began
	}
	if w := x.send("sendgrid", fixture(t, "sendgrid/all")); w.Code != 503 {
		t.Errorf("the ninth: %d", w.Code)
	}
	r := x.sendGrid(fixture(t, "sendgrid/all"))
	r.RemoteAddr = "203.0.113.9:1"
	if w := x.do(r); w.Code != 200 {
		t.Errorf("another: %d", w.Code)
	}
	// Behind a proxy, the address is what the proxy says last.
	r = x.sendGrid(fixture(t, "sendgrid/all"))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "203.0.113.10, 198.51.100.7")
	if w := x.do(r); w.Code != 503 {
		t.Errorf("the same behind a proxy: %d", w.Code)
	}
	r = x.sendGrid(fixture(t, "sendgrid/all"))
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("X-Forwarded-For", "198.51.100.7, 203.0.113.10")
	if w := x.do(r); w.Code != 200 {
		t.Errorf("another behind a proxy: %d", w.Code)
	}
	close(stop)
	wg.Wait()
	if w := x.send("sendgrid", fixture(t, "sendgrid/all")); w.Code != 200 {
		t.Errorf("afterwards: %d", w.Code)
	}
}

// Anybody can have a request refused, and so it is said once a minute.
func TestARefusalIsSaidNowAndThen(t *testing.T) {
	x := newRig(t)
	for range 100 {
		x.do(request("postmark", nil))
	}
	if n := x.logs.Len(); n != 1 {
		t.Errorf("%d lines", n)
	}
	x.now = x.now.Add(time.Minute)
	x.do(request("postmark", nil))
	for _, l := range x.logs.All() {
		if x.logs.Len() != 2 || strings.Contains(fmt.Sprint(l.ContextMap()), "long password") {
			t.Errorf("%d lines: %v", x.logs.Len(), l)
		}
	}
}

func TestAProviderWithoutASectionIsNotThere(t *testing.T) {
	h := reports.New(reports.Options{Path: "/reports/", Log: zap.NewNop(), Took: func(string, string) {}})
	for _, provider := range []string{"ses", "sendgrid", "mailgun", "postmark"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", "/reports/"+provider, strings.NewReader("{}")))
		if w.Code != 404 {
			t.Errorf("%s: %d", provider, w.Code)
		}
	}
}
