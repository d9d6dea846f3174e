package homingtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

const day = 24 * time.Hour

func TestACustomerLivesThreeWeeks(t *testing.T) {
	lengthy.Always(t)
	live(t, weeks)
}

// life is one customer's orders over some days, with what a shop's life brings:
// cancellations, refunds, duplicates, restarts, and a relay that is down.
type life struct {
	w      *homingtest.World
	orders int
	want   map[string]string // occasion → outcome and wording
}

// thanksAlone switches all other workers off, so that each email is an order's.
const thanksAlone = `
workers:
  cart-recovery: {status: "off"}
  review-request: {status: "off"}
  replenishment: {status: "off"}
  win-back: {status: "off"}
  birthday: {status: "off"}
`

func live(t *testing.T, days int) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := &life{w: homingtest.New(t, dir, thanksAlone), want: map[string]string{}}
		l.w.Start()
		for d := range days {
			start := time.Now()
			l.day(d)
			time.Sleep(day - time.Since(start))
		}
		l.audit(t)
	})
}

// day lives one day.
func (l *life) day(d int) {
	w := l.w
	switch d % 6 {
	case 0: // an order, told three times
		o := l.order("sent")
		w.Publish("main", o)
		w.Publish("main", o)
		time.Sleep(2 * time.Hour)
		w.Publish("main", o)
	case 1: // cancelled before it is thanked for
		o := l.order("cancelled")
		w.Publish("main", o)
		time.Sleep(10 * time.Minute)
		w.Publish("main", &events.OrderCancelled{Customer: o.Customer, Order: events.OrderChange{ID: o.Order.ID}})
	case 2: // Homing is restarted while the email waits
		w.Publish("main", l.order("sent"))
		time.Sleep(10 * time.Minute)
		w.Stop()
		time.Sleep(3 * time.Hour)
		w.Start()
	case 3: // the relay is away when the email is due
		w.Sink.Answer = func(string, string) string { return homingtest.CutBefore }
		w.Publish("main", l.order("sent"))
		time.Sleep(5 * time.Hour)
		w.Sink.Answer = nil
	case 4: // Redis loses everything between order and mail
		w.Publish("main", l.order("sent"))
		time.Sleep(10 * time.Minute)
		w.Redis.Mini().FlushAll()
	case 5: // the cancellation arrives before the order
		o := l.order("cancelled")
		w.Publish("main", &events.OrderCancelled{Customer: o.Customer, Order: events.OrderChange{ID: o.Order.ID}})
		time.Sleep(time.Minute)
		w.Publish("main", o)
	}
}

// order returns the customer's next order, and notes what must become of it.
func (l *life) order(want string) *events.OrderPlaced {
	l.orders++
	id := fmt.Sprintf("%d", 1000+l.orders)
	l.want[id] = want
	return homingtest.Order("ann", id)
}

// audit compares what became of each order with what must, and the wordings
// with a count of its own.
func (l *life) audit(t *testing.T) {
	got := map[string]string{}
	var wordings []string
	for _, f := range l.w.Facts() {
		b := f.Data.(events.Fact).Body()
		what := b.Reason
		if f.Type == events.TypeEmailHeld {
			continue
		}
		if got[b.Occasion] != "" && got[b.Occasion] != what {
			t.Errorf("order %s: %s, and then %s", b.Occasion, got[b.Occasion], what)
		}
		got[b.Occasion] = what
		if f.Type == events.TypeEmailSent {
			_, v, _ := strings.Cut(b.Template, "#")
			wordings = append(wordings, v)
		}
	}
	if d := cmp.Diff(l.want, got); d != "" {
		t.Errorf("outcomes (-want +got):\n%s", d)
		l.tell(t, got)
	}
	if n := len(l.w.Sink.Mails()); n != len(wordings) {
		t.Errorf("%d emails, %d facts", n, len(wordings))
	}
	for i, v := range wordings {
		want := "repeat"
		switch i + 1 {
		case 1:
			want = "first"
		case 5, 10, 25, 50, 100:
			want = "milestone"
		}
		if v != want {
			t.Errorf("email %d has the wording %q, want %q", i+1, v, want)
		}
	}
}

// tell logs the story of the orders that came out wrong.
func (l *life) tell(t *testing.T, got map[string]string) {
	for _, e := range l.w.Timeline() {
		order := ""
		switch d := e.Data.(type) {
		case *events.OrderPlaced:
			order = d.Order.ID
		case *events.OrderCancelled:
			order = d.Order.ID
		case events.Fact:
			order = d.Body().Occasion
		}
		if got[order] != l.want[order] {
			t.Logf("order %s: %s %s %s, %+v", order, e.Time.Format(time.RFC3339Nano), e.Type, e.ID, e.Data)
		}
	}
}
