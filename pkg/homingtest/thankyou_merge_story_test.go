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
)

const shared = `
workers:
  replenishment: {status: "off"}
  thank-you: {merge_within: 2h, milestones: [4], milestone_offer: {percent: 10, valid: 14d, code: static, value: FOUR10}}
`

// Ann orders five times: twice within two hours, of which the first order is
// cancelled, and three times more in the evening, on which Homing is restarted.
func TestOrdersOfOneEveningAreThankedForTogether(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, shared)
		w.Start()
		start := time.Now()
		at := func(h float64) { time.Sleep(time.Until(start.Add(time.Duration(h * float64(time.Hour))))) }
		order := func(id, item string) *events.OrderPlaced {
			o := homingtest.Order("ann", id)
			o.Order.Items[0].Name = item
			w.Publish("main", o)
			return o
		}
		first := order("1001", "Kettle")
		at(1)
		order("1002", "Teapot")
		at(1.5)
		w.Publish("main", &events.OrderCancelled{Customer: first.Customer, Order: events.OrderChange{ID: "1001"}})
		at(10)
		order("1003", "Saucer")
		at(11)
		w.Stop()
		order("1004", "Spoon")
		at(11.5)
		w.Start()
		order("1005", "Tray")
		at(44)
		outcomes := happened(w, "thank-you")
		slices.Sort(outcomes)
		if d := cmp.Diff([]string{
			"milestone 1001 cancelled", "milestone 1002 bundled", "milestone 1003 bundled", "milestone 1004 bundled", "milestone 1005 sent",
			"thanks 1001 cancelled", "thanks 1002 sent", "thanks 1003 sent", "thanks 1004 bundled", "thanks 1005 bundled",
		}, outcomes); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		mails := w.Sink.Mails()
		if len(mails) != 3 {
			t.Fatalf("%d emails, want 3", len(mails))
		}
		for i, c := range []struct {
			hour     float64
			has, not []string
		}{
			{3, []string{"1002", "Teapot"}, []string{"1001", "Kettle", "FOUR10"}},
			{12, []string{"1003", "1004", "1005", "Saucer", "Spoon", "Tray"}, []string{"1001", "1002", "FOUR10"}},
			{37.5, []string{"FOUR10"}, nil},
		} {
			if h := mails[i].At.Sub(start).Hours(); h < c.hour || h > c.hour+0.1 {
				t.Errorf("email %d after %.2f hours, want %v", i, h, c.hour)
			}
			for _, s := range c.has {
				if !strings.Contains(mails[i].Raw, s) {
					t.Errorf("email %d says nothing of %s", i, s)
				}
			}
			for _, s := range c.not {
				if strings.Contains(mails[i].Raw, s) {
					t.Errorf("email %d says something of %s", i, s)
				}
			}
		}
	})
}
