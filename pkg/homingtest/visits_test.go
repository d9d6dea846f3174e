package homingtest_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/link"
)

var visitLink = regexp.MustCompile(homingtest.PublicURL + `/l/[^"\s]+`)

// A customer follows a link of an email to the shop, and says that they are unhappy: the
// click is on the timeline and decides nothing, and the answer opens a complaint.
func TestAClickIsNotedAndALowScoreOpensAComplaint(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, marketing+"clicks: {track: true, opens: true, utm: \"utm_source=homing&utm_campaign={worker}\"}\n")
		w.Start()
		firstMail(t, w)
		raw := strings.ReplaceAll(strings.ReplaceAll(w.Sink.Mails()[0].Raw, "=\r\n", ""), "=3D", "=")
		ways := visitLink.FindAllString(raw, -1)
		if len(ways) == 0 || !strings.Contains(raw, homingtest.PublicURL+"/o/") {
			t.Fatalf("no link leads over the gateway in\n%s", raw)
		}
		firefox := http.Header{"User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}}
		code, header, _ := w.RequestWith("GET", ways[0], firefox, nil)
		if to := header.Get("Location"); code != 302 || !strings.HasPrefix(to, "https://shop.example") || !strings.Contains(to, "utm_source=homing&utm_campaign=thank-you") {
			t.Fatalf("%d to %q", code, to)
		}
		w.RequestWith("HEAD", ways[0], firefox, nil)

		signer, err := link.New(homingtest.PublicURL, []link.Key{{ID: link.DerivedKey, Secret: homingtest.Secret}})
		if err != nil {
			t.Fatal(err)
		}
		ann := w.Identity().Key("main", "ann")
		score := signer.URL(link.Link{Purpose: link.Answer, Customer: ann, Worker: "thank-you", Survey: "s", Question: "q", Scale: events.CSAT, Score: 5, Order: "1001"})
		if code, _, body := w.Request("POST", score, url.Values{"score": {"2"}, "text": {"Broken."}}); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		w.Request("POST", score, url.Values{"score": {"2"}, "text": {"Broken."}})
		time.Sleep(time.Minute)

		count := map[string]int{}
		var c customer.Customer
		for _, e := range w.Timeline() {
			switch d := e.Data.(type) {
			case *events.EmailClicked:
				if strings.Contains(d.URL, "?") || !strings.HasPrefix(d.Touch, "thank-you.thanks."+ann.Token) {
					t.Errorf("%+v", d)
				}
				if d.Machine {
					count["machine"]++
				} else {
					count["clicked"]++
				}
			case *events.CustomerAnswered, *events.ComplaintOpened:
				count[string(e.Type)]++
				customer.Apply(&c, e)
			}
		}
		if count["clicked"] != 1 || count["machine"] != 1 || count["customer.answered"] != 1 || count["complaint.opened"] != 1 {
			t.Errorf("%v", count)
		}
		if a, ok := c.Answer("s", "q", "1001"); !ok || !c.ComplaintOpen("1001") || c.ComplaintOpen("1002") {
			t.Errorf("%+v", a)
		}
	})
}
