package delivery_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/pkg/customer"
	"homing/pkg/delivery"
)

// secondWaits is a throughput in which the first message goes after a while, and the
// second waits and is then held. All others go.
type secondWaits struct {
	asked       atomic.Int32
	first, wait time.Duration
}

func (s *secondWaits) Wait(context.Context, string, bool, bool) (time.Duration, string, error) {
	switch s.asked.Add(1) {
	case 1:
		time.Sleep(s.first)
	case 2:
		time.Sleep(s.wait)
		return time.Hour, "it is another's turn", nil
	}
	return 0, "", nil
}

func (*secondWaits) GiveBack(context.Context, time.Time) error { return nil }

// A due message comes a second time, since NATS or a watchdog thought it lost, and
// the one touch is in a process twice. What the one knows is not forgotten because
// the other is done with it: that the relay took the message, and Redis is away.
func TestATouchThatComesTwiceForgetsNoOutcome(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.rate = &secondWaits{first: 5 * time.Second, wait: 20 * time.Second}
		var away atomic.Bool
		r.sink.Answer = func(command, _ string) string {
			if command == "." {
				time.Sleep(10 * time.Second)
				away.Store(true)
				time.AfterFunc(30*time.Second, func() { away.Store(false) })
			}
			return ""
		}
		r.setFault(func(op string) error {
			if op == "save" && away.Load() {
				return errFault
			}
			return nil
		})
		r.start()
		at := r.touch("ann", "offer", "a", 0, nil)
		time.Sleep(time.Second)
		r.put(at)
		time.Sleep(2 * time.Hour)
		if d := cmp.Diff(map[string]string{"a": "sent"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
	})
}

// slowSave is a store of customers whose first write takes long.
type slowSave struct {
	delivery.Customers
	first atomic.Bool
}

func (s *slowSave) Save(ctx context.Context, rs []*customer.Record) ([]bool, error) {
	if !s.first.Swap(true) {
		time.Sleep(10 * time.Second)
	}
	return s.Customers.Save(ctx, rs)
}

// The one is binding a code when the other is done, without one.
func TestATouchThatComesTwiceGivesNoCodeBackThatIsBound(t *testing.T) {
	bubble(t, offering(list), func(r *rig) {
		r.known("ann", "bob")
		r.load("spring", "ONE", "TWO")
		r.rate = &secondWaits{}
		r.start(func(o *delivery.Options) { o.Customers = &slowSave{Customers: o.Customers} })
		x := r.touch("ann", "offer", "a", 0, nil)
		time.Sleep(time.Second)
		r.put(x)
		r.touch("bob", "offer", "b", time.Minute, nil)
		time.Sleep(2 * time.Hour)
		got := map[string]int{}
		for _, code := range r.issued() {
			got[code]++
		}
		if d := cmp.Diff(map[string]int{"ONE": 1, "TWO": 1}, got); d != "" {
			t.Errorf("codes that were given (-want +got):\n%s", d)
		}
	})
}
