package redischeck

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// ACL is what the user of Homing needs, and no more, as ACL SETUSER takes it. The last
// line is for a database other than 0, and for a cluster.
const ACL = "~homing:* resetchannels -@all +ping +info +time " +
	"+get +mget +set +setnx +incrby +pexpire +del +hget +hmget +hgetall +hset +hdel +scan +eval +evalsha " +
	"+select +command +cluster|slots +cluster|shards"

// Key is what the check of the rights writes to, and deletes.
const Key = "homing:{rights}:check"

// commands are all that Homing ever has a Redis do, each in a form that does no harm.
// A script may do what its user may.
var commands = [][]any{
	{"ping"}, {"info", "server"}, {"time"},
	{"get", Key}, {"mget", Key}, {"set", Key, "", "px", 1000, "xx"}, {"setnx", Key, "1"}, {"incrby", Key, 1}, {"pexpire", Key, 1000}, {"del", Key},
	{"hset", Key, "f", "v"}, {"hget", Key, "f"}, {"hmget", Key, "f"}, {"hgetall", Key}, {"hdel", Key, "f"},
	{"scan", 0, "match", Key, "count", 1}, {"eval", "return 1", 1, Key}, {"evalsha", strings.Repeat("0", 40), 1, Key},
}

// ErrForbidden says what an ACL of Redis forbids.
var ErrForbidden = errors.New("the ACL of Redis forbids")

// Rights tries every command that Homing needs. Its error wraps ErrForbidden, and
// names the commands, where the user must not use them. Other refusals, such as that of
// a Redis that is full, are none of its business.
func Rights(ctx context.Context, rdb redis.UniversalClient) error {
	return EachNode(ctx, rdb, func(ctx context.Context, node redis.UniversalClient) error {
		pipe := node.Pipeline()
		for _, c := range commands {
			pipe.Do(ctx, c...)
		}
		cmds, err := pipe.Exec(ctx)
		if _, said := errors.AsType[redis.Error](err); err != nil && !said {
			return err
		}
		var no []string
		for _, c := range cmds {
			if Forbids(c.Err()) && !slices.Contains(no, c.Name()) {
				no = append(no, c.Name())
			}
		}
		if len(no) > 0 {
			return fmt.Errorf("%w: %s, on keys homing:*; docs/operations.md has the line for the ACL", ErrForbidden, strings.Join(no, ", "))
		}
		return nil
	})
}

// Forbids reports whether an answer of Redis says that the user may not do that.
func Forbids(err error) bool {
	if err == nil {
		return false
	}
	_, said := errors.AsType[redis.Error](err)
	return said && (strings.HasPrefix(err.Error(), "NOPERM") || strings.Contains(err.Error(), "NOPERM") ||
		strings.Contains(err.Error(), "The user executing the script can't")) // as Redis 7.0 says it of a script
}

// Watch has told called, once for each round trip, when a client is forbidden something.
func Watch(rdb redis.UniversalClient, told func(error)) { rdb.AddHook(&watch{told: told}) }

type watch struct {
	told func(error)
}

// DialHook implements redis.Hook.
func (w *watch) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (w *watch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		w.look(err)
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (w *watch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if err == nil {
			return nil
		}
		for _, c := range cmds {
			if w.look(c.Err()) {
				break
			}
		}
		return err
	}
}

func (w *watch) look(err error) bool {
	if !Forbids(err) {
		return false
	}
	w.told(err)
	return true
}
