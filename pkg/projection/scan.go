package projection

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// scanPage is how many keys one step of a scan looks at, and how many customers
// fn gets at most: small, so that others' commands come in between.
const scanPage = 500

// Scan calls fn with all customers of a store, some at a time, in no order. One
// who is written during the walk may come as before or after, and when Redis rehashes
// a customer may come twice. It is one walk over all keys, for what must see
// everybody: what asks for some has an index.
func (s *Customers) Scan(ctx context.Context, store string, fn func([]customer.Record) error) error {
	if err := s.guard.Ready(); err != nil {
		return err
	}
	cluster, ok := s.rdb.(*redis.ClusterClient)
	if !ok {
		return s.scan(ctx, s.rdb, store, fn)
	}
	var one sync.Mutex // the nodes are walked at the same time
	return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
		return s.scan(ctx, c, store, func(rs []customer.Record) error {
			one.Lock()
			defer one.Unlock()
			return fn(rs)
		})
	})
}

func (s *Customers) scan(ctx context.Context, node redis.Cmdable, store string, fn func([]customer.Record) error) error {
	return s.scanFrom(ctx, node, store, 0, func(batch []customer.Record, _ uint64) error {
		if len(batch) == 0 {
			return nil
		}
		return fn(batch)
	})
}

// scanFrom walks one node from a cursor on. fn is told the next one, which is 0 at the end.
func (s *Customers) scanFrom(ctx context.Context, node redis.Cmdable, store string, cursor uint64, fn func(batch []customer.Record, next uint64) error) error {
	match := "homing:{" + store + ".*}:c:*"
	for {
		names, next, err := node.Scan(ctx, cursor, match, scanPage).Result()
		if err != nil {
			return fmt.Errorf("walking over the customers of store %s: %w", store, err)
		}
		var keys []customer.Key
		for _, name := range names {
			if k, ok := parseCustomerKey(name); ok && k.Store == store {
				keys = append(keys, k)
			}
		}
		var records []customer.Record
		if len(keys) > 0 {
			if records, err = s.Load(ctx, keys); err != nil {
				return err
			}
		}
		if err := fn(found(records), next); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// found leaves out those who were removed since.
func found(records []customer.Record) []customer.Record {
	out := records[:0]
	for _, r := range records {
		if r.Found() {
			out = append(out, r)
		}
	}
	return out
}

// parseCustomerKey is the inverse of customerKey.
func parseCustomerKey(name string) (customer.Key, bool) {
	rest, ok := strings.CutPrefix(name, "homing:{")
	shard, token, ok2 := strings.Cut(rest, "}:c:")
	store, n, ok3 := strings.Cut(shard, ".")
	bucket, err := strconv.ParseUint(n, 10, 8)
	if err != nil || !ok || !ok2 || !ok3 {
		return customer.Key{}, false
	}
	return customer.Key{Store: store, Bucket: uint8(bucket), Token: token}, true
}
