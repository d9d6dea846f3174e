package homingtest_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
)

// quickCarts is a series of five hours, without caps and quiet hours.
const quickCarts = `
pacing: {frequency: [], look_ahead: 0s, quiet_hours: {from: "00:00", to: "00:00"}}
workers:
  thank-you: {status: "off"}
  review-request: {status: "off"}
  replenishment: {status: "off"}
  cart-recovery:
    idle: %s
    steps:
      - {template: cart-recovery/reminder, after: 1h, expires: 2h}
      - {template: cart-recovery/second, after: 3h, expires: 2h}
      - {template: cart-recovery/last-call, after: 5h, expires: 2h, offer: {percent: 10, valid: 3d, code: static, value: COMEBACK10}}
`

// mall is a shop whose customers leave carts; a cart has its customer's name.
type mall struct {
	w      *homingtest.World
	opened time.Time
}

func shopper(name string) events.Customer {
	return events.Customer{ID: name, Email: name + "@example.com", Consent: &events.Consent{Email: events.Subscribed}}
}

// goods are products of a pound each; "tea" or "tea pot".
func goods(what string) []events.Item {
	out := []events.Item{}
	for p := range strings.FieldsSeq(what) {
		out = append(out, events.Item{ProductID: p, Name: "The " + p, Quantity: 1, Price: pounds(1)})
	}
	return out
}

func pounds(n int64) events.Money { return events.Money{Minor: n * 100, Currency: "GBP"} }

func basket(name, what string) events.Cart {
	items := goods(what)
	return events.Cart{ID: name, URL: "https://shop.example/cart/" + name, Items: items, Total: pounds(int64(len(items)))}
}

// at publishes an event of a time of the story.
func (m *mall) at(after time.Duration, data events.Data) {
	m.w.PublishEvent(events.Event{ID: fmt.Sprintf("%s-%s-%v", data.Type(), data.(events.CustomerData).Who().ID, after), Source: "/test",
		Type: data.Type(), Store: "main", Time: m.opened.Add(after), Data: data})
}

func (m *mall) leaves(after time.Duration, name, what string) {
	m.at(after, &events.CartAbandoned{Customer: shopper(name), Cart: basket(name, what)})
}

func (m *mall) updates(after time.Duration, name, what string) {
	m.at(after, &events.CartUpdated{Customer: shopper(name), Cart: basket(name, what)})
}

func (m *mall) orders(after time.Duration, name, cart, what string) {
	m.at(after, &events.OrderPlaced{Customer: shopper(name), Order: events.Order{ID: fmt.Sprintf("%s-%v", name, after), CartID: cart, Items: goods(what), Total: pounds(1)}})
}

func (m *mall) until(after time.Duration) { time.Sleep(time.Until(m.opened.Add(after))) }

// became lists what became of a worker's touches, by customer: the step, when
// after the beginning, and why.
func (m *mall) became(worker string) map[string][]string {
	out := map[string][]string{}
	for _, f := range m.w.Facts() {
		b, ok := f.Data.(events.Fact)
		if !ok || f.Type == events.TypeEmailHeld || b.Body().Worker != worker {
			continue
		}
		name, _, _ := strings.Cut(b.Body().Occasion, "-")
		out[name] = append(out[name], fmt.Sprintf("%s %s %s", b.Body().Step, clockTime(f.Time.Sub(m.opened)), b.Body().Reason))
	}
	return out
}

// clockTime writes a time of the story, "1h30".
func clockTime(after time.Duration) string {
	minutes := int(after.Round(time.Minute) / time.Minute)
	return fmt.Sprintf("%dh%02d", minutes/60, minutes%60)
}

// mails returns the text of each email to a customer.
func (m *mall) mails(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	for _, mail := range m.w.Sink.Mails() {
		if mail.To == name+"@example.com" {
			out = append(out, parts(t, mail.Raw)[0])
		}
	}
	return out
}

// An evening in a shop, with two replicas of Homing: who is reminded of a cart,
// of what, and who is not.
func TestCartsThatAreLeft(t *testing.T) {
	const h, m = time.Hour, time.Minute
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, fmt.Sprintf(quickCarts, "0s"))}
		s.w.Start()
		replica := *s.w
		replica.Start()
		defer replica.Stop()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)

		// Dan orders at the instant at which he left his cart, and it is told
		// afterwards; of Cid it is told before. Lea has just bought what she left.
		for _, name := range []string{"ann", "bob", "dan", "eva", "fay", "gil", "hal", "ida", "joe", "kim"} {
			s.leaves(0, name, "tea pot")
		}
		s.orders(0, "cid", "cid", "tea")
		s.orders(-m, "lea", "", "tea mug")
		time.Sleep(time.Second) // all of this has been planned
		s.orders(0, "dan", "", "mug")
		s.leaves(0, "cid", "tea")
		s.leaves(0, "lea", "tea")

		s.until(30 * m)
		s.orders(30*m, "bob", "", "mug")      // something else
		s.updates(30*m, "eva", "tea")         // the pot is sold out
		s.updates(30*m, "fay", "tea pot mug") // she is back
		s.updates(30*m, "gil", "")
		s.leaves(30*m, "ida", "tea pot") // told again, as often as shops do

		s.until(80 * m) // the first emails are out
		s.at(80*m, &events.CustomerUnsubscribed{Customer: events.Customer{ID: "joe"}})
		s.orders(-24*h, "kim", "", "mug") // comes in late, and changes the number
		s.orders(80*m, "hal", "", "mug")

		s.until(2 * h)
		s.leaves(2*h, "fay", "tea pot mug")
		s.leaves(2*h, "hal", "tea") // the same id, after an order
		s.leaves(2*h, "ida", "tea pot")
		s.leaves(2*h, "kim", "tea pot")
		s.until(10 * h)

		want := map[string][]string{
			"ann": {"reminder 1h00 sent", "second 3h00 sent", "last-call 5h00 sent"},
			"bob": {"reminder 1h00 purchased", "second 3h00 purchased", "last-call 5h00 purchased"},
			"dan": {"reminder 1h00 purchased", "second 3h00 purchased", "last-call 5h00 purchased"},
			"lea": {"reminder 1h00 purchased", "second 3h00 purchased", "last-call 5h00 purchased"},
			"eva": {"reminder 1h30 sent", "second 3h00 sent", "last-call 5h00 sent"},
			"fay": {"reminder 1h30 recovered", "second 3h00 sent", "last-call 5h00 sent"},
			"gil": {"reminder 1h00 emptied", "second 3h00 emptied", "last-call 5h00 emptied"},
			"hal": {"reminder 1h00 sent", "reminder 3h00 sent", "second 3h00 purchased", "last-call 5h00 purchased", "second 5h00 sent", "last-call 7h00 sent"},
			"ida": {"reminder 1h00 sent", "second 3h00 sent", "last-call 5h00 sent"},
			"joe": {"reminder 1h00 sent", "second 3h00 unsubscribed", "last-call 5h00 unsubscribed"},
			"kim": {"reminder 1h00 sent", "reminder 2h00 bundled", "second 3h00 bundled", "second 3h00 sent", "last-call 5h00 bundled", "last-call 5h00 sent"},
		}
		if d := diff.Diff(want, sorted(s.became("cart-recovery"))); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		eva, fay, ann := s.mails(t, "eva"), s.mails(t, "fay"), s.mails(t, "ann")
		if len(eva) != 3 || !strings.Contains(eva[0], "The tea") || strings.Contains(eva[0], "The pot") || !strings.Contains(eva[0], "£1.00") {
			t.Errorf("eva was to be reminded of the tea alone:\n%s", strings.Join(eva, "\n---\n"))
		}
		if len(fay) != 2 || !strings.Contains(fay[0], "The mug") || !strings.Contains(fay[1], "COMEBACK10") {
			t.Errorf("fay was to be told of what she added:\n%s", strings.Join(fay, "\n---\n"))
		}
		if len(ann) != 3 || strings.Contains(ann[0]+ann[1], "COMEBACK10") || !strings.Contains(ann[2], "COMEBACK10") || !strings.Contains(ann[0], "shop.example/cart/ann") {
			t.Errorf("ann was to have an offer in the last email:\n%s", strings.Join(ann, "\n---\n"))
		}
	})
}

// Where the shop says nothing, a cart is left when nothing happened to it for a
// while, and what happens to it delays that only until the first email is out.
func TestCartsThatAreQuiet(t *testing.T) {
	const h, m = time.Hour, time.Minute
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &mall{w: homingtest.New(t, dir, fmt.Sprintf(quickCarts, "30m"))}
		s.w.Start()
		s.opened = time.Now().UTC().Truncate(time.Millisecond)
		for _, name := range []string{"ann", "bob", "cid"} {
			s.updates(0, name, "tea")
		}
		s.until(20 * m)
		s.updates(20*m, "ann", "tea pot")
		s.until(40 * m)
		s.orders(40*m, "bob", "", "mug")
		s.until(2 * h)
		s.updates(2*h, "ann", "tea pot mug")
		s.updates(2*h, "cid", "tea")
		s.until(3*h + 20*m)
		s.updates(3*h+20*m, "cid", "tea pot") // at the cart just when the next email is due
		s.until(10 * h)
		want := map[string][]string{
			"ann": {"reminder 1h50 sent", "second 3h50 sent", "last-call 5h50 sent"},
			"bob": {"reminder 1h30 purchased", "second 3h30 purchased", "last-call 5h30 purchased"},
			"cid": {"reminder 1h30 sent", "second 4h50 sent", "last-call 5h30 sent"},
		}
		if d := diff.Diff(want, sorted(s.became("cart-recovery"))); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if mails := s.mails(t, "ann"); len(mails) != 3 || strings.Contains(mails[0], "The mug") || !strings.Contains(mails[1], "The mug") {
			t.Errorf("ann was to see her cart as it is:\n%s", strings.Join(mails, "\n---\n"))
		}
	})
}

// sorted puts the outcomes of each customer in the order of their times, those of
// one time by step and reason.
func sorted(became map[string][]string) map[string][]string {
	for _, outcomes := range became {
		slices.SortFunc(outcomes, func(a, b string) int {
			x, y := strings.Fields(a), strings.Fields(b)
			return cmp.Or(cmp.Compare(x[1], y[1]), cmp.Compare(a, b))
		})
	}
	return became
}
