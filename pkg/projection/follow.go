package projection

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Follow has the client of a cluster ask who the masters are when it meets a replica where
// it looked for a master: another server has taken over. Clients learn of that from the
// answer MOVED, but it comes from a server that the guard lets nobody talk to, and go-redis
// by itself asks once a minute.
func Follow(rdb redis.UniversalClient) {
	if c, ok := rdb.(*redis.ClusterClient); ok {
		c.AddHook(follower{c})
	}
}

type follower struct{ cluster *redis.ClusterClient }

func (follower) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f follower) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		f.look(ctx, err)
		return err
	}
}

func (f follower) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		if err != nil { // of the first that failed; each node has errors of its own
			for _, c := range cmds {
				if f.look(ctx, c.Err()) {
					break
				}
			}
		}
		return err
	}
}

// look has the client ask, in the background, if an error says that it has to.
func (f follower) look(ctx context.Context, err error) bool {
	if !errors.Is(err, errReplica) {
		return false
	}
	f.cluster.ReloadState(ctx)
	return true
}
