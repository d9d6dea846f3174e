package examine

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"homing/pkg/connect"
	"homing/pkg/doctor"
	"homing/pkg/redischeck"
)

func (x *examiner) redis(ctx context.Context) []doctor.Finding {
	var mu sync.Mutex
	var nodes []doctor.RedisNode
	err := redischeck.EachNode(ctx, x.o.Redis, func(ctx context.Context, node redis.UniversalClient) error {
		n := x.readNode(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		nodes = append(nodes, n)
		return nil
	})
	if err != nil {
		nodes = append(nodes, doctor.RedisNode{Addr: x.o.Config.Redis.URL.String(), Err: redisWords(err)})
	}
	slices.SortFunc(nodes, func(a, b doctor.RedisNode) int { return cmp.Compare(a.Addr, b.Addr) })
	return doctor.JudgeRedis(nodes)
}

func redisWords(err error) string { return cmp.Or(connect.RedisTrouble(err), words(err)) }

func (x *examiner) readNode(ctx context.Context, node redis.UniversalClient) doctor.RedisNode {
	n := doctor.RedisNode{Addr: x.o.Config.Redis.URL.String()}
	if c, is := node.(*redis.Client); is && x.cluster() {
		n.Addr = c.Options().Addr
	}
	text, err := node.Info(ctx).Result()
	if err != nil {
		n.Err = redisWords(err)
		return n
	}
	info := redischeck.ParseInfo(text)
	number := func(key string) int64 { v, _ := strconv.ParseInt(info[key], 10, 64); return v }
	n.Version, n.Replica, n.Policy = info["redis_version"], info["role"] == "slave", info["maxmemory_policy"]
	n.Limit, n.Used, n.Machine, n.Evicted = number("maxmemory"), number("used_memory"), number("total_system_memory"), number("evicted_keys")
	n.AOF, n.AOFBad = info["aof_enabled"] == "1", info["aof_last_write_status"] == "err"
	n.SaveBad = info["rdb_last_bgsave_status"] == "err"
	for key, value := range info { // db0:keys=12,expires=3
		if text, is := strings.CutPrefix(value, "keys="); is && strings.HasPrefix(key, "db") {
			text, _, _ = strings.Cut(text, ",")
			keys, _ := strconv.ParseInt(text, 10, 64)
			n.Keys += keys
		}
	}
	if err := redischeck.Rights(ctx, node); err != nil && !n.Replica {
		n.Rights = words(err)
	}
	return n
}

func (x *examiner) cluster() bool { _, is := x.o.Redis.(*redis.ClusterClient); return is }

func (x *examiner) clocks(ctx context.Context) []doctor.Finding {
	var out []doctor.Clock
	if x.o.NATSAway == "" {
		out = x.natsClocks()
	}
	ahead, err := redischeck.Ahead(ctx, x.o.Redis)
	c := doctor.Clock{Whose: "Redis", Ahead: ahead}
	if err != nil {
		c.Err = redisWords(err)
	}
	return doctor.JudgeClocks(append(out, c))
}
