package projection_test

import (
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// from is an order with an address.
func from(k customer.Key, id, email string, n int) customer.Entry {
	e := order(k, 0, n)
	d := *e.Event.Data.(*events.OrderPlaced)
	d.Customer = events.Customer{ID: id, Email: email}
	e.Event.Data = &d
	return e
}

func TestAPersonIsReadInOneRoundTripAndLookedAtInAnother(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		id, ctx := ids(t), t.Context()
		store := projection.New(rdb, nil)
		people := projection.NewPeople(store, id)
		ann, guest := id.Key("main", "ann"), id.Key("main", id.Guest("main", "ann@example.com"))
		box := id.Mailbox("main", "ann@example.com")
		var trips atomic.Int32
		rdb.AddHook(homingtest.RoundTrips(func([]redis.Cmder) { trips.Add(1) }))
		n := 0
		happens := func(k customer.Key) {
			t.Helper()
			n++
			if err := store.Fold(ctx, []customer.Entry{from(k, "ann", "ann@example.com", n)}); err != nil {
				t.Fatal(err)
			}
		}
		link := func(k customer.Key) {
			t.Helper()
			if err := store.Link(ctx, []projection.Link{{Mailbox: box, ID: k}}); err != nil {
				t.Fatal(err)
			}
		}
		read := func(near ...customer.Key) customer.Person {
			t.Helper()
			got, err := people.Read(ctx, []customer.Ask{{Key: ann}}, near...)
			if err != nil {
				t.Fatal(err)
			}
			return got[0]
		}
		link(ann)
		happens(ann)
		if trips.Store(0); len(read(box).Members) != 1 || trips.Load() != 1 {
			t.Errorf("%d round trips, want one", trips.Load())
		}
		if trips.Store(0); len(read().Members) != 1 || trips.Load() != 2 {
			t.Errorf("%d round trips where nobody knows the address, want two", trips.Load())
		}
		for _, c := range []struct {
			name    string
			between func()
			same    bool
		}{
			{"nothing happens", func() {}, true},
			{"their record moves", func() { happens(ann) }, false},
			{"something is said about the mailbox", func() { happens(box) }, true},
			{"another id names the mailbox", func() { link(guest) }, false},
			{"the other's record moves", func() { happens(guest) }, false},
			{"nothing happens to two", func() {}, true},
		} {
			for _, how := range []*projection.People{people, people.Unhurried()} {
				p := read(box)
				c.between()
				trips.Store(0)
				got, err := how.Same(ctx, []customer.Person{p})
				if err != nil || len(got) != 1 || got[0] != c.same || trips.Load() != 1 {
					t.Errorf("%s: %v, %v after %d round trips; want %v", c.name, got, err, trips.Load(), c.same)
				}
				if c.between = func() {}; !c.same {
					break
				}
			}
		}
	})
}
