package homingtest_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

const advocating = `
consent: {policy: explicit}
pacing: {frequency: []}
workers:
  advocacy: {status: live, photo: "https://shop.example/photos", community: "https://shop.example/community", promoter_after: 3d, apart: 5d}
`

// Ann gives five stars and would recommend the shop: she is asked for a photo, and days later
// invited. Bob gave five stars, and complained since; Cleo gave four.
func TestWhoLikesTheShopIsAskedForOneThingAtATime(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, advocating)
		w.Start("intake", "advocacy")
		start := time.Now().Truncate(24 * time.Hour) // 1 January 2000
		at := func(day, hour int) {
			time.Sleep(time.Until(start.Add(time.Duration(day-1)*24*time.Hour + time.Duration(hour)*time.Hour)))
		}
		at(1, 12)
		for i, name := range []string{"ann", "bob", "cleo"} {
			o := homingtest.Order(name, "100"+string(rune('1'+i)))
			now := time.Now()
			o.Customer.Consent = &events.Consent{Email: events.Subscribed, At: &now}
			w.Publish("main", o)
			w.Publish("main", &events.ReviewSubmitted{Customer: events.Customer{ID: name}, Review: events.Review{ProductID: "tea-1", Rating: []int{5, 5, 4}[i]}})
		}
		score := 9
		w.Publish("main", &events.CustomerAnswered{Customer: events.Customer{ID: "ann"}, Survey: "shop", Question: events.NPS, Scale: events.NPS, Score: &score})
		at(2, 12)
		w.Publish("main", &events.ComplaintOpened{Customer: events.Customer{ID: "bob"}, Complaint: events.Complaint{ID: "c"}})
		at(12, 12)

		var got []string
		for _, m := range w.Sink.Mails() {
			leads := "nowhere"
			for _, page := range []string{"photos", "community"} {
				if strings.Contains(m.Raw, "https://shop.example/"+page) {
					leads = page
				}
			}
			got = append(got, m.At.UTC().Format("2 Jan ")+m.To+" "+leads)
		}
		slices.Sort(got)
		if d := cmp.Diff([]string{"3 Jan ann@example.com photos", "8 Jan ann@example.com community"}, got); d != "" {
			t.Errorf("emails (-want +got):\n%s", d)
		}
		outcomes := happened(w, "advocacy")
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{"community 2000-1 sent", "photo 2000-1 complaint_open", "photo 2000-1 sent"}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}
