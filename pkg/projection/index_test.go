package projection_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

var buckets = func() []uint8 {
	out := make([]uint8, customer.Buckets)
	for b := range out {
		out[b] = uint8(b)
	}
	return out
}()

// days are all days of a leap year.
var days = func() []int {
	out := make([]int, 366)
	for d := range out {
		out[d] = d + 1
	}
	return out
}()

// everybody asks for all who ever ordered.
var everybody = projection.LapseQuery{Store: "main", Buckets: buckets, After: func(int) time.Duration { return 0 },
	From: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}

// indexed is what all indexes say of everybody.
func indexed(t *testing.T, s *projection.Customers) map[string]customer.Place {
	t.Helper()
	born, err := s.Birthdays(t.Context(), "main", buckets, days)
	if err != nil {
		t.Fatal(err)
	}
	ordered, err := s.Lapsing(t.Context(), everybody)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]customer.Place{}
	for _, p := range born {
		out[p.Key.Token] = p.Place
	}
	for _, p := range ordered {
		place := out[p.Key.Token]
		if place.Last != 0 {
			t.Errorf("%s is listed twice among the orders", p.Key.Token)
		}
		place.Last, place.Orders = p.Place.Last, p.Place.Orders
		out[p.Key.Token] = place
	}
	return out
}

// life draws an event about one of some customers.
func life(t testing.TB, r *rand.Rand, people, i int) customer.Entry {
	n := r.IntN(people)
	key := ids(t).Key("main", fmt.Sprint("c", n))
	who := events.Customer{ID: fmt.Sprint("c", n)}
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(700*24)) * time.Hour)
	var d events.Data
	switch r.IntN(10) {
	case 0:
		who.Birthday = fmt.Sprintf("--%02d-%02d", 1+r.IntN(12), 1+r.IntN(28))
		d = &events.CustomerUpdated{Customer: who}
	case 1:
		d = &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: fmt.Sprint(r.IntN(30))}}
	case 2:
		if d = (&events.CustomerErased{Customer: who}); r.IntN(5) > 0 {
			d = &events.CustomerUpdated{Customer: who}
		}
	default:
		d = &events.OrderPlaced{Customer: who, Order: events.Order{ID: fmt.Sprint(r.IntN(30))}}
	}
	return customer.Entry{Key: key, Event: events.Event{ID: fmt.Sprint(i), Source: "/s", Store: "main", Type: d.Type(), Time: at, Data: d}}
}

func TestTheIndexesSayWhatTheRecordsSay(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		const people, writers = 60, 3
		r := rand.New(rand.NewPCG(1, 2))
		all := make([]customer.Entry, 900)
		for i := range all {
			all[i] = life(t, r, people, i)
		}
		var wg sync.WaitGroup
		for w := range writers { // who lose against each other now and then
			store := projection.New(homingtest.Redis(t, url), nil)
			wg.Go(func() {
				for batch := range slices.Chunk(all[w*len(all)/writers:(w+1)*len(all)/writers], 20) {
					if err := fold(t.Context(), store, batch); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		rdb := homingtest.Redis(t, url)
		store := projection.New(rdb, nil)
		want := map[string]customer.Place{}
		if err := store.Scan(t.Context(), "main", func(rs []customer.Record) error {
			for _, r := range rs {
				if p := customer.PlaceOf(&r.Customer); p != (customer.Place{}) {
					want[r.Key.Token] = p
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if several := slices.ContainsFunc(slices.Collect(maps.Values(want)), func(p customer.Place) bool { return p.Orders > 2 }); len(want) < people/2 || !several {
			t.Fatalf("%d customers stand anywhere, some with several orders: %v; the test shows little", len(want), several)
		}
		if d := cmp.Diff(want, indexed(t, store)); d != "" {
			t.Errorf("the indexes (-records +indexes):\n%s", d)
		}
		if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		if err := store.Fold(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, indexed(t, store)); d != "" {
			t.Errorf("the indexes after a refold (-records +indexes):\n%s", d)
		}
	})
}

// A customer leaves no trace in an index they are no longer in.
func TestNothingStaysBehindInAnIndex(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		store, key := projection.New(rdb, nil), ids(t).Key("main", "c1")
		who := events.Customer{ID: "c1", Birthday: "1990-05-05"}
		at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		for i, d := range []events.Data{
			&events.OrderPlaced{Customer: who, Order: events.Order{ID: "1"}}, &events.OrderPlaced{Customer: who, Order: events.Order{ID: "2"}},
			&events.OrderPlaced{Customer: who, Order: events.Order{ID: "3"}}, &events.CustomerErased{Customer: who},
		} {
			at = at.AddDate(0, 0, 70)
			e := customer.Entry{Key: key, Event: events.Event{ID: fmt.Sprint(i), Source: "/s", Store: "main", Type: d.Type(), Time: at, Data: d}}
			if err := store.Fold(t.Context(), []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		names, err := homingtest.Admin(t, rdb).Keys(t.Context(), "*").Result()
		if err != nil || len(names) != 1 {
			t.Errorf("%v, %v; want the erased customer alone", names, err)
		}
	})
}

func TestWhoLapsesIsFoundAndHardlyAnybodyElse(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store := projection.New(homingtest.Redis(t, url), nil)
		r := rand.New(rand.NewPCG(3, 4))
		var all []customer.Entry
		for i := range 2_000 {
			all = append(all, life(t, r, 500, i))
		}
		if err := store.Fold(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		var rs []customer.Record
		if err := store.Scan(t.Context(), "main", func(batch []customer.Record) error { rs = append(rs, batch...); return nil }); err != nil {
			t.Fatal(err)
		}
		const day = 24 * time.Hour
		for _, c := range []struct {
			name            string
			soonest, latest time.Duration
			more            time.Duration // for each order after the first
		}{{"days alone", 180 * day, 180 * day, 0}, {"few days", 30 * day, 30 * day, 0}, {"by orders", 90 * day, 270 * day, 20 * day}} {
			after := func(orders int) time.Duration { return min(c.soonest+time.Duration(orders-1)*c.more, c.latest) }
			q := projection.LapseQuery{Store: "main", Buckets: buckets, Soonest: c.soonest, Latest: c.latest, After: after}
			q.To = time.Date(2027, 1, 1, 7, 30, 0, 0, time.UTC)
			q.From = q.To.AddDate(0, 0, -7)
			found, err := store.Lapsing(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := 0
			for _, r := range rs {
				at := r.Customer.LastOrderAt().Add(after(r.Customer.OrderCount()))
				if r.Customer.OrderCount() == 0 || at.Before(q.From) || at.After(q.To) {
					continue
				}
				want++
				if !slices.ContainsFunc(found, func(p projection.Placed) bool { return p.Key == r.Key }) {
					t.Errorf("%s: %s, who lapses at %v, is not found", c.name, r.Key.Token, at)
				}
			}
			t.Logf("%s: %d lapse, %d are found", c.name, want, len(found))
			if len(found) > want+want/5+2 {
				t.Errorf("%s: %d are found, and %d lapse", c.name, len(found), want)
			}
		}
	})
}

// What version 0.1 wrote into the indexes is found until the customer orders again, by the
// record then: it did not say how many orders there were.
func TestEntriesOfVersion01AreFound(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		store, key := projection.New(rdb, nil), ids(t).Key("main", "ann")
		if err := store.Fold(t.Context(), []customer.Entry{order(key, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		q := everybody
		now, err := store.Lapsing(t.Context(), q)
		if err != nil || len(now) != 1 || now[0].Place.Orders != 1 {
			t.Fatalf("%+v, %v", now, err)
		}
		last := now[0].Place.Last
		admin := homingtest.Admin(t, rdb)
		names, err := admin.Keys(t.Context(), "*:o:*").Result()
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		fields, err := admin.HKeys(t.Context(), names[0]).Result()
		if err != nil || len(fields) != 1 {
			t.Fatal(fields, err)
		}
		tag, _, _ := strings.Cut(names[0], ":o:")
		for name, write := range map[string]func() error{
			"with a pace": func() error { return admin.HSet(t.Context(), names[0], fields[0], 30*168+last%168).Err() },
			"slow": func() error {
				return errors.Join(admin.Del(t.Context(), names[0]).Err(), admin.HSet(t.Context(), tag+":slow", fields[0], last<<16+2000).Err())
			},
		} {
			if err := write(); err != nil {
				t.Fatal(err)
			}
			found, err := store.Lapsing(t.Context(), q)
			if err != nil || len(found) != 1 || found[0].Key != key || found[0].Place != (customer.Place{Last: last}) {
				t.Fatalf("%s: %+v, %v", name, found, err)
			}
			if err := store.Forget(t.Context(), found); err != nil {
				t.Fatal(err)
			}
			if found, err := store.Lapsing(t.Context(), q); err != nil || len(found) != 0 {
				t.Fatalf("%s: it is not forgotten: %+v, %v", name, found, err)
			}
		}
	})
}

func TestAnOrderThatComesMeanwhileIsNotForgotten(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, key := projection.New(homingtest.Redis(t, url), nil), ids(t).Key("main", "ann")
		q := everybody
		q.Buckets = []uint8{key.Bucket}
		place := func(i int) {
			if err := store.Fold(t.Context(), []customer.Entry{order(key, 0, i)}); err != nil {
				t.Fatal(err)
			}
		}
		read := func() []projection.Placed {
			t.Helper()
			ps, err := store.Lapsing(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return ps
		}
		place(0)
		old := read()
		place(1)
		if err := store.Forget(t.Context(), old); err != nil {
			t.Fatal(err)
		}
		if ps := read(); len(ps) != 1 || ps[0].Place != load(t, store, key).Place {
			t.Fatalf("the indexes say %+v", ps)
		}
		if err := store.Forget(t.Context(), read()); err != nil {
			t.Fatal(err)
		}
		if ps := read(); len(ps) != 0 {
			t.Errorf("the forgotten customer is at %+v", ps)
		}
		place(2)
		if ps := read(); len(ps) != 1 {
			t.Error("who was forgotten and orders again is not found")
		}
	})
}

func TestABirthdayRemembersTheYearThatWasTold(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, key := projection.New(homingtest.Redis(t, url), nil), ids(t).Key("main", "ann")
		born := func(i int, birthday string) {
			e := order(key, 0, i)
			e.Event.Data.(*events.OrderPlaced).Customer.Birthday = birthday
			if err := store.Fold(t.Context(), []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		read := func(day int) []projection.Placed {
			t.Helper()
			ps, err := store.Birthdays(t.Context(), "main", buckets, []int{day})
			if err != nil {
				t.Fatal(err)
			}
			return ps
		}
		born(0, "1990-02-29")
		ps := read(60)
		if len(ps) != 1 || ps[0].Told != 0 || len(read(59)) != 0 || len(read(61)) != 0 {
			t.Fatalf("on 29 February: %+v", ps)
		}
		ps[0].Told = 2026
		if err := store.Tell(t.Context(), ps); err != nil {
			t.Fatal(err)
		}
		born(1, "1990-02-29") // an order; the birthday is as it was
		if ps = read(60); len(ps) != 1 || ps[0].Told != 2026 || ps[0].Key != key {
			t.Fatalf("after it was told: %+v", ps)
		}
		born(2, "1990-03-01")
		if ps = read(61); len(ps) != 1 || ps[0].Told != 0 || len(read(60)) != 0 {
			t.Errorf("a birthday that was changed: %+v", ps)
		}
	})
}

func TestAScanFindsEverybodyOfAStoreAndNobodyElse(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store := projection.New(homingtest.Redis(t, url), nil)
		var all []customer.Entry
		for n := range 1_500 {
			for _, shop := range []string{"main", "main2"} {
				e := order(ids(t).Key(shop, fmt.Sprint(n)), n, 0)
				all = append(all, e)
			}
		}
		if err := store.Fold(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		seen := map[customer.Key]int{}
		if err := store.Scan(t.Context(), "main", func(rs []customer.Record) error {
			for _, r := range rs {
				seen[r.Key]++
				if r.Customer.OrderCount() != 1 {
					t.Errorf("%+v", r)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(seen) != 1_500 {
			t.Errorf("%d customers, want 1500", len(seen))
		}
	})
}
