package projection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/redischeck"
)

// Timeline is the source of the projection.
type Timeline interface {
	// Identity tells this timeline from any other, and returns the last sequence of each
	// bucket's stream: one that was created again counts from the start, and the marks
	// mean nothing to it.
	Identity(ctx context.Context) (id string, ends [customer.Buckets]uint64, err error)
	// Parts returns which buckets share a stream.
	Parts() [][]uint8
	// Lasts returns the highest sequence of each bucket of a store.
	Lasts(ctx context.Context, store string) ([customer.Buckets]uint64, error)
	// ReadType calls fn with batches of all entries of a type that a cursor does not cover.
	ReadType(ctx context.Context, store string, of events.Type, after customer.Cursor, fn func([]customer.Entry) error) error
	// Read calls fn with batches of the entries of some buckets of a store that share a
	// stream, in the order of their sequences, from one sequence to another, both included.
	Read(ctx context.Context, store string, buckets []uint8, from, to uint64, fn func([]customer.Entry) error) error
}

// Rebuilder brings Redis up to the timeline. It works behind the guard's back,
// with a connection of its own.
type Rebuilder struct {
	rdb      redis.UniversalClient
	store    *Customers
	guard    *Guard
	timeline Timeline
	stores   []string
	log      *zap.Logger
	look     time.Duration
	forgets  atomic.Bool // Redis has no append-only file, which was said
	progress progress
	settle   func(context.Context) error
	handover Handover
	// heard is when the last change was heard of that all have had time to hear of, and
	// hearing that of a proof that is under way.
	heard, hearing time.Time
}

// NewRebuilder returns a rebuilder for some stores. rdb is a client without the
// guard's OnConnect.
func NewRebuilder(rdb redis.UniversalClient, guard *Guard, timeline Timeline, o RebuildOptions) *Rebuilder {
	r := &Rebuilder{rdb: rdb, store: New(rdb, nil), guard: guard, timeline: timeline, stores: o.Stores, log: o.Log,
		look: cmp.Or(o.Look, time.Minute), settle: o.Settle, handover: o.Handover}
	if o.Timeline != nil {
		r.store.IntroduceTo(o.Timeline, o.Identity)
		r.store.refolds = true
	}
	return r
}

// RebuildOptions say what is rebuilt.
type RebuildOptions struct {
	Stores []string
	Log    *zap.Logger
	Look   time.Duration // how often to see that Redis was not emptied; 0: each minute
	// Settle is asked before anything is folded: whether this Redis and this timeline
	// belong together. It may be nil.
	Settle func(ctx context.Context) error
	// Handover is how all processes pass from one Redis to another. It may be zero: then
	// this process is the only one.
	Handover Handover
	// Timeline is told who is who, where it was not yet, by Identity; see
	// Customers.IntroduceTo. It may be nil.
	Timeline Appender
	Identity *customer.Identity
}

// ErrEviction refuses a Redis that may throw customers away.
var ErrEviction = errors.New("redis may evict keys: set maxmemory-policy to noeviction")

// Run proves Redis complete whenever the guard wants it, until ctx ends.
func (r *Rebuilder) Run(ctx context.Context) {
	look := time.NewTicker(r.look)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			r.glance(ctx)
			continue
		case <-r.guard.Wanted():
		}
		said := ""
		for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
			err := r.Prove(ctx)
			if err == nil || ctx.Err() != nil {
				break
			}
			level := zap.DebugLevel
			if said != err.Error() {
				level, said = zap.WarnLevel, err.Error()
			}
			r.log.Log(level, "cannot bring customers up to the timeline, trying again", zap.Error(err), zap.Duration("wait", wait))
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}
}

// glance notices a Redis that was emptied while nothing happened, or may evict by now.
// Reading or writing customers notices the first too, but then mail waits for the refold.
func (r *Rebuilder) glance(ctx context.Context) {
	if r.guard.Ready() == nil && errors.Is(r.policy(ctx), ErrEviction) {
		r.guard.Distrust() // the proof says what is wrong, until it is put right
		return
	}
	b, known, ok := r.guard.seen.any()
	if !ok || r.guard.Ready() != nil {
		return
	}
	mark, err := r.rdb.Get(ctx, markKey(b.store, b.n)).Uint64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return // it is away, which is no news
	}
	if mark < known {
		r.log.Warn("Redis lost customers; they are folded again from the timeline", zap.String("store", b.store))
		r.guard.distrust(true)
	}
}

// Prove folds into Redis what the timeline has and Redis has not, and then
// tells the guard to trust it.
func (r *Rebuilder) Prove(ctx context.Context) error {
	r.store.seen.forget() // of a Redis that may be gone
	runs, err := r.runs(ctx)
	if err != nil {
		return err
	}
	if err := r.policy(ctx); err != nil {
		return err
	}
	if r.settle != nil {
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	if runs, err = r.takeOver(ctx, runs); err != nil {
		return err
	}
	again, err := r.runs(ctx)
	if err != nil {
		return err
	}
	if fmt.Sprint(again) != fmt.Sprint(runs) {
		return errors.New("redis restarted in the meantime")
	}
	if err := r.remember(ctx); err != nil {
		return err
	}
	if err := r.agreed(ctx, runs); err != nil {
		return err
	}
	r.guard.trust(runs)
	return nil
}

// catchUpAll folds what is missing, store by store.
func (r *Rebuilder) catchUpAll(ctx context.Context) error {
	for _, store := range r.stores {
		if err := r.catchUp(ctx, store); err != nil {
			return err
		}
	}
	return nil
}

// remember notes the marks of a Redis that is complete, so that a bucket of
// which they are gone later is noticed at the first event.
func (r *Rebuilder) remember(ctx context.Context) error {
	r.guard.seen.forget()
	for _, store := range r.stores {
		if err := r.store.beginMarks(ctx, store); err != nil {
			return err
		}
		marks, err := r.store.Marks(ctx, store)
		if err != nil {
			return err
		}
		for b, mark := range marks {
			r.guard.seen.raise(bucket{store, uint8(b)}, mark)
		}
	}
	return nil
}

// runs returns the run ids of all servers that hold customers.
func (r *Rebuilder) runs(ctx context.Context) ([]string, error) {
	cluster, ok := r.rdb.(*redis.ClusterClient)
	if !ok {
		id, err := r.guard.runID(ctx, r.rdb)
		return []string{id}, err
	}
	var mu sync.Mutex
	var ids []string
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		id, err := r.guard.runID(ctx, c)
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, id)
		return err
	})
	slices.Sort(ids) // they come in any order
	return ids, err
}

// policy refuses a Redis that evicts, and warns of one that forgets, node by node.
func (r *Rebuilder) policy(ctx context.Context) error {
	if r.guard.Embedded {
		return nil
	}
	var forgets atomic.Bool
	err := redischeck.EachNode(ctx, r.rdb, func(ctx context.Context, node redis.UniversalClient) error {
		p, err := node.Info(ctx, "memory", "persistence").Result()
		if err != nil {
			return fmt.Errorf("asking Redis for its settings (INFO): %w", err)
		}
		settings := redischeck.ParseInfo(p)
		if policy := settings["maxmemory_policy"]; policy != "noeviction" {
			return fmt.Errorf("%w (it is %q)", ErrEviction, policy)
		}
		if settings["aof_enabled"] != "1" {
			forgets.Store(true)
		}
		return nil
	})
	if err == nil {
		if before := r.forgets.Swap(forgets.Load()); !before && forgets.Load() {
			r.log.Warn("Redis has no append-only file: after a crash every customer is folded again from the timeline")
		}
	}
	return err
}

// catchUp folds the buckets of a store that are behind. One process works, the
// others wait for it.
func (r *Rebuilder) catchUp(ctx context.Context, store string) error {
	recognised, err := r.recognise(ctx, store)
	if err != nil {
		return err
	}
	lasts, err := r.timeline.Lasts(ctx, store)
	if err != nil {
		return err
	}
	said, refolded := time.Now(), false
	for {
		behind, err := r.behind(ctx, store, lasts)
		if err != nil {
			return err
		}
		if len(behind.buckets()) == 0 {
			return recognised()
		}
		release, err := r.lock(ctx, store)
		if err != nil {
			return err
		}
		if release == nil { // someone else is at it
			if time.Since(said) > 2*time.Second {
				said = time.Now()
				r.log.Info("another process is folding the timeline", zap.String("store", store), zap.Int("buckets left", len(behind.buckets())))
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
				continue
			}
		}
		_, err = r.refold(ctx, store, behind)
		release()
		if err != nil {
			return err
		}
		if !refolded { // it may have introduced some, in buckets that it was done with
			refolded = true
			if lasts, err = r.timeline.Lasts(ctx, store); err != nil {
				return err
			}
		}
	}
}

// Rebuild folds the timeline of its stores from the start, whatever the marks say,
// and returns how many entries that were. Running processes wait until it is done, as
// they do when Redis has lost something. Nothing is deleted: what only Redis knows,
// an open claim or an outcome on its way to the timeline, stays.
func (r *Rebuilder) Rebuild(ctx context.Context) (entries int, err error) {
	for _, store := range r.stores {
		n, err := r.fromStart(ctx, store)
		entries += n
		if err != nil {
			return entries, err
		}
	}
	return entries, nil
}

func (r *Rebuilder) fromStart(ctx context.Context, store string) (int, error) {
	var release func()
	for release == nil { // someone else is at it
		var err error
		if release, err = r.lock(ctx, store); err != nil {
			return 0, err
		}
		if release == nil {
			select {
			case <-ctx.Done():
				return 0, context.Cause(ctx)
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
	defer release()
	id, _, err := r.timeline.Identity(ctx)
	if err != nil {
		return 0, err
	}
	lasts, err := r.timeline.Lasts(ctx, store)
	if err != nil {
		return 0, err
	}
	if err := r.store.forgetMarks(ctx, store); err != nil {
		return 0, err
	}
	// A process that starts does not do it once more, and goes on where this one stops.
	if err := r.note(ctx, store, "becoming "+format+" "+id); err != nil {
		return 0, err
	}
	n, err := r.all(ctx, store, lasts)
	if err != nil {
		return n, err
	}
	return n, r.note(ctx, store, format+" "+id)
}

// all folds all that a store's timeline has.
func (r *Rebuilder) all(ctx context.Context, store string, lasts [customer.Buckets]uint64) (int, error) {
	if slices.Max(lasts[:]) == 0 {
		return 0, r.store.beginMarks(ctx, store)
	}
	var all lag
	for _, part := range r.timeline.Parts() {
		all.spans = append(all.spans, span{of: part, behind: part, from: 1, to: lastOf(lasts, part)})
	}
	return r.refold(ctx, store, all)
}
