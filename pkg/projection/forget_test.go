package projection_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// What is in Redis and not on the timeline is gone after a rebuild, of one store
// alone; and whoever reads meanwhile is told to wait, or told the truth.
func TestARebuildBeginsFromNothing(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 40)
		for _, e := range recorded(t, "outlet", 3).entries {
			p.record(e)
		}
		r, g := rebuilder(t, url, p, "main", "outlet")
		rdb := homingtest.Redis(t, url)
		raw, store, ctx := projection.New(rdb, nil), projection.New(rdb, g), t.Context()
		if err := r.Prove(ctx); err != nil {
			t.Fatal(err)
		}
		invented := order(p.entries[0].Key, 0, 77)
		other := order(ids(t).Key("outlet", "c0"), 0, 77)
		for _, e := range []customer.Entry{invented, order(ids(t).Key("main", "nobody"), 0, 1), other} {
			if err := raw.Fold(ctx, []customer.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		before := load(t, raw, other.Key)

		readers, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for readers.Err() == nil {
					records, err := store.Load(ctx, []customer.Key{p.entries[3].Key})
					switch {
					case errors.Is(err, projection.ErrBackwards), errors.Is(err, projection.ErrRebuilding):
						_ = r.Prove(readers)
					case err != nil:
						t.Error(err)
					case records[0].Customer.OrderCount() != 3:
						t.Errorf("a customer of three orders was read with %d", records[0].Customer.OrderCount())
					}
				}
			})
		}
		only, _ := rebuilder(t, url, p, "main")
		n, err := only.Rebuild(ctx)
		stop()
		wg.Wait()
		if err != nil || n != 41 {
			t.Fatalf("%d customers were forgotten, want 41: %v", n, err)
		}
		complete(t, raw, p.entries[:240])
		if r := load(t, raw, ids(t).Key("main", "nobody")); r.Found() {
			t.Error("somebody is known of whom the timeline knows nothing")
		}
		if after := load(t, raw, other.Key); after.Version != before.Version {
			t.Error("a customer of another store was made anew")
		}
		if err := r.Prove(ctx); err != nil {
			t.Fatal(err)
		}
		complete(t, store, p.entries[:240])
	})
}

// Two that rebuild at once do so one after the other.
func TestTwoRebuildsAtOnceAgree(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 40)
		raw := projection.New(homingtest.Redis(t, url), nil)
		var wg sync.WaitGroup
		for range 3 {
			r, _ := rebuilder(t, url, p, "main")
			wg.Go(func() {
				if _, err := r.Rebuild(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		r, _ := rebuilder(t, url, p, "main")
		if err := r.Prove(t.Context()); err != nil {
			t.Fatal(err)
		}
		complete(t, raw, p.entries)
	})
}
