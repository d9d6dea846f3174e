package homingtest_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/templatestore"
)

// A shop adds one line to an email that it has, and hears how its customers found it: by
// a link for each score, about the order of the email. A low score is a complaint.
func TestAnEmailOfAnyWorkerAsksForAScore(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, fromBucket)
		w.Start()
		const asks = `{{template "scale" (scale .Ask "csat" "checkout/ease")}}` + "\n"
		published(w, 0, templatestore.Files{
			"thank-you/thanks.html": []byte("---\nsubject: Thank you\npreheader: It is on its way\n---\n<h1>Thank you</h1>\n" + asks),
			"thank-you/thanks.txt":  []byte("Thank you.\n\n" + asks),
		})
		time.Sleep(2 * time.Second)
		w.Publish("main", homingtest.Order("ann", "#1001"))
		time.Sleep(31 * time.Minute)
		mails := w.Sink.Mails()
		if len(mails) != 1 {
			t.Fatalf("%d emails", len(mails))
		}
		links := map[string]bool{}
		linksIn(links, parts(t, mails[0].Raw)...)
		one := ""
		for l := range links {
			if strings.HasPrefix(l, homingtest.PublicURL+"/a/") && strings.Contains(l, ".csat_1.") {
				one = l
			}
			if code, _, body := w.Request("GET", l, nil); strings.Contains(l, "/a/") && (code != 200 || strings.Count(body, `name="score"`) != 5) {
				t.Errorf("%s: %d", l, code)
			}
		}
		if one == "" {
			t.Fatalf("no link to the lowest score among %v\n%s", links, mails[0].Raw)
		}
		if code, _, _ := w.Request("POST", one, url.Values{"text": {"I could not find the button."}}); code != 200 {
			t.Fatal(code)
		}
		time.Sleep(time.Minute)
		found := map[events.Type]int{}
		for _, e := range w.Timeline() {
			found[e.Type]++
			switch d := e.Data.(type) {
			case *events.CustomerAnswered:
				if d.Survey != "checkout" || d.Question != "ease" || d.Kind != events.AnswerScale || d.Scale != events.CSAT || *d.Score != 1 || d.OrderID != "#1001" || d.Text == "" {
					t.Errorf("%+v", d)
				}
			case *events.ComplaintOpened:
				if d.Complaint.OrderID != "#1001" {
					t.Errorf("%+v", d)
				}
			}
		}
		if found[events.TypeCustomerAnswered] != 1 || found[events.TypeComplaintOpened] != 1 {
			t.Errorf("%v", found)
		}
	})
}
