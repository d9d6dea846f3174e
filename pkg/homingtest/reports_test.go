package homingtest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/returnpath"
)

// reporting is a store whose relay is Postmark's.
func reporting(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("a longer password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "smtp: {provider: postmark}\nfeedback: {postmark: {user: postmark, password_file: " + file + "}}\n"
}

// asPostmark is the head of a request of Postmark's.
var asPostmark = http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("postmark:a longer password"))}}

var metadata = regexp.MustCompile(`(?m)^X-PM-Metadata-homing: ([a-z2-7]{55})\r$`)

// codeOf is the code that the newest email carried.
func codeOf(t *testing.T, w *homingtest.World) string {
	t.Helper()
	all := w.Sink.Mails()
	m := metadata.FindStringSubmatch(all[len(all)-1].Raw)
	if m == nil {
		t.Fatalf("no code in\n%.800s", all[len(all)-1].Raw)
	}
	return m[1]
}

// record is one of Postmark's about an email.
func record(kind, code string, more string) string {
	return fmt.Sprintf(`{"RecordType":%q,"MessageID":"x","Email":"ann@customer.example","Metadata":{"homing":%q}%s}`, kind, code, more)
}

const (
	isHard = `,"Type":"HardBounce","TypeCode":1,"Details":"smtp;550 5.1.1 user unknown"`
	isFull = `,"Type":"SoftBounce","TypeCode":4096,"Details":"smtp;552 5.2.2 mailbox full"`
)

func TestAProvidersReportStopsTheAddress(t *testing.T) {
	dir, more := t.TempDir(), reporting(t)
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, more)
		w.Start()
		order := orderer(w)
		expect := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		post := func(what string, head http.Header, body string, want int) {
			t.Helper()
			if got, _ := w.Webhook("/reports/postmark", head, body); got != want {
				t.Errorf("%s: answered %d, want %d", what, got, want)
			}
			time.Sleep(time.Minute)
		}
		expect("the first", order("ann", nil), "sent")
		ann := codeOf(t, w)
		post("no password", http.Header{}, record("Bounce", ann, isHard), 401)
		post("about other email of the account", asPostmark, record("Bounce", "", isHard), 200)
		post("a code that is made up", asPostmark, record("Bounce", "a"+ann[1:], isHard), 200)
		post("delivered", asPostmark, record("Delivery", ann, ""), 200)
		post("opened", asPostmark, record("Open", ann, ""), 200)
		expect("after all these", order("ann", nil), "sent")
		post("hard", asPostmark, record("Bounce", ann, isHard), 200)
		expect("after a hard bounce", order("ann", nil), "bounced")
		now := time.Now().UTC()
		expect("an explicit yes", order("ann", &events.Consent{Email: events.Subscribed, At: &now}), "sent")
		post("the same report again", asPostmark, record("Bounce", ann, isHard), 200)
		expect("after a report that is known", order("ann", nil), "sent")
		post("a complaint", asPostmark, record("SpamComplaint", codeOf(t, w), `,"TypeCode":512`), 200)
		expect("after a complaint", order("ann", nil), "complained")

		// A full mailbox, three times over a week.
		for i := range 4 {
			expect(fmt.Sprint("to a full mailbox, ", i), order("full", nil), []string{"sent", "sent", "sent", "bounced"}[i])
			if i < 3 {
				post("full", asPostmark, record("Bounce", codeOf(t, w), isFull), 200)
				time.Sleep(40 * time.Hour)
			}
		}
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(events.AddressData); ok && (*d.Mailed() != "" || e.Source != "/homing/feedback") {
				t.Errorf("the timeline has %+v", e)
			}
		}
		// There is no section for the others, and nothing of the gateway's is lost.
		if got, _ := w.Webhook("/reports/ses", asPostmark, "{}"); got != 404 {
			t.Errorf("SES: %d", got)
		}
		if got, _, _ := w.Request(http.MethodGet, homingtest.PublicURL+"/robots.txt", nil); got != 200 {
			t.Errorf("robots.txt: %d", got)
		}
	})
}

// Who leaves by the provider's own link gets no more marketing email, until a later yes.
func TestWhoLeavesByTheProvidersLinkHasLeft(t *testing.T) {
	dir, more := t.TempDir(), reporting(t)
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing+more)
		w.Start()
		order := orderer(w)
		expect := func(what, want string, yes *events.Consent) {
			t.Helper()
			time.Sleep(48 * time.Hour) // beyond the cap
			if got := order("kim", yes); got != want {
				t.Errorf("%s: %s, want %s", what, got, want)
			}
		}
		expect("the first", "sent", nil)
		leave := record("SubscriptionChange", codeOf(t, w), `,"SuppressSending":true,"Origin":"Recipient","SuppressionReason":"ManualSuppression","ChangedAt":"`+time.Now().UTC().Format(time.RFC3339)+`"`)
		post := func() {
			if got, _ := w.Webhook("/reports/postmark", asPostmark, leave); got != 200 {
				t.Error(got)
			}
		}
		post()
		expect("after leaving", "unsubscribed", nil)
		post()
		now := time.Now().UTC()
		expect("after a later yes", "sent", &events.Consent{Email: events.Subscribed, At: &now})
		post()
		expect("after the same report again", "sent", nil)
	})
}

// What nobody can read is kept for a person, until the customer is erased whose email it
// is about; what is left by mail as well.
func TestAnErasureTakesReportsThatNobodyCouldRead(t *testing.T) {
	dir, more := t.TempDir(), reporting(t)
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, strings.Replace(more, "provider: postmark", `provider: postmark, return_path: "bounces+*@shop.example"`, 1)+"\n")
		w.Config.Feedback.Listen = "127.0.0.1:0"
		last := watchPaths(w, nil)
		w.Start()
		order := orderer(w)
		for _, who := range []string{"ann", "bob"} {
			order(who, nil)
			if got, _ := w.Webhook("/reports/postmark", asPostmark, record("Bounce", codeOf(t, w), `,"TypeCode":999,"Content":"`+who+`"`)); got != 200 {
				t.Fatal(got)
			}
			if err := w.Report(who+"@example.com", last(), "Subject: Re: Tea\r\nFrom: =?utf-8?q?=61nn?= <x@y.example>\r\n\r\nThanks, "+who+"!\r\n"); err != nil {
				t.Fatal(err)
			}
		}
		if got := unreadReports(t, w); len(got) != 4 {
			t.Fatalf("kept %q", got)
		}
		w.Publish("main", &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		time.Sleep(26 * time.Hour)
		got := unreadReports(t, w)
		if len(got) != 2 || !strings.Contains(got[0], `"bob"`) || !strings.Contains(got[1], "Thanks, bob") {
			t.Errorf("after ann's erasure, kept %q", got)
		}
	})
}

// unreadReports are those that nobody could read, as they came.
func unreadReports(t *testing.T, w *homingtest.World) []string {
	t.Helper()
	s, err := w.JS.Stream(t.Context(), "REJECTED")
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for seq := info.State.FirstSeq; seq <= info.State.LastSeq; seq++ {
		if m, err := s.GetMsg(t.Context(), seq); err == nil && m.Subject == "rejected.main.unknown_report" {
			out = append(out, string(m.Data))
		}
	}
	return out
}

// A provider's word that an email was delivered settles one of which nobody knew whether
// it had left; without servers nothing is taken, and nothing is lost.
func TestAProvidersReportWaitsForTheServers(t *testing.T) {
	dir, more := t.TempDir(), reporting(t)
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing+more)
		cut := true
		w.Sink.Answer = func(command, _ string) string {
			if command == "." && cut {
				return homingtest.CutAfter
			}
			return ""
		}
		w.Start()
		order := orderer(w)
		if got := order("ann", nil); got != "uncertain" {
			t.Fatal(got)
		}
		post := func(body string) int {
			code, head := w.Webhook("/reports/postmark", asPostmark, body)
			if later := head.Get("Retry-After") != ""; later != (code == 503) {
				t.Errorf("%d: %v", code, head)
			}
			return code
		}
		delivered := record("Delivery", codeOf(t, w), "")
		w.Redis.Mini().SetError("LOADING Redis is loading the dataset in memory")
		if got := post(delivered); got != 503 {
			t.Errorf("without Redis: %d", got)
		}
		w.Redis.Mini().SetError("")
		time.Sleep(time.Minute)
		for range 2 {
			if got := post(delivered); got != 200 {
				t.Errorf("with it: %d", got)
			}
			time.Sleep(time.Minute)
		}
		var sent int
		for _, f := range w.Facts() {
			if f.Type == events.TypeEmailSent {
				sent++
			}
		}
		if got := unknown(t, w); sent != 1 || got != 0 {
			t.Errorf("%d facts of sent, want 1; %d are listed as uncertain", sent, got)
		}
		cut = false
		if got := order("bob", nil); got != "sent" {
			t.Fatal(got)
		}
		bob := codeOf(t, w)
		w.NATS.Stop()
		for _, body := range []string{record("Bounce", bob, isHard), record("Bounce", bob, `,"TypeCode":999`)} {
			if got := post(body); got != 503 {
				t.Errorf("without NATS: %d", got)
			}
		}
	})
}

// A thousand events of SendGrid's come in one request, and are one pass through Redis and
// NATS.
func TestAThousandEventsAreOnePass(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "smtp: {provider: sendgrid}\nfeedback: {sendgrid: {public_key: \""+base64.StdEncoding.EncodeToString(der)+"\"}}\n")
		w.Start()
		codes, err := returnpath.New(w.Config.Secret.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		const n = 1000
		var all []string
		for i := range n {
			who := fmt.Sprint("c", i)
			code := codes.Code(returnpath.Of(w.Identity().Key("main", who), w.Identity().Address("main", who+"@example.com"), "thank-you.thanks."+who))
			all = append(all, fmt.Sprintf(`{"event":"bounce","type":"bounce","status":"5.1.1","reason":"550 5.1.1 unknown","email":"%s@example.com","homing":%q}`, who, code))
		}
		body, stamp := "["+strings.Join(all, ",")+"]", "1772442001"
		sum := sha256.Sum256([]byte(stamp + body))
		signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		head := http.Header{"X-Twilio-Email-Event-Webhook-Timestamp": {stamp}, "X-Twilio-Email-Event-Webhook-Signature": {base64.StdEncoding.EncodeToString(signature)}}
		bounced := func() (n int) {
			for _, e := range w.Timeline() {
				if e.Type == events.TypeAddressBounced {
					n++
				}
			}
			return n
		}
		for range 2 { // the second time all of it is known
			if code, _ := w.Webhook("/reports/sendgrid", head, body); code != 200 {
				t.Fatal(code)
			}
			if got := bounced(); got != n {
				t.Errorf("%d bounces on the timeline, want %d", got, n)
			}
		}
		if got := orderer(w)("c7", nil); got != "bounced" {
			t.Error(got)
		}
	})
}
