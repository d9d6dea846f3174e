package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/statistics"
)

// shown has the shop tell what a product is called, and where it is.
func (m *mall) shown(after time.Duration, product, name string) {
	d := &events.ProductUpdated{Product: events.Product{ID: product, Name: name, URL: "https://shop.example/p/" + product, Price: pounds(24)}}
	m.w.PublishEvent(events.Event{ID: fmt.Sprint(product, after), Source: "/test", Type: d.Type(), Store: "main", Time: m.opened.Add(after), Data: d})
}

// Customers who are missed are shown what goes with what they bought, and not what sold
// out a moment before.
func TestAnEmailRecommendsWhatGoesWithWhatWasBought(t *testing.T) {
	const h = time.Hour
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, quickReturns)}
		s.w.Start()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)
		for i := range 20 {
			what := "lamp"
			if i < 8 {
				what = "tea pot"
			}
			s.orders(-240*h, fmt.Sprint("other", i), "", what)
		}
		for _, name := range []string{"ann", "bob"} {
			s.orders(-4800*h, name, "", "tea")
		}
		s.shown(-h, "tea", "Darjeeling")
		s.shown(-h, "pot", "Teapot")
		s.shown(-h, "lamp", "Desk lamp")
		time.Sleep(time.Minute)
		if err := statistics.Ask(t.Context(), s.w.JS.Conn(), "main"); err != nil {
			t.Fatal(err)
		}
		s.until(h)
		s.lapses(h, "ann")
		s.until(2 * h)
		s.shelf(2*h, "pot", false)
		time.Sleep(time.Second) // a moment before
		s.lapses(2*h, "bob")
		s.until(2*h + 10*time.Minute)
		for name, want := range map[string]string{
			"ann": "You may also like\n- Teapot: £24.00\n  Goes with your Darjeeling\n  https://shop.example/p/pot\n- Desk lamp: £24.00\n  Popular with other customers\n  https://shop.example/p/lamp\n",
			"bob": "You may also like\n- Desk lamp: £24.00\n  Popular with other customers\n  https://shop.example/p/lamp\n",
		} {
			mails := s.mails(t, name)
			if len(mails) == 0 || !strings.Contains(strings.ReplaceAll(mails[0], "\r\n", "\n"), want) {
				t.Errorf("%s: want\n%s\nin %q", name, want, mails)
			}
		}
	})
}
