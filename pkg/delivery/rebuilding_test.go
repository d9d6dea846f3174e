package delivery_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/projection"
	"homing/pkg/reason"
)

// bareHolds notes what it is told of the system.
type bareHolds struct {
	mu   sync.Mutex
	said []string
}

func (h *bareHolds) Paused(string, string) bool                { return false }
func (h *bareHolds) Passed(string, reason.Reason, string) bool { return false }
func (*bareHolds) Others(reason.Reason, string) bool           { return false }

func (h *bareHolds) Failed(_ context.Context, _ string, why reason.Reason, _ string, _ bool) bool {
	h.note("failed: " + string(why))
	return false
}

func (h *bareHolds) Worked(_ context.Context, _ string, why reason.Reason, _ string) {
	h.note("worked: " + string(why))
}

func (h *bareHolds) note(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, s)
}

// notYetComplete is a Redis that is being brought up to the timeline until a time.
type notYetComplete struct {
	delivery.People
	until time.Time
}

func (c notYetComplete) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	if time.Now().Before(c.until) {
		return nil, projection.ErrRebuilding
	}
	return c.People.Read(ctx, asks, near...)
}

// While Redis is not known to be complete nothing is decided: the touch waits,
// without a fact, for the reason rebuilding, and leaves when that is over.
func TestNothingLeavesWhileRedisIsRebuilt(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.touch("ann", "offer", "1", time.Minute, nil)
		var holds bareHolds
		r.start(func(o *delivery.Options) {
			o.People = notYetComplete{o.People, time.Now().Add(5 * time.Minute)}
			o.Holds = &holds
		})
		time.Sleep(4 * time.Minute)
		if n := len(r.facts(events.TypeEmailSent, events.TypeEmailHeld, events.TypeEmailDropped)); n > 0 {
			t.Errorf("%d facts about a touch that waits for the system", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(r.facts(events.TypeEmailSent)); n != 1 {
			t.Errorf("%d emails when it was over, want 1", n)
		}
		holds.mu.Lock()
		defer holds.mu.Unlock()
		failed, worked := "failed: "+string(reason.Rebuilding), "worked: "+string(reason.Rebuilding)
		if first := slices.Index(holds.said, worked); slices.Index(holds.said, failed) != 0 || first < 0 || slices.Contains(holds.said[first:], failed) {
			t.Errorf("told: %v", holds.said)
		}
		if n := r.held(reason.Rebuilding); n == 0 {
			t.Error("the metric was told of no hold")
		}
	})
}

// losing is a Redis that loses all customers, twice, until it is asked to be proven.
type losing struct {
	delivery.Customers
	people    delivery.People
	mu        sync.Mutex
	lost      bool
	epoch     uint64
	suspected int
}

func (c *losing) Epoch() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

func (c *losing) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.lost {
		return c.people.Read(ctx, asks, near...)
	}
	out := make([]customer.Person, len(asks))
	for i, a := range asks {
		out[i].Members = []*customer.Record{{Key: a.Key}}
	}
	return out, nil
}

func (c *losing) Suspect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.suspected++
	time.AfterFunc(time.Minute, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lost, c.epoch = false, c.epoch+1
	})
}

func (c *losing) MarkIn(ctx context.Context, _ uint64, entries []customer.Entry) error {
	return c.Customers.MarkIn(ctx, c.Customers.Epoch(), entries)
}

// A customer is missing, found again, and missing again while their touch waits for
// the relay. That they were missing before says nothing about them now.
func TestACustomerWhoIsLostTwiceIsLookedForTwice(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.touch("ann", "offer", "1", time.Minute, nil)
		var away atomic.Int32
		away.Store(refuses)
		lost := &losing{lost: true}
		r.start(relayThat(r, &away), func(o *delivery.Options) {
			lost.Customers, lost.people, o.Customers, o.People = o.Customers, o.People, lost, lost
		})
		time.Sleep(10 * time.Minute)
		lost.mu.Lock()
		lost.lost = true
		lost.mu.Unlock()
		time.Sleep(10 * time.Minute)
		away.Store(0)
		time.Sleep(10 * time.Minute)
		if n := len(r.facts(events.TypeEmailSent)); n != 1 || lost.suspected != 2 {
			t.Errorf("%d messages, and Redis was suspected %d times, want 1 and 2", n, lost.suspected)
		}
	})
}
