package delivery_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"homing/pkg/delivery"
	"homing/pkg/offer"
	"homing/pkg/reason"
)

// clicks are unsubscribes that wait for intake, or don't.
type clicks struct{ wait atomic.Bool }

func (c *clicks) In(context.Context, string) (bool, error) { return c.wait.Load(), nil }

// permits counts how many were taken.
type permits struct {
	noLimit
	taken atomic.Int32
}

func (p *permits) Wait(context.Context, string, bool, bool) (time.Duration, string, error) {
	p.taken.Add(1)
	return 0, "", nil
}

// While an unsubscribe waits for intake no marketing email leaves, and nothing is spent on
// those that wait with it, however often they are looked at: no permit of the relay's rate,
// no code whose time would begin, and no rendering.
func TestNothingIsSpentOnAnEmailWhileUnsubscribesWait(t *testing.T) {
	bubble(t, offering(offer.Terms{Kind: offer.Mint, Value: "TEA", Percent: 10, Valid: 30 * day}), func(r *rig) {
		r.known("ann")
		p, c := &permits{}, &clicks{}
		c.wait.Store(true)
		r.rate = p
		r.start(func(o *delivery.Options) { o.Clicks = c })
		r.touch("ann", "offer", "1", time.Minute, nil)
		time.Sleep(2 * time.Minute)
		if n := r.held(reason.Rebuilding); n < 10 {
			t.Errorf("it was looked at %d times", n)
		}
		if got := r.codesOf(); len(got) > 0 || p.taken.Load() > 0 || len(r.sink.Mails()) > 0 {
			t.Errorf("%d renderings, %d permits, %d emails", len(got), p.taken.Load(), len(r.sink.Mails()))
		}
		c.wait.Store(false)
		time.Sleep(time.Minute)
		if got := r.codesOf(); len(got) != 1 || p.taken.Load() != 1 || len(r.sink.Mails()) != 1 {
			t.Errorf("afterwards: %d renderings, %d permits, %d emails", len(got), p.taken.Load(), len(r.sink.Mails()))
		}
	})
}

// An unsubscribe that comes while an email is being made stops it, too.
func TestAnUnsubscribeThatComesWhileAnEmailIsMadeStopsIt(t *testing.T) {
	c := &clicks{}
	w := offering(offer.Terms{Kind: offer.Mint, Value: "TEA", Percent: 10, Valid: 30 * day})
	bubble(t, w, func(r *rig) {
		r.known("ann")
		r.fault = func(op string) error { // while the code is bound
			if op == "save" {
				c.wait.Store(true)
			}
			return nil
		}
		r.start(func(o *delivery.Options) { o.Clicks = c })
		r.touch("ann", "offer", "1", time.Minute, nil)
		time.Sleep(2 * time.Minute)
		if got := r.codesOf(); len(got) != 1 || len(r.sink.Mails()) > 0 {
			t.Errorf("%d renderings, %d emails", len(got), len(r.sink.Mails()))
		}
		r.mu.Lock()
		r.fault = nil
		r.mu.Unlock()
		c.wait.Store(false)
		time.Sleep(time.Minute)
		if len(r.sink.Mails()) != 1 {
			t.Errorf("%d emails", len(r.sink.Mails()))
		}
	})
}
