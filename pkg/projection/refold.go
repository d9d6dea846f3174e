package projection

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/customer"
)

// refold applies what the timeline has for the buckets that are behind, and returns
// how many entries that were. While a batch is folded, the next one is read and the
// one before is marked.
func (r *Rebuilder) refold(ctx context.Context, store string, l lag) (int, error) {
	buckets := l.buckets()
	from, to := l.ends()
	r.log.Info("folding the timeline into Redis", zap.String("store", store),
		zap.Int("buckets", len(buckets)), zap.Uint64("from", from), zap.Uint64("to", to))
	r.progress.begin(store, l)
	defer r.progress.end()
	if err := r.acquaint(ctx, store, l); err != nil {
		return 0, fmt.Errorf("folding who is who in store %s: %w", store, err)
	}
	n := 0
	read, folded := make(chan []customer.Entry), make(chan []customer.Entry)
	all, work := errgroup.WithContext(ctx)
	all.Go(func() error {
		defer close(read)
		return r.read(work, store, l, func(batch []customer.Entry) error { return pass(work, read, batch) })
	})
	all.Go(func() error {
		defer close(folded)
		said := time.Now()
		for batch := range read {
			n += len(batch)
			at := l.place(batch[len(batch)-1]) // folding takes away what is folded already
			if time.Since(said) > 2*time.Second {
				said = time.Now()
				r.log.Info("still folding", zap.String("store", store), zap.Int("entries", n),
					zap.Uint64("at", at), zap.Uint64("to", to))
			}
			if err := r.fold(work, batch, l.marks, folded); err != nil {
				return err
			}
			r.progress.folded(n, at)
		}
		return nil
	})
	all.Go(func() error {
		for batch := range folded {
			if err := r.store.Mark(work, batch); err != nil {
				return err
			}
		}
		return nil
	})
	if err := all.Wait(); err != nil {
		return n, fmt.Errorf("folding the timeline of store %s: %w", store, err)
	}
	// A bucket's last entry may be gone from the timeline by now (erased, aged
	// out): nothing is left to fold up to there.
	ends := make([]customer.Entry, 0, len(buckets))
	for _, s := range l.spans {
		for _, b := range s.behind {
			ends = append(ends, customer.Entry{Key: customer.Key{Store: store, Bucket: b}, Sequence: s.to})
		}
	}
	if err := r.store.Mark(ctx, ends); err != nil {
		return n, err
	}
	r.log.Info("customers in Redis are up to the timeline", zap.String("store", store), zap.Int("entries", n))
	return n, nil
}

// read reads what is behind, stream by stream.
func (r *Rebuilder) read(ctx context.Context, store string, l lag, fn func([]customer.Entry) error) error {
	for _, s := range l.spans {
		buckets := s.behind
		if r.store.relinks() {
			buckets = s.of // any of them may have named a mailbox of one that is behind
		}
		if len(buckets) == 0 || s.from > s.to {
			continue
		}
		if err := r.timeline.Read(ctx, store, buckets, s.from, s.to, fn); err != nil {
			return err
		}
	}
	return nil
}

// acquaint folds what the timeline says about who is who, before the rest: who was
// introduced when the first format was folded again comes after the events that
// caused it, and would be introduced once more.
func (r *Rebuilder) acquaint(ctx context.Context, store string, l lag) error {
	if r.store.introductions == nil {
		return nil
	}
	var after customer.Cursor
	for _, s := range l.spans {
		after = append(after, s.from-1)
	}
	buckets := l.buckets()
	for _, t := range []events.Type{events.TypePersonLinked, events.TypePersonMerged} {
		err := r.timeline.ReadType(ctx, store, t, after, func(batch []customer.Entry) error {
			return r.store.Fold(ctx, slices.DeleteFunc(batch, func(e customer.Entry) bool { return !slices.Contains(buckets, e.Key.Bucket) }))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fold folds what the marks do not cover, and passes it on to be marked.
func (r *Rebuilder) fold(ctx context.Context, batch []customer.Entry, marks [customer.Buckets]uint64, folded chan<- []customer.Entry) error {
	if r.store.introductions != nil && r.store.relinks() {
		if err := r.store.Link(ctx, r.store.named(batch)); err != nil {
			return err
		}
	}
	todo := slices.DeleteFunc(batch, func(e customer.Entry) bool { return e.Sequence <= marks[e.Key.Bucket] })
	if err := r.store.Fold(ctx, todo); err != nil {
		return err
	}
	for i := range todo {
		todo[i].Event = events.Event{Type: todo[i].Event.Type} // a mark needs no more, and the rest is most of the memory
	}
	return pass(ctx, folded, todo)
}

func pass(ctx context.Context, to chan<- []customer.Entry, batch []customer.Entry) error {
	select {
	case to <- batch:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
