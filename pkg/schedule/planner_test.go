package schedule_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/workers/thankyou"
)

// people are the customers of a test: one record, whose version moves as often
// as it is told to.
type people struct {
	mu     sync.Mutex // planners of a desk may read at the same time
	who    customer.Customer
	tokens []string // of several ids
	moves  int      // how many more times the version moves while a plan is made
	loads  int
	err    error
}

func (p *people) Read(_ context.Context, asks []customer.Ask, _ ...customer.Key) ([]customer.Person, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loads++
	out := make([]customer.Person, len(asks))
	for i := range asks {
		out[i].Customer.Erased = p.who.Erased
		customer.Join(&out[i].Customer, p.who) // a copy of its own, as from a store
		out[i].Customer.Tokens = p.tokens
	}
	return out, p.err
}

func (p *people) Same(_ context.Context, persons []customer.Person) ([]bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]bool, len(persons))
	for i := range persons {
		out[i] = p.moves == 0
	}
	if p.moves > 0 {
		p.moves--
	}
	return out, nil
}

func placed(store string, at time.Time) customer.Entry {
	d := &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "1001"}}
	return customer.Entry{Key: customer.Key{Store: store, Token: "abcdefghijklmnop"},
		Event: events.Event{ID: "e1", Source: "/shop", Store: store, Type: d.Type(), Time: at, Data: d}}
}

// plan runs a planner on the entries, through the loop that feeds it, and returns
// how many schedules stand then.
func plan(t *testing.T, d *desk, p *people, entries ...customer.Entry) (scheduled int, planned int) {
	t.Helper()
	w, err := thankyou.Kind.New(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	before := d.left()
	planner := &schedule.Planner{
		Workers: map[string]*programme.Worker{"main": {Kind: thankyou.Kind, Worker: w}}, People: p, Schedule: schedule.New(d.js, clock.Scale{}),
		Decode: func(m jetstream.Msg) (customer.Entry, error) {
			if i := int(m.Data()[0]); i < len(entries) {
				return entries[i], nil
			}
			return customer.Entry{}, errors.New("not an entry")
		},
		Planned: func(n int) { planned += n },
	}
	for i := range len(entries) {
		d.publish([]byte{byte(i)})
	}
	d.loop(planner.Handle)
	return d.left() - before, planned
}

func (d *desk) publish(data []byte) {
	d.t.Helper()
	if _, err := d.js.PublishMsg(d.t.Context(), &nats.Msg{Subject: "storefront.main.order.placed", Data: data}); err != nil {
		d.t.Fatal(err)
	}
}

// loop feeds a handler for a minute with what was published.
func (d *desk) loop(h bus.Handler) {
	l := bus.NewLoop(bus.LoopOptions{Name: "plan", Consumer: bus.Consumer(d.js, bus.Storefront, bus.IntakeConsumer),
		Handler: h, Reject: bus.RejectTo(d.js), Log: zap.NewNop(), Parallel: 1})
	ctx, cancel := context.WithCancel(d.t.Context())
	time.AfterFunc(time.Minute, cancel)
	l.Run(ctx)
}

func TestAnOrderIsPlanned(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		p := &people{}
		if n, planned := plan(t, d, p, placed("main", time.Now().Add(-time.Minute))); n != 1 || planned != 1 || p.loads != 1 {
			t.Errorf("%d schedules, %d counted, %d loads; want 1 of each", n, planned, p.loads)
		}
	})
}

func TestWhatIsNotPlanned(t *testing.T) {
	key := placed("main", time.Time{}).Key
	id := "thank-you.thanks." + key.Token + ".1001"
	for _, c := range []struct {
		name  string
		entry func(now time.Time) customer.Entry
		knows customer.Claim
		want  int
	}{
		{"an order of a store that has no such worker", func(now time.Time) customer.Entry { return placed("outlet", now) }, customer.Claim{}, 0},
		{"an order too old to be thanked for", func(now time.Time) customer.Entry { return placed("main", now.Add(-73*time.Hour)) }, customer.Claim{}, 0},
		{"an old order that is still worth it", func(now time.Time) customer.Entry { return placed("main", now.Add(-71*time.Hour)) }, customer.Claim{}, 1},
		{"a touch that was sent", func(now time.Time) customer.Entry { return placed("main", now) },
			customer.Claim{Touch: customer.ClaimKey(id), State: customer.Sent, At: 1}, 0},
		{"a touch that was dropped", func(now time.Time) customer.Entry { return placed("main", now) },
			customer.Claim{Touch: customer.ClaimKey(id), State: customer.Dropped, At: 1, Why: "expired"}, 0},
		{"a touch that was dropped for an order that stands again", func(now time.Time) customer.Entry { return placed("main", now) },
			customer.Claim{Touch: customer.ClaimKey(id), State: customer.Dropped, At: 1, Why: "cancelled"}, 1},
		{"a touch that was dropped for an order that is cancelled still", func(now time.Time) customer.Entry { return placed("main", now.Add(-time.Hour)) },
			customer.Claim{Touch: customer.ClaimKey(id), State: customer.Dropped, At: 1, Why: "cancelled"}, 0},
		{"a touch that is being sent: its due message is still there", func(now time.Time) customer.Entry { return placed("main", now) },
			customer.Claim{Touch: customer.ClaimKey(id), State: customer.Open, At: 1, Owner: 2}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, d *desk) {
				p := &people{}
				if c.knows.State != 0 {
					p.who.SetClaim(c.knows)
				}
				if strings.HasSuffix(c.name, "cancelled still") {
					gone := &events.OrderCancelled{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "1001"}}
					customer.Apply(&p.who, events.Event{ID: "e2", Source: "/shop", Store: "main", Type: gone.Type(), Time: time.Now(), Data: gone})
				}
				if n, planned := plan(t, d, p, c.entry(time.Now())); n != c.want || planned != c.want {
					t.Errorf("%d schedules, %d counted; want %d", n, planned, c.want)
				}
			})
		})
	}
}

func TestAPlanIsMadeAgainWhenTheCustomerMovedMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		p := &people{moves: 2}
		if n, planned := plan(t, d, p, placed("main", time.Now())); n != 1 || planned != 1 || p.loads != 3 {
			t.Errorf("%d schedules, %d counted, %d loads; want 1, 1 and 3", n, planned, p.loads)
		}
	})
}

func TestACustomerWhoKeepsMovingIsPlannedLater(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		p := &people{moves: 7}
		if n, _ := plan(t, d, p, placed("main", time.Now())); n != 1 || p.loads != 8 {
			t.Errorf("%d schedules after %d loads; want 1 after 8, in two rounds", n, p.loads)
		}
	})
}

func TestAnEntryThatCannotBeReadWaitsAlone(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		d.publish([]byte{99})
		if n, _ := plan(t, d, &people{}, placed("main", time.Now())); n != 1 {
			t.Errorf("%d schedules, want that of the good entry", n)
		}
		s, err := d.js.Stream(t.Context(), bus.Rejected)
		if err != nil {
			t.Fatal(err)
		}
		if n := s.CachedInfo().State.Msgs; n != 0 {
			t.Errorf("%d messages on REJECTED: what is on the timeline is never rejected", n)
		}
	})
}

func TestWhatIsToldLongAfterItHappenedWaitsForWhatUndoesIt(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		name          string
		due, happened time.Duration // from now
		want          time.Duration
	}{
		{"as it happens", 30 * time.Minute, 0, 30 * time.Minute},
		{"a little late, and due", -5 * time.Minute, -35 * time.Minute, -5 * time.Minute},
		{"from a backlog, and overdue", -5 * time.Hour, -6 * time.Hour, 10 * time.Minute},
		{"from a backlog, and nearly due", time.Minute, -6 * time.Hour, 10 * time.Minute},
		{"from a backlog, and due much later", 24 * time.Hour, -6 * time.Hour, 24 * time.Hour},
	} {
		if got := schedule.Wake(now.Add(c.due), now.Add(c.happened), now).Sub(now); got != c.want {
			t.Errorf("%s: looked at after %s, want %s", c.name, got, c.want)
		}
	}
}
