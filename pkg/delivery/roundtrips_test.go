package delivery_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/homingtest"
)

// reading counts how customers are read: calls, the customers in them, and round
// trips to Redis.
type reading struct {
	delivery.Customers
	isAddress map[customer.Key]bool

	mu                   sync.Mutex
	calls, people, trips int
	apart                int // calls for customers without their addresses, or the other way round
}

func (c *reading) Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error) {
	c.mu.Lock()
	c.calls++
	c.people += len(keys)
	known := 0
	for _, k := range keys {
		if c.isAddress[k] {
			known++
		}
	}
	if 2*known != len(keys) {
		c.apart++
	}
	c.mu.Unlock()
	return c.Customers.Load(ctx, keys)
}

func (c *reading) note(cmds []redis.Cmder) {
	if cmds[0].Name() == "hmget" {
		c.mu.Lock()
		c.trips++
		c.mu.Unlock()
	}
}

// A batch costs one round trip before the first claim, however many touches it
// has: it reads the customers together with what is known about their addresses. No
// touch is read on its own.
func TestABatchIsReadInOneRoundTrip(t *testing.T) {
	const touches = 128 // four batches, if the loop fills them
	bubble(t, &series{}, func(r *rig) {
		seen := reading{isAddress: map[customer.Key]bool{}}
		for i := range touches {
			id := fmt.Sprint("c-", i)
			seen.isAddress[r.ids.AddressKey("main", r.address(id))] = true
			r.known(id)
			r.touch(id, "offer", "1", time.Minute, nil)
		}
		time.Sleep(2 * time.Minute) // all are due
		r.rdb.(*redis.Client).AddHook(homingtest.RoundTrips(seen.note))
		r.start(func(o *delivery.Options) {
			seen.Customers = o.Customers
			o.Customers = &seen
		})
		time.Sleep(time.Minute)
		if n := len(r.facts(events.TypeEmailSent)); n != touches {
			t.Fatalf("%d emails, want %d", n, touches)
		}
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if seen.people != 2*touches {
			t.Errorf("%d customers and addresses were read for %d touches", seen.people, touches)
		}
		if seen.apart > 0 {
			t.Errorf("%d of %d reads had customers without their addresses", seen.apart, seen.calls)
		}
		if seen.trips > seen.calls {
			t.Errorf("%d round trips for %d reads", seen.trips, seen.calls)
		}
		if seen.calls > touches/8 {
			t.Errorf("%d reads for %d touches: the touches were not read together", seen.calls, touches)
		}
		t.Logf("%d touches: %d reads in %d round trips", touches, seen.calls, seen.trips)
	})
}
