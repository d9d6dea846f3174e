package homingtest

import (
	"context"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"homing/pkg/devstack"
	"homing/pkg/homingtest/natstest"
)

// RedisInProcess returns a client of a Redis inside the process, for a test in a
// testing/synctest bubble. Both end with the test.
func RedisInProcess(t testing.TB) *redis.Client {
	t.Helper()
	t.Cleanup(natstest.EmptyPools)
	r := devstack.StartRedisInProcess()
	t.Cleanup(r.Stop)
	return Redis(t, "redis://in-process", func(o *redis.Options) {
		o.Dialer = dialer(r)
		o.Protocol, o.DisableIdentity = 2, true // the server knows nothing else
	})
}

// dialer returns how a client reaches a Redis inside the process.
func dialer(r *devstack.Redis) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		c, err := r.Dial()
		if err != nil {
			return nil, err
		}
		return Unblock(c), nil
	}
}
