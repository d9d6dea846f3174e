package erasure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// erased is who was erased in a store.
type erased struct {
	at    map[string]int64          // token → ms: the latest erasure
	fresh map[string]bool           // tokens of those whose messages are looked for on TIMELINE
	done  customer.Cursor           // up to the last erasure that need not be looked at again
	names Names                     // what those messages call them
	found map[string][]uint64       // stream → what is to be deleted
	since map[string][]events.Event // token → what was told about orders since, in the night's run
	odd   []uint64                  // on STOREFRONT: what tells no customer, and may name one
}

// twice is for how long an erasure is looked at every night: an entry that was on
// its way during the first is found in the second.
const twice = 24 * time.Hour

// Night deletes the messages of a store's erased customers from TIMELINE,
// STOREFRONT and REJECTED, so that they cannot be read from the disk either. It
// finds everything before it deletes anything, and whatever it deletes last
// tells how to find the rest: one that was interrupted is run again.
func (e *Eraser) Night(ctx context.Context, store string, _ time.Time) error {
	began := time.Now()
	log := e.o.Log.With(zap.String("store", store))
	id, _, err := e.o.Timeline.Identity(ctx)
	if err != nil {
		return err
	}
	who, err := e.who(ctx, store, id)
	if err != nil || len(who.at) == 0 {
		return err
	}
	if err := e.storefront(ctx, store, who, log); err != nil {
		return fmt.Errorf("looking for erased customers on %s: %w", bus.Storefront, err)
	}
	if err := e.timeline(ctx, store, who, log); err != nil {
		return fmt.Errorf("looking for erased customers on %s: %w", bus.Timeline, err)
	}
	if err := e.unreadable(ctx, store, who, log); err != nil {
		return fmt.Errorf("looking for erased customers on %s: %w", bus.Rejected, err)
	}
	if err := e.warnings(ctx, store, who, log); err != nil {
		return fmt.Errorf("looking for warnings about erased customers on %s: %w", bus.Rejected, err)
	}
	timelines := slices.DeleteFunc(slices.Sorted(maps.Keys(who.found)), func(stream string) bool { return stream == bus.Rejected || stream == bus.Storefront })
	deleted := 0
	for _, stream := range slices.Concat([]string{bus.Rejected}, timelines, []string{bus.Storefront}) {
		if slices.Contains(timelines, stream) {
			deleted += len(who.found[stream])
		}
		if err := e.delete(ctx, stream, who.found[stream], log); err != nil {
			return fmt.Errorf("deleting from %s: %w", stream, err)
		}
	}
	for token := range who.fresh {
		if k, ok := customer.KeyOfToken(store, token); ok {
			if err := e.forgetCopies(ctx, k, time.UnixMilli(who.at[token])); err != nil {
				return err
			}
		}
		if err := e.forgetOrders(ctx, store, token, who.since[token]); err != nil {
			return fmt.Errorf("forgetting which orders an erased customer had: %w", err)
		}
	}
	if err := e.remember(ctx, store, id, who.done); err != nil {
		return err
	}
	log.Info("nothing is left on the streams of who was erased", zap.Int("customers", len(who.fresh)),
		zap.Int("storefront", len(who.found[bus.Storefront])), zap.Int("timeline", deleted),
		zap.Int("rejected", len(who.found[bus.Rejected])), zap.Duration("took", time.Since(began)))
	return nil
}

// who reads all erasures of a store.
func (e *Eraser) who(ctx context.Context, store, timeline string) (*erased, error) {
	before, err := e.remembered(ctx, store, timeline)
	if err != nil {
		return nil, err
	}
	w := &erased{at: map[string]int64{}, fresh: map[string]bool{}, done: before.Join(e.o.Timeline.Start()), found: map[string][]uint64{}, since: map[string][]events.Event{}}
	old, young := e.o.Now().Add(-twice), map[string]bool{} // streams on which one was read that is to be looked at again
	err = e.o.Timeline.ReadType(ctx, store, events.TypeCustomerErased, nil, func(batch []customer.Entry) error {
		for _, x := range batch {
			w.at[x.Key.Token] = max(w.at[x.Key.Token], x.Event.Time.UnixMilli())
			if !before.Covers(x) {
				w.fresh[x.Key.Token] = true
				stream, _ := e.o.Timeline.Stored(x.Sequence)
				if young[stream] = young[stream] || !x.Event.Time.Before(old); !young[stream] {
					w.done.Reach(x)
				}
			}
		}
		return nil
	})
	return w, err
}

// forgotten reports whether an entry is of someone erased, and from before.
func (w *erased) forgotten(x customer.Entry) bool {
	at, ok := w.at[x.Key.Token]
	return ok && x.Event.Time.UnixMilli() <= at
}

// storefront looks through all that shops said lately. An event that is told or
// replayed long after an erasure came this way too: then that customer is looked
// for on TIMELINE again.
func (e *Eraser) storefront(ctx context.Context, store string, w *erased, log *zap.Logger) error {
	return e.scan(ctx, bus.Storefront, []string{"storefront." + store + ".>"}, log, func(m jetstream.Msg, seq uint64) error {
		x, err := e.o.Read(m)
		_, ofAddress := x.Event.Data.(events.AddressData)
		switch {
		case err != nil || ofAddress:
			w.odd = append(w.odd, seq)
		case w.forgotten(x):
			w.found[bus.Storefront] = append(w.found[bus.Storefront], seq)
			w.fresh[x.Key.Token] = true
			w.names.of(x.Event)
		}
		return nil
	})
}

// timeline looks through the buckets of those who were erased lately, and has
// what is pending for those who did not come back deleted again.
func (e *Eraser) timeline(ctx context.Context, store string, w *erased, log *zap.Logger) error {
	buckets := map[uint8]map[string]bool{} // a bucket is read once, however many of it were erased
	var who []customer.Key
	for token := range w.fresh {
		k, ok := customer.KeyOfToken(store, token)
		if !ok {
			continue
		}
		if buckets[k.Bucket] == nil {
			buckets[k.Bucket] = map[string]bool{}
		}
		buckets[k.Bucket][token], who = true, append(who, k)
	}
	n, said := 0, time.Now()
	for bucket, tokens := range buckets {
		err := e.o.Timeline.ReadBucket(ctx, store, bucket, tokens, func(batch []customer.Entry) error {
			for _, x := range batch {
				switch {
				case w.forgotten(x) && x.Event.Type != events.TypeCustomerErased:
					stream, there := e.o.Timeline.Stored(x.Sequence)
					w.found[stream] = append(w.found[stream], there)
					w.names.of(x.Event)
				case strings.HasPrefix(string(x.Event.Type), "order."):
					w.since[x.Key.Token] = append(w.since[x.Key.Token], x.Event)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if n += len(tokens); time.Since(said) > 5*time.Second {
			said = time.Now()
			log.Info("looking for erased customers", zap.String("stream", bus.Timeline), zap.Int("customers", n), zap.Int("of", len(w.fresh)))
		}
	}
	for _, k := range who {
		if err := e.again(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

func (e *Eraser) again(ctx context.Context, k customer.Key) error {
	rs, err := e.o.Customers.Load(ctx, []customer.Key{k})
	if err != nil || !rs[0].Customer.Gone() {
		return err
	}
	return e.forget(ctx, k, time.Time{})
}

// progressKey names how far the nights have come: which timeline, and the
// sequence of the last erasure that is done with. Without it all erasures are
// looked at once more. Owner: erasure.
func progressKey(store string) string { return "homing:{" + store + "}:erased" }

func (e *Eraser) remembered(ctx context.Context, store, timeline string) (customer.Cursor, error) {
	s, err := e.o.Redis.Get(ctx, progressKey(store)).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking how far erasure has come: %w", err)
	}
	of, read, _ := strings.Cut(s, " ")
	c, err := customer.ParseCursor(read)
	if of != timeline || err != nil {
		return nil, nil
	}
	return c, nil
}

func (e *Eraser) remember(ctx context.Context, store, timeline string, done customer.Cursor) error {
	if err := e.o.Redis.Set(ctx, progressKey(store), timeline+" "+done.String(), 0).Err(); err != nil {
		return fmt.Errorf("noting how far erasure has come: %w", err)
	}
	return nil
}
