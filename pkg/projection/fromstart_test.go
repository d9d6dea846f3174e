package projection_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// Redis lost customers and kept the marks that cover them, which nothing notices
// by itself. After a rebuild they are there, and so is what only Redis knew; and
// readers are told to wait until then, or told the truth.
func TestARebuildFoldsWhateverTheMarksSay(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 40)
		r, g := rebuilder(t, url, p, "main", "outlet")
		rdb := homingtest.Redis(t, url)
		raw, store, ctx := projection.New(rdb, nil), projection.New(rdb, g), t.Context()
		if err := r.Prove(ctx); err != nil {
			t.Fatal(err)
		}
		lost, kept := p.entries[0].Key, p.entries[2].Key
		if err := rdb.Del(ctx, fmt.Sprintf("homing:{main.%d}:c:%s", lost.Bucket, lost.Token)).Err(); err != nil {
			t.Fatal(err)
		}
		open := load(t, raw, kept)
		open.Customer.SetClaim(customer.Claim{Touch: 7, State: customer.Open, Lease: 1})
		if ok, err := raw.Save(ctx, []*customer.Record{&open}); err != nil || !ok[0] {
			t.Fatal(ok, err)
		}

		readers, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for readers.Err() == nil {
					records, err := store.Load(ctx, []customer.Key{kept})
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
		if err != nil || n != len(p.entries) {
			t.Fatalf("%d entries were folded, want %d: %v", n, len(p.entries), err)
		}
		if r := load(t, raw, lost); r.Customer.OrderCount() != 3 {
			t.Errorf("who was lost has %d orders, want 3", r.Customer.OrderCount())
		}
		r7 := load(t, raw, kept)
		if _, ok := r7.Customer.Claimed(7); !ok {
			t.Error("a claim that only Redis knew is gone")
		}
		r7.Customer.Release(7)
		if ok, err := raw.Save(ctx, []*customer.Record{&r7}); err != nil || !ok[0] {
			t.Fatal(ok, err)
		}
		if err := r.Prove(ctx); err != nil {
			t.Fatal(err)
		}
		complete(t, store, p.entries)
	})
}

// Some that rebuild at once do so one after the other.
func TestRebuildsAtOnceAgree(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		p := recorded(t, "main", 40)
		raw := projection.New(homingtest.Redis(t, url), nil)
		var wg sync.WaitGroup
		for range 3 {
			r, _ := rebuilder(t, url, p, "main", "empty")
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
