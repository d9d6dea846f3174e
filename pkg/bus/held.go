package bus

import (
	"context"
	"sync"
)

// Run works until ctx ends. While the loop is held it does as it does when it
// stops: it pulls nothing, has nothing in hand, and costs the server nothing,
// however much waits there.
func (l *Loop) Run(ctx context.Context) {
	if l.o.Held == nil {
		l.round(ctx)
		return
	}
	for ctx.Err() == nil {
		if held, changed := l.o.Held(); held {
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		l.untilHeld(ctx)
	}
}

// untilHeld works until the loop is held or ctx ends.
func (l *Loop) untilHeld(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			held, changed := l.o.Held()
			if held {
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
