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

// reading counts how persons are read: calls, the persons and the records in them, and
// round trips to Redis.
type reading struct {
	delivery.People

	mu                            sync.Mutex
	calls, people, trips, records int
}

func (c *reading) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	c.mu.Lock()
	c.calls++
	c.people += len(asks)
	c.mu.Unlock()
	return c.People.Read(ctx, asks, near...)
}

func (c *reading) note(cmds []redis.Cmder) {
	if cmds[0].Name() == "hmget" {
		c.mu.Lock()
		c.trips++
		for _, cmd := range cmds {
			if cmd.Name() == "hmget" {
				c.records++
			}
		}
		c.mu.Unlock()
	}
}

// A batch costs one round trip before the first claim, however many touches it
// has: it reads the customers together with what is known about their addresses. No
// touch is read on its own.
func TestABatchIsReadInOneRoundTrip(t *testing.T) {
	const touches = 128 // four batches, if the loop fills them
	bubble(t, &series{}, func(r *rig) {
		var seen reading
		for i := range touches {
			id := fmt.Sprint("c-", i)
			r.known(id)
			r.touch(id, "offer", "1", time.Minute, nil)
		}
		time.Sleep(2 * time.Minute) // all are due
		r.rdb.(*redis.Client).AddHook(homingtest.RoundTrips(seen.note))
		r.start(func(o *delivery.Options) {
			seen.People = o.People
			o.People = &seen
		})
		time.Sleep(time.Minute)
		if n := len(r.facts(events.TypeEmailSent)); n != touches {
			t.Fatalf("%d emails, want %d", n, touches)
		}
		seen.mu.Lock()
		defer seen.mu.Unlock()
		if seen.people != touches || seen.records != 2*touches {
			t.Errorf("%d persons and %d customers and addresses were read for %d touches", seen.people, seen.records, touches)
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
