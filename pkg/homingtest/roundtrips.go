package homingtest

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
)

// RoundTrips is a redis.Hook that is told what goes to Redis together, before it
// does. It may be called at the same time by several.
type RoundTrips func(cmds []redis.Cmder)

// DialHook implements redis.Hook.
func (RoundTrips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (t RoundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t([]redis.Cmder{cmd})
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook implements redis.Hook.
func (t RoundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t(cmds)
		return next(ctx, cmds)
	}
}
