package place

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"

	"homing/pkg/bus"
)

// Where it is kept: two entries of the bucket `controls`, and one key of Redis, which
// has "<id> <milliseconds of the last beat> <run id of the Redis then>".
const (
	entry     = "place"
	beatEntry = "beat"
	redisKey  = "homing:{installation}:place"
)

// kept is an entry of the bucket as it was read.
type kept[T any] struct {
	value    *T // nil: there is none
	revision uint64
}

// read reads an entry. Without the bucket there is none.
func read[T any](ctx context.Context, js jetstream.JetStream, key string) (k kept[T], err error) {
	kv, err := js.KeyValue(ctx, bus.ControlsBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return k, nil
	}
	var e jetstream.KeyValueEntry
	if err == nil {
		e, err = kv.Get(ctx, key)
	}
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return k, nil
	}
	if err == nil {
		k.value, k.revision = new(T), e.Revision()
		err = json.Unmarshal(e.Value(), k.value)
	}
	if err != nil {
		return kept[T]{}, said(key, err)
	}
	return k, nil
}

func said(key string, err error) error {
	return fmt.Errorf("the entry %s of the bucket %s: %w", key, bus.ControlsBucket, err)
}

// write replaces an entry as it was read, and returns its new revision; false: somebody
// else has.
func write[T any](ctx context.Context, js jetstream.JetStream, key string, was kept[T], value T) (revision uint64, did bool, err error) {
	body, err := json.Marshal(value)
	var kv jetstream.KeyValue
	if err == nil {
		kv, err = js.KeyValue(ctx, bus.ControlsBucket)
	}
	if err == nil && was.value == nil {
		revision, err = kv.Create(ctx, key, body)
	} else if err == nil {
		revision, err = kv.Update(ctx, key, body, was.revision)
	}
	if errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, said(key, err)
	}
	return revision, true, nil
}

// Read returns the place that an installation keeps; nil: none yet.
func Read(ctx context.Context, js jetstream.JetStream) (*Place, error) {
	k, err := read[Place](ctx, js, entry)
	return k.value, err
}

func readRedis(ctx context.Context, rdb redis.UniversalClient) (*InRedis, error) {
	v, err := rdb.Get(ctx, redisKey).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking Redis which place it is of: %w", err)
	}
	p := append(strings.Split(v, " "), "", "")
	r := &InRedis{Place: p[0], Run: p[2]}
	if ms, err := strconv.ParseInt(p[1], 10, 64); err == nil && ms > 0 {
		r.At = time.UnixMilli(ms)
	}
	return r, nil
}

func writeRedis(ctx context.Context, rdb redis.UniversalClient, r InRedis) error {
	v := fmt.Sprintf("%s %d %s", r.Place, max(0, r.At.UnixMilli()), r.Run)
	if err := rdb.Set(ctx, redisKey, strings.TrimSpace(v), 0).Err(); err != nil {
		return fmt.Errorf("telling Redis which place it is of: %w", err)
	}
	return nil
}

// run returns the run id of a Redis, or of the node of a cluster that has the place;
// empty: it has none, as the one in a process.
func run(ctx context.Context, rdb redis.UniversalClient) (string, error) {
	c := redis.Cmdable(rdb)
	if cluster, is := rdb.(*redis.ClusterClient); is {
		node, err := cluster.MasterForKey(ctx, redisKey)
		if err != nil {
			return "", fmt.Errorf("asking Redis who it is: %w", err)
		}
		c = node
	}
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		return "", fmt.Errorf("asking Redis who it is (INFO server): %w", err)
	}
	for line := range strings.Lines(info) {
		if id, is := strings.CutPrefix(strings.TrimSpace(line), "run_id:"); is {
			return id, nil
		}
	}
	return "", nil
}
