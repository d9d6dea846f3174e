package projection_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// On a cluster the records of a person may be on several nodes. The look that follows a
// claim goes to all of them, and of two who claim at once one sees the other.
func TestAClaimOnAClusterLooksAtTheOtherNodes(t *testing.T) {
	rdb := homingtest.StartRedisCluster(t, 3)
	ctx, id, p := t.Context(), ids(t), &tape{}
	store := projection.New(rdb, nil)
	store.IntroduceTo(p, id)
	people := projection.NewPeople(store, id)
	admin := homingtest.Redis(t, "redis://"+rdb.Options().Addrs[0]) // Homing need not ask for slots
	nodeOf := func(k customer.Key) int64 {
		t.Helper()
		slot, err := admin.ClusterKeySlot(ctx, fmt.Sprintf("homing:{%s.%d}:c", k.Store, k.Bucket)).Result()
		if err != nil {
			t.Fatal(err)
		}
		return slot * 3 / 16384
	}
	a, b := "a", ""
	for n := 0; b == "" || nodeOf(id.Key("main", b)) == nodeOf(id.Key("main", a)); n++ {
		b = fmt.Sprint("b", n)
	}
	take := func(es ...customer.Entry) {
		t.Helper()
		if err := store.Fold(ctx, es); err != nil {
			t.Fatal(err)
		}
	}
	read := func(id string) (customer.Person, customer.Record) {
		t.Helper()
		k := ids(t).Key("main", id)
		got, err := people.Read(ctx, []customer.Ask{{Key: k}})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(got[0].Members, func(r *customer.Record) bool { return r.Key == k })
		return got[0], *got[0].Members[i]
	}
	take(knows(t, 1, a, "ann@example.com"), knows(t, 1, b, "ann@example.com"))
	if p, _ := read(a); len(p.Members) != 2 {
		t.Fatalf("%d ids are one person, want two", len(p.Members))
	}
	touch := uint64(1)
	claim := func(s *projection.Customers, p customer.Person, mine customer.Record) (saved, same bool) {
		t.Helper()
		mine.Customer.Claims = slices.Clone(mine.Customer.Claims)
		mine.Customer.SetClaim(customer.Claim{Touch: touch, State: customer.Open, Lease: 1})
		saved, same, err := s.SaveAgainst(ctx, &mine, p.Rests, p.Links)
		if err != nil {
			t.Error(err)
		}
		return saved, same
	}
	for _, c := range []struct {
		name        string
		between     func()
		saved, same bool
	}{
		{"nothing happens", func() {}, true, true},
		{"the record on the other node moves", func() { take(buys(t, 2, b, "")) }, true, false},
		{"another id names the mailbox", func() { take(knows(t, 3, "c", "ann@example.com")) }, true, false},
		{"their own record moves", func() { take(buys(t, 4, a, "")) }, false, false},
	} {
		touch++
		p, mine := read(a)
		c.between()
		if saved, same := claim(store, p, mine); saved != c.saved || same != c.same {
			t.Errorf("%s: saved %v, same %v, want %v, %v", c.name, saved, same, c.saved, c.same)
		}
	}
	for range 60 {
		touch++
		var saved, same [2]bool
		var wg sync.WaitGroup
		pa, ra := read(a)
		pb, rb := read(b)
		wg.Go(func() { saved[0], same[0] = claim(projection.New(rdb, nil), pa, ra) })
		wg.Go(func() { saved[1], same[1] = claim(projection.New(rdb, nil), pb, rb) })
		wg.Wait()
		if !saved[0] || !saved[1] || same[0] && same[1] {
			t.Fatalf("two who claim at once: saved %v, same %v: neither saw the other", saved, same)
		}
	}
	take(erases(t, 9, "", "ann@example.com"))
	for _, id := range []string{a, b, "c"} {
		if r := load(t, store, ids(t).Key("main", id)); !r.Customer.Gone() {
			t.Errorf("the erasure has not reached %s", id)
		}
	}
	if n := len(p.facts(events.TypePersonLinked)); n < 3 {
		t.Errorf("%d links are on the timeline", n)
	}
}
