package bus

import (
	"context"
	"sync"
)

// Run works until ctx ends. While the loop is paused, it behaves as if it had
// stopped: it pulls nothing, has nothing in flight, and costs the server nothing,
// however much waits there.
func (l *Loop) Run(ctx context.Context) {
	if l.o.Paused == nil {
		l.round(ctx)
		return
	}
	for ctx.Err() == nil {
		if paused, changed := l.o.Paused(); paused {
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		l.untilPaused(ctx)
	}
}

// untilPaused works until the loop is paused or ctx ends.
func (l *Loop) untilPaused(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			paused, changed := l.o.Paused()
			if paused {
				cancel()
				return
			}
			select {
			case <-ctx.Done():
			case <-changed:
			}
		}
	})
	l.round(ctx)
	cancel()
	watching.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.backoff = 0 // nothing is waited for any more
	l.lost.Store(false)
}
