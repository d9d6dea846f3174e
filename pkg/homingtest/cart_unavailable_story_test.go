package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// shelf publishes whether a product can be bought.
func (m *mall) shelf(after time.Duration, product string, available bool) {
	d := &events.ProductUpdated{Product: events.Product{ID: product, Available: &available}}
	m.w.PublishEvent(events.Event{ID: fmt.Sprint(product, after), Source: "/test", Type: d.Type(), Store: "main", Time: m.opened.Add(after), Data: d})
}

// A reminder shows what can be bought when it leaves, and there is none of a cart of
// which nothing can. What the shop says a moment before an email is due counts.
func TestAReminderShowsWhatCanBeBought(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := homingtest.New(t, dir, fmt.Sprintf(quickCarts, "0s"))
		w.Start()
		time.Sleep(10 * time.Minute)
		m := &mall{w, time.Now().UTC()}
		m.leaves(0, "fay", "lamp")
		m.leaves(0, "gus", "lamp tea")
		m.leaves(0, "hal", "vase tea")
		m.shelf(0, "vase", false)
		m.shelf(20*time.Minute, "tea", true)
		m.until(30 * time.Minute)
		m.shelf(30*time.Minute, "vase", true) // on sale again before anything was due
		m.until(time.Hour - 200*time.Millisecond)
		m.shelf(time.Hour-200*time.Millisecond, "lamp", false)
		m.until(2 * time.Hour)
		m.shelf(2*time.Hour, "lamp", true) // and so it is by the time of the second
		m.until(8 * time.Hour)

		want := map[string][]string{
			"fay": {"reminder 1h00 unavailable", "second 3h00 sent", "last-call 5h00 sent"},
			"gus": {"reminder 1h00 sent", "second 3h00 sent", "last-call 5h00 sent"},
			"hal": {"reminder 1h00 sent", "second 3h00 sent", "last-call 5h00 sent"},
		}
		if d := diff.Diff(want, m.became("cart-recovery")); d != "" {
			t.Errorf("became (-want +got):\n%s", d)
		}
		for name, shows := range map[string][]string{"fay": {"lamp", "lamp"}, "gus": {"tea £1", "lamp tea £2", "lamp tea £2"}, "hal": {"vase tea £2", "vase tea £2", "vase tea £2"}} {
			mails := m.mails(t, name)
			if len(mails) != len(shows) {
				t.Errorf("%s: %d emails, want %d", name, len(mails), len(shows))
				continue
			}
			for i, text := range mails {
				for _, product := range []string{"lamp", "tea", "vase"} {
					if strings.Contains(text, "The "+product) != strings.Contains(shows[i], product) {
						t.Errorf("%s, email %d: want %s in it:\n%s", name, i, shows[i], text)
					}
				}
				if _, total, ok := strings.Cut(shows[i], "£"); ok && !strings.Contains(text, "Total: £"+total) {
					t.Errorf("%s, email %d: want a total of £%s:\n%s", name, i, total, text)
				}
			}
		}
		for _, f := range w.Facts() {
			b := f.Data.(events.Fact).Body()
			if gus := strings.HasPrefix(b.Occasion, "gus"); b.Step == "reminder" && gus != strings.Contains(b.Detail, "left out, because the shop says that it cannot be bought: lamp") && !strings.HasPrefix(b.Occasion, "fay") {
				t.Errorf("%s: the detail is %q", b.Occasion, b.Detail)
			}
		}
	})
}
