package projection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// Rebuild makes its stores' customers anew from nothing, and tells how many were
// there before. Processes that run wait meanwhile, as they do when Redis has lost
// everything: nobody is mailed by what is half there.
func (r *Rebuilder) Rebuild(ctx context.Context) (customers int, err error) {
	for _, store := range r.stores {
		n, err := r.forget(ctx, store)
		customers += n
		if err != nil {
			return customers, fmt.Errorf("forgetting the customers of store %s: %w", store, err)
		}
		if err := r.catchUp(ctx, store); err != nil {
			return customers, err
		}
	}
	return customers, nil
}

// errTaken ends what must not be done by two.
var errTaken = errors.New("another process began to fold the timeline; try again")

// forget deletes all that Redis has of a store's customers. The marks go first, so
// that nobody trusts the rest from there on, and once more at the end: what
// somebody folded in between, who thought that nobody else was at it, would be
// incomplete.
func (r *Rebuilder) forget(ctx context.Context, store string) (customers int, err error) {
	mine, release, err := r.alone(ctx, store)
	if err != nil {
		return 0, err
	}
	defer release()
	if err := r.store.forgetMarks(ctx, store); err != nil {
		return 0, err
	}
	r.log.Info("forgetting the customers in Redis", zap.String("store", store))
	said := time.Now()
	err = eachNode(ctx, r.rdb, func(ctx context.Context, node redis.Cmdable) error {
		for cursor := uint64(0); ; {
			names, next, err := node.Scan(ctx, cursor, "homing:{"+store+".*}:*", scanPage).Result()
			if err != nil {
				return err
			}
			if err := mine(ctx); err != nil {
				return err
			}
			if err := unlink(ctx, node, names); err != nil {
				return err
			}
			for _, name := range names {
				if strings.Contains(name, "}:c:") {
					customers++
				}
			}
			if time.Since(said) > 2*time.Second {
				said = time.Now()
				r.log.Info("still forgetting", zap.String("store", store), zap.Int("customers", customers))
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	})
	if err != nil {
		return customers, err
	}
	return customers, r.store.forgetMarks(ctx, store)
}

// alone waits until this process is the one that folds a store's timeline. mine
// returns errTaken when it is no more.
func (r *Rebuilder) alone(ctx context.Context, store string) (mine func(context.Context) error, release func(), err error) {
	for {
		mine, release, err := r.lock(ctx, store)
		if err != nil || release != nil {
			return mine, release, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// unlink deletes keys, each on its own: in a cluster they are of many slots.
func unlink(ctx context.Context, node redis.Cmdable, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := node.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, name := range names {
			pipe.Unlink(ctx, name)
		}
		return nil
	})
	return err
}

// eachNode calls fn with every server that holds customers, one after the other.
func eachNode(ctx context.Context, rdb redis.UniversalClient, fn func(ctx context.Context, node redis.Cmdable) error) error {
	cluster, ok := rdb.(*redis.ClusterClient)
	if !ok {
		return fn(ctx, rdb)
	}
	one := make(chan struct{}, 1)
	return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		one <- struct{}{}
		defer func() { <-one }()
		return fn(ctx, c)
	})
}
