package delivery_test

import (
	"sync/atomic"
	"testing"
	"time"

	"homing/pkg/delivery"
	"homing/pkg/homingtest"
	"homing/pkg/touch"
)

// The loop waits, and says so, when no store in which the worker sends has a relay.
// While one of them has no such trouble, it goes on.
func TestALoopWaitsWhenNoStoreHasARelay(t *testing.T) {
	for _, c := range []struct {
		name  string
		sends []string // stores in which the worker does
		both  bool     // have the relay that is away
		waits bool
	}{
		{"two stores, both away", []string{"main", "outlet"}, true, true},
		{"two stores, and the worker sends in one", []string{"main"}, false, true},
		{"two stores, one away", []string{"main", "outlet"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, &series{}, func(r *rig) {
				keys := map[string]touch.Touch{"main": {Customer: r.key("ann")}, "outlet": {Customer: r.ids.Key("outlet", "ann")}}
				var away atomic.Int32
				away.Store(refuses)
				p := r.start(alike("outlet"), relayThat(r, &away), r.withHolds(c.sends...), func(o *delivery.Options) {
					if c.both {
						o.Routes["outlet"] = o.Routes["main"]
					}
				})
				at := time.Now().Add(time.Minute).UTC()
				for _, store := range c.sends {
					x := keys[store]
					r.happenedTo(x.Customer, homingtest.Order("ann", "1001"))
					x.Worker, x.Step, x.Occasion, x.Due, x.Wake = worker, "offer", "o", at, at
					r.put(x)
				}
				time.Sleep(2 * time.Minute)
				if got := p.loop.Waiting(); got != c.waits {
					t.Errorf("waiting is %v, want %v", got, c.waits)
				}
				away.Store(0)
				time.Sleep(10 * time.Minute)
				if p.loop.Waiting() || len(r.sink.Mails()) != len(c.sends) {
					t.Errorf("waiting is %v, %d messages left, want %d", p.loop.Waiting(), len(r.sink.Mails()), len(c.sends))
				}
			})
		})
	}
}
