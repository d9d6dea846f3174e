package projection_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
)

// A shop gives all that it says of a customer one time, and says some of it again,
// later. Two replicas take it in, each in an order of its own. The customer is as
// the shop said last; and a refold of the timeline gives the same bytes.
func TestOfWhatIsSaidWithOneTimeTheLastCountsLiveAndAfterARefold(t *testing.T) {
	const customers, tellings = 30, 4
	s := homingtest.StartRedis(t)
	o, ctx := openShop(t, s), t.Context()
	if err := o.rebuilder.Prove(ctx); err != nil {
		t.Fatal(err)
	}
	replica := o.run(shuffling(o.intake.Handle))
	say := func(n, i int) {
		who := events.Customer{ID: fmt.Sprint("C-", 10_000+n), FirstName: fmt.Sprint("Telling ", i)}
		items := []events.Item{{ProductID: fmt.Sprint("p", i), Name: "Tea", Quantity: 1}}
		when := time.Date(2025, 3, 1, 14, 0, n, 0, time.UTC)
		for what, d := range map[string]events.Data{
			"cart":  &events.CartUpdated{Customer: who, Cart: events.Cart{ID: "k", Items: items}},
			"order": &events.OrderPlaced{Customer: who, Order: events.Order{ID: fmt.Sprint("o-", n), Items: items, Total: events.Money{Minor: 1, Currency: "GBP"}}},
		} {
			at := when
			if what == "cart" { // another time, so that no more statements are made at one than are kept
				at = at.Add(-time.Minute)
			}
			o.publish(events.Event{ID: fmt.Sprint(what, "-", n, "-", i), Source: "/shop", Type: d.Type(), Time: at, Data: d})
		}
	}
	for i := range tellings {
		for n := range customers {
			say(n, i)
		}
	}
	for n := range customers {
		say(n, n%(tellings-1)) // again, all but the last
	}
	eventually(t, "taken in", func() bool { return o.loop.Handled()+replica.Handled() >= o.published })
	if replica.Handled() == 0 {
		t.Error("the replica took nothing in: the test shows less than it should")
	}
	last, product := fmt.Sprint("Telling ", tellings-1), fmt.Sprint("p", tellings-1)
	for n := range customers {
		c := load(t, o.store, ids(t).Key("main", fmt.Sprint("C-", 10_000+n))).Customer
		if got := c.FirstName.Value; got != last {
			t.Errorf("customer %d is called %q, want %q", n, got, last)
		}
		if got := c.Cart.Value.Lines; len(got) != 1 || got[0].Product != product {
			t.Errorf("customer %d has %v in the cart, want %s", n, got, product)
		}
	}

	rdb := homingtest.Redis(t, s.URL())
	live := bodies(t, rdb)
	if err := homingtest.Admin(t, rdb).FlushAll(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	if err := o.rebuilder.Prove(ctx); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(live, bodies(t, rdb)); d != "" || len(live) != customers {
		t.Errorf("%d customers; a refold gives others (-live +refolded):\n%s", len(live), d)
	}
}

// publish publishes an event and counts it.
func (o *shop) publish(e events.Event) {
	o.t.Helper()
	o.published++
	body, err := events.Encode(e)
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := o.js.Publish(o.t.Context(), events.Subject("main", e.Type), body); err != nil {
		o.t.Fatal(err)
	}
}

// shuffling has a handler take its batches in another order.
func shuffling(h bus.Handler) bus.Handler {
	return func(ctx context.Context, batch []*bus.Msg) { // several may be under way
		rand.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
		h(ctx, batch)
	}
}

// bodies is all records, as they are kept.
func bodies(t *testing.T, rdb *redis.Client) map[string]string {
	t.Helper()
	out := map[string]string{}
	names, err := homingtest.Admin(t, rdb).Keys(t.Context(), "*:c:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if out[name], err = rdb.HGet(t.Context(), name, "d").Result(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
