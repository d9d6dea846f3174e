package app

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// The kinds of commands that Redis's answers are timed by.
const (
	redisRead     = "read"
	redisWrite    = "write"
	redisScript   = "script"
	redisPipeline = "pipeline" // counted once, however many commands it has
	redisServer   = "server"   // about the server: INFO, TIME, PING
	redisOther    = "other"
)

var redisKinds = map[string]string{
	"get": redisRead, "mget": redisRead, "strlen": redisRead, "getrange": redisRead, "exists": redisRead, "pttl": redisRead, "ttl": redisRead, "scan": redisRead,
	"hget": redisRead, "hmget": redisRead, "hgetall": redisRead, "hscan": redisRead, "hlen": redisRead,
	"smembers": redisRead, "sscan": redisRead, "scard": redisRead, "zrange": redisRead, "zrangebyscore": redisRead, "zcard": redisRead,
	"set": redisWrite, "setnx": redisWrite, "mset": redisWrite, "del": redisWrite, "unlink": redisWrite, "expire": redisWrite, "pexpire": redisWrite,
	"incr": redisWrite, "incrby": redisWrite, "hset": redisWrite, "hdel": redisWrite, "sadd": redisWrite, "srem": redisWrite, "zadd": redisWrite, "zrem": redisWrite,
	"eval": redisScript, "evalsha": redisScript, "eval_ro": redisScript, "evalsha_ro": redisScript, "script": redisScript,
	"info": redisServer, "time": redisServer, "ping": redisServer, "config": redisServer, "acl": redisServer, "client": redisServer, "cluster": redisServer,
}

// timeRedis has the answers of a client timed.
func (m *metrics) timeRedis(rdb redis.UniversalClient) { rdb.AddHook(m.redis) }

// redisTimer is a hook that times answers. What fails counts, too: how long it took to fail.
type redisTimer struct {
	took   map[string]prometheus.Observer
	failed map[string]prometheus.Counter
}

func (m *metrics) newRedisTimer() *redisTimer {
	errs := m.counter("homing_redis_errors_total", "Answers of Redis that did not come, or were errors.", "command")
	r := &redisTimer{took: map[string]prometheus.Observer{}, failed: map[string]prometheus.Counter{}}
	for _, kind := range []string{redisRead, redisWrite, redisScript, redisPipeline, redisServer, redisOther} {
		r.took[kind], r.failed[kind] = m.times.redis.WithLabelValues(kind), errs.WithLabelValues(kind)
	}
	return r
}

func (r *redisTimer) done(kind string, began time.Time, err error) {
	r.took[kind].Observe(time.Since(began).Seconds())
	if err != nil && !errors.Is(err, redis.Nil) && !errors.Is(err, context.Canceled) && !redis.HasErrorPrefix(err, "NOSCRIPT") {
		r.failed[kind].Inc()
	}
}

// DialHook implements redis.Hook.
func (r *redisTimer) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (r *redisTimer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		kind := redisKinds[cmd.Name()]
		if kind == "" {
			kind = redisOther
		}
		began := time.Now()
		err := next(ctx, cmd)
		r.done(kind, began, err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (r *redisTimer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		began := time.Now()
		err := next(ctx, cmds)
		r.done(redisPipeline, began, err)
		return err
	}
}
