package projection

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// format is what the marks of a store were made with. Records and links of another
// format are made again from the timeline, and who is who is introduced to it, which
// the first format did not do.
const format = "2"

// recognise forgets the marks of a store when the timeline is another one than
// they were made from, or their format is. What is known about customers stays.
// done is called when the marks have come up to the timeline: until then, another
// process, or this one after a crash, knows that they have not.
func (r *Rebuilder) recognise(ctx context.Context, store string) (done func() error, err error) {
	// The marks before the ends: others take events in meanwhile, and both only grow.
	marks, err := r.store.Marks(ctx, store)
	if err != nil {
		return nil, err
	}
	id, ends, err := r.timeline.Identity(ctx)
	if err != nil {
		return nil, err
	}
	shorter := false // restored from a backup, or cut by a power loss
	for b, mark := range marks {
		shorter = shorter || mark > ends[b]
	}
	is, becoming := format+" "+id, "becoming "+format+" "+id
	done = func() error { return r.note(ctx, store, is) }
	before, err := r.rdb.Get(ctx, timelineKey(store)).Result()
	switch {
	case err != nil && !errors.Is(err, redis.Nil):
		return nil, fmt.Errorf("asking which timeline was folded: %w", err)
	case err == nil && before == is && !shorter:
		return func() error { return nil }, nil
	case err == nil && before == becoming && !shorter:
		return done, nil
	case err == nil && strings.HasSuffix(before, id) && !shorter:
		r.log.Warn("Redis has customers of an older format: rebuilding from the start", zap.String("store", store))
	case err == nil:
		r.log.Warn("the timeline is another one than was folded before: rebuilding from the start", zap.String("store", store))
	}
	if err == nil {
		if err := r.store.forgetMarks(ctx, store); err != nil {
			return nil, err
		}
	}
	return done, r.note(ctx, store, becoming)
}

// note notes which timeline the marks of a store are of.
func (r *Rebuilder) note(ctx context.Context, store, what string) error {
	if err := r.rdb.Set(ctx, timelineKey(store), what, 0).Err(); err != nil {
		return fmt.Errorf("noting which timeline is folded: %w", err)
	}
	return nil
}

// Familiar reports whether a Redis has customers of a timeline, in one of some stores.
func Familiar(ctx context.Context, rdb redis.UniversalClient, t Timeline, stores []string) (bool, error) {
	id, _, err := t.Identity(ctx)
	if err != nil {
		return false, err
	}
	for _, store := range stores {
		is, err := rdb.Get(ctx, timelineKey(store)).Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return false, fmt.Errorf("asking which timeline was folded: %w", err)
		}
		if strings.HasSuffix(is, id) && is != "" {
			return true, nil
		}
	}
	return false, nil
}
