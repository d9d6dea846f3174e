package homingtest_test

import (
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

const surveying = `
consent: {policy: explicit}
pacing: {frequency: [], quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  replenishment: {status: "off"}
  win-back: {status: "off"}
  review-request: {reminder_after: 0s}
  survey: {status: live, shop_after: 14d}
  service: {status: live}
`

// Ann is happy, and is asked for a review the day after she says so, at the earliest. Bob is
// not: he is asked for none, and when the shop has dealt with it, whether it was solved,
// which it is not. Cleo never answers, and her review request goes on after five days. Eve
// ordered before, and is asked about the shop as well. Dan gets no marketing: the follow-up
// of service is what he gets.
func TestASurveyComesBeforeAReviewAndInPlaceOfAFollowUp(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, surveying)
		w.Start("intake", "gateway", "survey", "review-request", "service")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		order := func(id, order string) {
			now := time.Now()
			o := homingtest.Order(id, order)
			if id != "dan" {
				o.Consent = &events.Consent{Email: events.Subscribed, At: &now}
			}
			w.Publish("main", o)
		}
		answer := func(to, link string, form url.Values) {
			t.Helper()
			all := map[string]bool{}
			for _, m := range w.Sink.Mails() {
				if m.To == to+"@example.com" {
					linksIn(all, decoded(t, m.Raw))
				}
			}
			for l := range all {
				if !strings.Contains(l, link) {
					continue
				}
				for _, method := range []string{"GET", "HEAD"} {
					if code, _, _ := w.Request(method, l, nil); code != 200 {
						t.Fatal(code)
					}
				}
				if code, _, body := w.Request("POST", l, form); code != 200 || !strings.Contains(body, "Thank you") {
					t.Fatalf("%d %s", code, body)
				}
				return
			}
			t.Errorf("%s has no link with %s", to, link)
		}
		at(1, 10)
		for i, id := range []string{"ann", "bob", "cleo", "dan", "eve"} {
			order(id, "100"+string(rune('1'+i)))
		}
		order("eve", "1006")
		w.Publish("main", &events.ComplaintOpened{Customer: events.Customer{ID: "dan"}, Complaint: events.Complaint{ID: "d", OrderID: "1004"}})
		at(3, 10)
		arrives := func(id, order string) {
			w.Publish("main", &events.OrderDelivered{Customer: events.Customer{ID: id}, Order: events.OrderChange{ID: order}})
		}
		for i, id := range []string{"ann", "bob", "cleo", "dan", "eve"} {
			arrives(id, "100"+string(rune('1'+i)))
		}
		w.Publish("main", &events.ComplaintClosed{Customer: events.Customer{ID: "dan"}, Complaint: events.Complaint{ID: "d", OrderID: "1004"}})
		at(4, 10)
		arrives("eve", "1006")
		at(6, 12) // the surveys came at ten
		answer("bob", ".order.csat.csat_1.", nil)
		at(9, 18)
		answer("ann", ".order.csat.csat_5.", nil)
		answer("ann", ".order.csat.csat_5.", url.Values{"more": {"1"}, "q_delivery": {"fast"}, "day": {"3"}, "month": {"5"}})
		at(12, 10)
		var complaint string
		for _, e := range w.Timeline() {
			if d, ok := e.Data.(*events.ComplaintOpened); ok && d.Customer.ID == "bob" {
				complaint = d.Complaint.ID
			}
		}
		w.Publish("main", &events.ComplaintClosed{Customer: events.Customer{ID: "bob"}, Complaint: events.Complaint{ID: complaint, OrderID: "1002"}})
		at(14, 10)
		answer("bob", ".complaint.solved.choice_no.", nil)
		at(16, 10)

		answered := map[string]int{}
		complaints := 0
		for _, e := range w.Timeline() {
			switch d := e.Data.(type) {
			case *events.CustomerAnswered:
				answered[d.ID+" "+d.Survey+"/"+d.Question+" "+d.Answer]++
			case *events.ComplaintOpened:
				complaints++
			}
		}
		if d := cmp.Diff(map[string]int{"ann order/csat ": 1, "ann order/delivery fast": 1, "bob order/csat ": 1, "bob complaint/solved no": 1}, answered); d != "" {
			t.Errorf("answers (-want +got):\n%s", d)
		}
		if complaints != 3 { // Dan's, Bob's, and Bob's again
			t.Errorf("%d complaints", complaints)
		}
		for worker, want := range map[string][]string{
			"survey": {
				"complaint 20000103t100000 no_consent", "complaint 20000112t100000 sent",
				"order 1001 sent", "order 1002 sent", "order 1003 sent", "order 1004 no_consent", "order 1005 sent", "order 1006 bundled", "shop 2000-1 sent",
			},
			"service": {"follow-up 20000103t100000 sent", "follow-up 20000112t100000 bundled"},
			"review-request": {
				"ask 1001 sent", "ask 1002 complaint_open", "ask 1003 sent", "ask 1004 no_consent", "ask 1005 sent", "ask 1006 bundled",
			},
		} {
			outcomes := happened(w, worker)
			slices.Sort(outcomes)
			if d := cmp.Diff(want, outcomes); d != "" {
				t.Errorf("%s (-want +got):\n%s", worker, d)
			}
		}
		days := map[string]string{}
		for _, f := range w.Facts() {
			if b := f.Data.(events.Fact).Body(); f.Type == events.TypeEmailSent {
				days[b.Worker+" "+b.Step+" "+b.Occasion] = f.Time.UTC().Format("2 Jan 15h")
			}
		}
		for touch, want := range map[string]string{
			"survey order 1001": "6 Jan 10h", "survey order 1003": "6 Jan 10h",
			"review-request ask 1001": "10 Jan 18h", // ten o'clock is her own time, and she answered at six the evening before
			"review-request ask 1003": "11 Jan 10h", // five days after the survey
			"survey shop 2000-1":      "15 Jan 10h",
		} {
			if days[touch] != want {
				t.Errorf("%s: sent %q, want %q", touch, days[touch], want)
			}
		}
	})
}

// decoded is what an email says, in HTML and in text.
func decoded(t *testing.T, raw string) string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextPart() // which decodes quoted-printable
		if err != nil {
			return out.String()
		}
		if _, err := io.Copy(&out, part); err != nil {
			t.Fatal(err)
		}
	}
}
