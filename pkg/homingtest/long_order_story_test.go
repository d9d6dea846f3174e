package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// A retailer orders 1,200 lines from a wholesaler. The email about the order shows the first
// of them; what the last one says is followed like that of any other.
func TestAnOrderOf1200LinesIsFollowedToItsLast(t *testing.T) {
	const lines = 1200
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, "workers: {review-request: {status: \"off\"}}\n")
		time.Sleep(12 * time.Hour) // until noon
		p := pantry{w, time.Now().UTC()}
		w.Start()
		items := make([]events.Item, lines)
		for i := range items {
			items[i] = events.Item{ProductID: fmt.Sprint("SKU-", i), Name: fmt.Sprintf("Thing no. %d in a box", i), Quantity: 12,
				Price: events.Money{Minor: 375, Currency: "GBP"}, URL: fmt.Sprint("https://shop.example/p/", i)}
		}
		items[lines-1].Quantity, items[lines-1].SupplyDays = 1, 6
		w.Publish("main", p.order("wes", "w1", items...))
		p.until(6)

		var thanks, reminders int
		for _, m := range w.Sink.Mails() {
			text := strings.ReplaceAll(strings.Join(parts(t, m.Raw), "\n"), "\u00a0", " ")
			switch last := fmt.Sprintf("Thing no. %d in a box", lines-1); {
			case strings.Contains(m.Subject, "running low") && strings.Contains(text, last):
				reminders++
			case strings.Contains(text, "Thing no. 29 in a box") && strings.Contains(text, "1,170 more") && !strings.Contains(text, "Thing no. 30 in a box"):
				thanks++
			default:
				t.Errorf("%s:\n%s", m.Subject, text)
			}
		}
		if thanks != 1 || reminders != 1 {
			t.Errorf("%d emails about the order, %d about what runs out", thanks, reminders)
		}
	})
}
