// Package redischeck asks whether a Redis is what Homing needs: that its clock agrees
// with ours, that the user may do what Homing does, that it throws nothing away. Of a
// cluster it asks every master: each has settings, an ACL and a clock of its own. It
// decides nothing about what follows from the answers.
package redischeck

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/clock"
)

// EachNode calls fn with a client of each server that holds customers, perhaps at the
// same time. An error of a node in a cluster names it.
func EachNode(ctx context.Context, rdb redis.UniversalClient, fn func(ctx context.Context, node redis.UniversalClient) error) error {
	cluster, ok := rdb.(*redis.ClusterClient)
	if !ok {
		return fn(ctx, rdb)
	}
	return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		if err := fn(ctx, c); err != nil {
			return fmt.Errorf("node %s: %w", c.Options().Addr, err)
		}
		return nil
	})
}

// Ping asks every node for a sign of life.
func Ping(ctx context.Context, rdb redis.UniversalClient) error {
	return EachNode(ctx, rdb, func(ctx context.Context, node redis.UniversalClient) error { return node.Ping(ctx).Err() })
}

const (
	// quick is how soon an answer comes that says the time well enough.
	quick = 100 * time.Millisecond
	// tries bounds how often a node that answers slowly is asked.
	tries = 3
)

// Ahead returns how far our clock is ahead of Redis's, or behind if it is negative: at
// least that far, whatever time the question and the answer took on their way. Of
// several nodes it is the one that differs most.
func Ahead(ctx context.Context, rdb redis.UniversalClient) (time.Duration, error) {
	var mu sync.Mutex
	var most time.Duration
	err := EachNode(ctx, rdb, func(ctx context.Context, node redis.UniversalClient) error {
		ahead, err := aheadOf(ctx, node)
		if err != nil {
			return fmt.Errorf("asking Redis for its time (TIME): %w", err)
		}
		mu.Lock()
		defer mu.Unlock()
		if ahead.Abs() > most.Abs() {
			most = ahead
		}
		return nil
	})
	return most, err
}

func aheadOf(ctx context.Context, node redis.Cmdable) (least time.Duration, err error) {
	for n := range tries {
		asked := time.Now()
		theirs, err := node.Time(ctx).Result()
		if err != nil {
			return 0, err
		}
		answered := time.Now()
		if ahead := clock.Ahead(asked, answered, theirs); n == 0 || ahead.Abs() < least.Abs() {
			least = ahead
		}
		if answered.Sub(asked) < quick {
			break
		}
	}
	return least, nil
}

// ParseInfo reads the answer to INFO.
func ParseInfo(s string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(s) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			out[k] = v
		}
	}
	return out
}
