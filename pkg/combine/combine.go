// Package combine lets calls that are made at the same time share round trips to a
// server. It knows no server.
package combine

import (
	"context"
	"sync"
)

// A Combiner carries out requests: a call that finds nobody at work works, and those
// that come in the meantime go together in the next. It is safe for concurrent use,
// and must not be copied.
type Combiner[R any] struct {
	// Flush carries out requests, in one round trip. Their callers get its error.
	Flush func(ctx context.Context, reqs []R) error

	mu      sync.Mutex
	working bool
	queue   []*call[R]
}

type call[R any] struct {
	reqs []R
	err  error
	done chan struct{}
}

// MostAtOnce is how many requests go together: it bounds one round trip, so that a pipeline stays a few hundred KB.
const MostAtOnce = 1024

// Do returns when reqs have been carried out, with the error of their round trip.
func (c *Combiner[R]) Do(ctx context.Context, reqs []R) error {
	if len(reqs) == 0 {
		return nil
	}
	c.mu.Lock()
	if c.working {
		mine := &call[R]{reqs: reqs, done: make(chan struct{})}
		c.queue = append(c.queue, mine)
		c.mu.Unlock()
		<-mine.done // bounded: the client has deadlines of its own
		return mine.err
	}
	c.working = true
	c.mu.Unlock()
	// Calls that come in the meantime must neither fail because we give up, nor keep us once
	// our own requests are done.
	ctx = context.WithoutCancel(ctx)
	err := c.Flush(ctx, reqs)
	c.mu.Lock()
	if c.working = len(c.queue) > 0; c.working {
		go c.work(ctx)
	}
	c.mu.Unlock()
	return err
}

// work works for those who queue up, until nobody does.
func (c *Combiner[R]) work(ctx context.Context) {
	for {
		c.mu.Lock()
		n, size := 0, 0
		for n < len(c.queue) && (n == 0 || size+len(c.queue[n].reqs) <= MostAtOnce) {
			size += len(c.queue[n].reqs)
			n++
		}
		if n == 0 {
			c.working = false
			c.mu.Unlock()
			return
		}
		batch := c.queue[:n:n]
		c.queue = c.queue[n:]
		c.mu.Unlock()
		c.run(ctx, batch, size)
	}
}

func (c *Combiner[R]) run(ctx context.Context, batch []*call[R], size int) {
	reqs := batch[0].reqs
	if len(batch) > 1 {
		reqs = make([]R, 0, size)
		for _, b := range batch {
			reqs = append(reqs, b.reqs...)
		}
	}
	err := c.Flush(ctx, reqs)
	for _, b := range batch {
		b.err = err
		close(b.done)
	}
}
