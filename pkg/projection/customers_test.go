package projection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// fold folds and retries as a loop would when others keep winning.
func fold(ctx context.Context, s *projection.Customers, entries []customer.Entry) error {
	for {
		if err := s.Fold(ctx, entries); !errors.Is(err, projection.ErrContended) {
			return err
		}
	}
}

// load returns one customer.
func load(t testing.TB, s *projection.Customers, key customer.Key) customer.Record {
	t.Helper()
	rs, err := s.Load(t.Context(), []customer.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	return rs[0]
}

func same(a, b customer.Customer) string { return cmp.Diff(a, b, cmpopts.EquateEmpty()) }

func TestWhoFoldsIntoTheSameCustomersLosesNothing(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		const writers, customers, orders = 6, 4, 8
		keys := make([]customer.Key, customers)
		for i := range keys {
			keys[i] = ids(t).Key("main", fmt.Sprint("c", i))
		}
		var want [customers]customer.Customer
		var wg sync.WaitGroup
		for w := range writers {
			store := projection.New(homingtest.Redis(t, url), nil) // a process of its own
			for n := range orders {
				var entries []customer.Entry
				for k, key := range keys {
					e := order(key, w*orders+n, k%3)
					e.Event.Data.(*events.OrderPlaced).Order.ID = fmt.Sprintf("%d-%d", w, n)
					entries = append(entries, e)
					customer.Apply(&want[k], e.Event)
				}
				wg.Go(func() {
					if err := fold(t.Context(), store, entries); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		store := projection.New(homingtest.Redis(t, url), nil)
		for i, key := range keys {
			got := load(t, store, key).Customer
			if d := same(want[i], got); d != "" {
				t.Errorf("customer %d is not the fold of what %d writers folded (-want +got):\n%s", i, writers, d)
			}
			if n := got.OrderCount(); n != writers*orders {
				t.Errorf("customer %d has %d orders, want %d", i, n, writers*orders)
			}
		}
	})
}

func TestARecordIsWrittenOnlyOverTheVersionItWasReadAt(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, ctx := projection.New(homingtest.Redis(t, url), nil), t.Context()
		key := ids(t).Key("main", "ann")
		if r := load(t, store, key); r.Found() {
			t.Fatal("a customer who was never written is found")
		}
		mine, theirs := load(t, store, key), load(t, store, key)
		customer.Apply(&mine.Customer, order(key, 0, 0).Event)
		customer.Apply(&theirs.Customer, order(key, 0, 1).Event)
		ok, err := store.Save(ctx, []*customer.Record{&mine})
		if err != nil || !ok[0] {
			t.Fatalf("first write: %v, %v", ok, err)
		}
		if ok, err = store.Save(ctx, []*customer.Record{&theirs}); err != nil || ok[0] {
			t.Fatalf("a write over a version that is gone: %v, %v", ok, err)
		}
		got := load(t, store, key)
		if d := same(mine.Customer, got.Customer); d != "" || got.Version != mine.Version {
			t.Errorf("version %q, written %q; -written +read:\n%s", got.Version, mine.Version, d)
		}
		versions, err := store.Versions(ctx, []customer.Key{key, ids(t).Key("main", "nobody")})
		if err != nil || versions[0] != mine.Version || versions[1] != "" {
			t.Errorf("versions %q, %v; want %q and none", versions, err, mine.Version)
		}
	})
}

func TestARecordIsSavedAgainstAnother(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, ctx := projection.New(homingtest.Redis(t, url), nil), t.Context()
		ann, box := ids(t).Key("main", "ann"), ids(t).Key("main", "box")
		n := 0
		happens := func(k customer.Key) {
			t.Helper()
			n++
			if err := store.Fold(ctx, []customer.Entry{order(k, 0, n)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			name        string
			between     []customer.Key
			saved, same bool
		}{
			{"neither is there", nil, true, true},
			{"the other is new", []customer.Key{box}, true, false},
			{"both are as they were", nil, true, true},
			{"the other moved", []customer.Key{box}, true, false},
			{"this one moved", []customer.Key{ann}, false, true},
			{"both moved", []customer.Key{box, ann}, false, false},
		} {
			mine, other := load(t, store, ann), load(t, store, box)
			for _, k := range c.between {
				happens(k)
			}
			n++
			customer.Apply(&mine.Customer, order(ann, 0, n).Event)
			saved, same, err := store.SaveAgainst(ctx, &mine, []*customer.Record{&other}, nil)
			if err != nil || saved != c.saved || same != c.same {
				t.Errorf("%s: saved %v, same %v, %v; want %v, %v", c.name, saved, same, err, c.saved, c.same)
			}
			if now := load(t, store, ann); (now.Version == mine.Version) != c.saved {
				t.Errorf("%s: saved %v, and it is not so", c.name, saved)
			}
		}
		mine := load(t, store, ann)
		if saved, same, err := store.SaveAgainst(ctx, &mine, []*customer.Record{{}}, nil); err != nil || !saved || !same {
			t.Errorf("with nobody else: saved %v, same %v, %v", saved, same, err)
		}
	})
}

func TestVersionsNeverComeRoundToTheSameAgain(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		store, key := projection.New(rdb, nil), ids(t).Key("main", "ann")
		seen := map[string]bool{}
		for range 20 {
			if err := store.Fold(t.Context(), []customer.Entry{order(key, 0, 0)}); err != nil {
				t.Fatal(err)
			}
			v := load(t, store, key).Version
			if len(v) != 8 || seen[v] {
				t.Fatalf("version %q after a Redis that forgot: seen before, or not 8 bytes", v)
			}
			seen[v] = true
			if err := homingtest.Admin(t, rdb).FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAnEventThatChangesNothingIsNotWritten(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, key := projection.New(homingtest.Redis(t, url), nil), ids(t).Key("main", "ann")
		var versions []string
		for range 2 {
			if err := store.Fold(t.Context(), []customer.Entry{order(key, 0, 0)}); err != nil {
				t.Fatal(err)
			}
			versions = append(versions, load(t, store, key).Version)
		}
		if versions[0] != versions[1] {
			t.Error("the same event again moved the version")
		}
		product := customer.Entry{Key: key, Event: events.Event{ID: "p", Source: "/shop", Type: events.TypeProductUpdated, Data: &events.ProductUpdated{}}}
		if err := store.Fold(t.Context(), []customer.Entry{product}); err != nil {
			t.Fatal(err)
		}
		if load(t, store, key).Version != versions[0] {
			t.Error("a product was folded into a customer")
		}
	})
}

func TestScriptsThatRedisForgotAreSentWhole(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		store, ctx := projection.New(rdb, nil), t.Context()
		key := ids(t).Key("main", "ann")
		for i := range 3 {
			if err := homingtest.Admin(t, rdb).ScriptFlush(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			e := order(key, i, i)
			e.Sequence = uint64(i + 1)
			if err := store.Fold(ctx, []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
			if err := homingtest.Admin(t, rdb).ScriptFlush(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			if err := store.Mark(ctx, []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(load(t, store, key).Timeline()); n != 3 {
			t.Errorf("%d entries noted, want 3", n)
		}
	})
}

func TestMarksOnlyMoveForward(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, key := projection.New(homingtest.Redis(t, url), nil), ids(t).Key("main", "ann")
		elsewhere := key
		elsewhere.Bucket++
		for _, c := range []struct{ move, want uint64 }{{10, 10}, {5, 10}, {11, 11}, {11, 11}, {1 << 39, 1 << 39}} {
			e := order(key, 0, 0)
			e.Sequence = c.move
			if err := store.Mark(t.Context(), []customer.Entry{e, {Key: elsewhere, Sequence: 3}}); err != nil {
				t.Fatal(err)
			}
			marks, err := store.Marks(t.Context(), "main")
			if err != nil {
				t.Fatal(err)
			}
			if marks[key.Bucket] != c.want || marks[elsewhere.Bucket] != 3 || marks[elsewhere.Bucket+1] != 0 {
				t.Errorf("moved to %d: marks %d, %d, %d; want %d, 3, 0", c.move, marks[key.Bucket], marks[elsewhere.Bucket], marks[elsewhere.Bucket+1], c.want)
			}
		}
	})
}

func TestTheLastHundredEntriesAreNotedInOrder(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		store, key := projection.New(homingtest.Redis(t, url), nil), ids(t).Key("main", "ann")
		if err := store.Fold(t.Context(), []customer.Entry{order(key, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		before := load(t, store, key)
		var want []uint64
		for i := uint64(0); i < 150; i += 2 { // pairs the wrong way round, and each once more
			pair := []customer.Entry{{Key: key, Sequence: 2_000 + i + 1}, {Key: key, Sequence: 2_000 + i}}
			if err := store.Mark(t.Context(), pair); err != nil {
				t.Fatal(err)
			}
			want = append(want, 2_000+i, 2_000+i+1)
		}
		got := load(t, store, key)
		if d := cmp.Diff(want[50:], got.Timeline()); d != "" {
			t.Errorf("entries noted (-want +got):\n%s", d)
		}
		if got.Version != before.Version {
			t.Error("noting an entry moved the version")
		}
		if err := store.Mark(t.Context(), []customer.Entry{{Key: key, Sequence: 2_149}}); err != nil {
			t.Fatal(err)
		}
		if again := load(t, store, key).Timeline(); !slices.IsSorted(again) || len(slices.Compact(slices.Clone(again))) != len(again) {
			t.Errorf("an entry marked twice: %v", again)
		}
		customer.Apply(&got.Customer, order(key, 0, 1).Event)
		if ok, err := store.Save(t.Context(), []*customer.Record{&got}); err != nil || !ok[0] {
			t.Fatalf("%v, %v", ok, err)
		}
		if n := len(load(t, store, key).Timeline()); n < 99 {
			t.Errorf("writing the customer lost the entries: %d are left", n)
		}
	})
}

func TestWhatIsNotACustomerIsAnErrorNotNobody(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		store, key := projection.New(rdb, nil), ids(t).Key("main", "ann")
		if err := store.Fold(t.Context(), []customer.Entry{order(key, 0, 0)}); err != nil {
			t.Fatal(err)
		}
		names, err := homingtest.Admin(t, rdb).Keys(t.Context(), "*:c:*").Result()
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		if err := rdb.HSet(t.Context(), names[0], "d", "rubbish").Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Load(t.Context(), []customer.Key{key}); !errors.Is(err, customer.ErrRecord) {
			t.Errorf("%v, want ErrRecord", err)
		}
	})
}

func TestARedisThatIsAwayIsAnError(t *testing.T) {
	s := homingtest.StartRedis(t)
	store, key := projection.New(homingtest.Redis(t, s.URL()), nil), ids(t).Key("main", "ann")
	s.Kill()
	ctx := t.Context()
	if _, err := store.Load(ctx, []customer.Key{key}); err == nil {
		t.Error("Load found nobody, and no error")
	}
	if _, err := store.Versions(ctx, []customer.Key{key}); err == nil {
		t.Error("Versions: no error")
	}
	if _, err := store.Marks(ctx, "main"); err == nil {
		t.Error("Marks: no error")
	}
	if err := store.Fold(ctx, []customer.Entry{order(key, 0, 0)}); err == nil {
		t.Error("Fold: no error")
	}
	if err := store.Mark(ctx, []customer.Entry{{Key: key, Sequence: 1}}); err == nil || errors.Is(err, projection.ErrBackwards) {
		t.Errorf("Mark: %v", err)
	}
}
