package projection

import (
	"context"
	"sync"
	"time"
)

// lockFor is how soon another process goes on where one stopped without a word, or
// where Redis was away when it said so.
const lockFor = 5 * time.Second

// lock makes this process the one that refolds a store; nil if another is.
func (r *Rebuilder) lock(ctx context.Context, store string) (release func(), err error) {
	key, me := "homing:{"+store+"}:refold", newVersion()
	ok, err := r.rdb.SetNX(ctx, key, me, lockFor).Result()
	if err != nil || !ok {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(lockFor / 3):
				r.rdb.PExpire(ctx, key, lockFor)
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
		r.rdb.Del(context.WithoutCancel(ctx), key) // two at work would be a waste, never a harm
	}, nil
}
