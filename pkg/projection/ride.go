package projection

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// Unhurried are Customers for callers who can wait a little: what they ask travels
// with somebody's next read, or after longestRide, instead of a round trip of
// its own. A mark that lags covers less than has been folded, which does no harm.
type Unhurried struct{ *Customers }

// Unhurried returns the customers for callers who can wait.
func (s *Customers) Unhurried() Unhurried { return Unhurried{s} }

const (
	longestRide = 20 * time.Millisecond
	// fewRiders is up to how many marks or versions wait for a ride: more are worth a
	// round trip.
	fewRiders = 16
)

// MarkIn is Customers.MarkIn.
func (u Unhurried) MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error {
	if len(entries) == 0 || len(entries) > fewRiders {
		return u.Customers.MarkIn(ctx, epoch, entries)
	}
	entries = u.unmarked.with(epoch, entries)
	m := u.marking(entries)
	return u.suspicious(u.ride.wait(ctx, u.Customers, func(ctx context.Context, pipe redis.Pipeliner) func() error {
		if u.guard.Epoch() != epoch {
			return func() error { return fmt.Errorf("%w since the fold", ErrRebuilding) }
		}
		cmds := make([]*redis.Cmd, len(m.scripts))
		for g := range cmds {
			script, keys, args := m.call(g)
			cmds[g] = script.EvalSha(ctx, pipe, keys, args...)
		}
		return func() error {
			err := m.done(cmds)
			if redis.HasErrorPrefix(err, "NOSCRIPT") {
				err = u.markAll(ctx, entries)
			}
			return err
		}
	}))
}

// Versions is Customers.Versions.
func (u Unhurried) Versions(ctx context.Context, keys []customer.Key) ([]string, error) {
	if len(keys) == 0 || len(keys) > fewRiders {
		return u.Customers.Versions(ctx, keys)
	}
	out := make([]string, len(keys))
	reqs := make([]peek, len(keys))
	for i, k := range keys {
		reqs[i] = peek{key: k, out: &out[i]}
	}
	return out, u.ride.wait(ctx, u.Customers, func(ctx context.Context, pipe redis.Pipeliner) func() error {
		return peeking(ctx, pipe, reqs)
	})
}

// riders wait for a pipeline to travel with.
type riders struct {
	mu      sync.Mutex
	waiting []*rider
}

type rider struct {
	board  func(context.Context, redis.Pipeliner) (arrive func() error)
	arrive func() error
	err    error
	done   chan struct{}
}

// wait returns when what is asked was answered. Only one waits for a ride: with a
// second there is company enough, and nobody may wait for all callers of a loop.
func (r *riders) wait(ctx context.Context, s *Customers, board func(context.Context, redis.Pipeliner) func() error) error {
	me := &rider{board: board, done: make(chan struct{})}
	r.mu.Lock()
	r.waiting = append(r.waiting, me)
	alone := len(r.waiting) == 1
	r.mu.Unlock()
	if alone {
		timeout := time.NewTimer(longestRide)
		defer timeout.Stop()
		select {
		case <-me.done:
			return me.err
		case <-ctx.Done(): // the caller is stopping: now
		case <-timeout.C:
		}
	}
	r.leave(context.WithoutCancel(ctx), s)
	<-me.done // bounded: the client has deadlines of its own
	return me.err
}

// leave has those who wait travel by themselves.
func (r *riders) leave(ctx context.Context, s *Customers) {
	pipe := s.rdb.Pipeline()
	arrive := r.board(ctx, s, pipe)
	if pipe.Len() > 0 {
		carryOut(ctx, pipe)
	}
	arrive()
}

// board has those who wait travel with a pipeline; arrive is called after it was
// carried out.
func (r *riders) board(ctx context.Context, s *Customers, pipe redis.Pipeliner) (arrive func()) {
	r.mu.Lock()
	all := r.waiting
	r.waiting = nil
	r.mu.Unlock()
	err := s.guard.Ready()
	for _, w := range all {
		if w.err = err; err == nil {
			w.arrive = w.board(ctx, pipe)
		}
	}
	return func() {
		for _, w := range all {
			if w.err == nil {
				w.err = w.arrive()
			}
			close(w.done)
		}
	}
}

// carryOut has Redis carry a pipeline out; then each of its commands has its own
// error. That go-redis gives an error of the connection to each of them is not a
// promise, and a command without an error or an answer would read as an empty one.
func carryOut(ctx context.Context, pipe redis.Pipeliner) {
	cmds, err := pipe.Exec(ctx)
	if _, said := errors.AsType[redis.Error](err); err == nil || said {
		return // what Redis said of a command is with it
	}
	for _, c := range cmds {
		if c.Err() == nil {
			c.SetErr(err)
		}
	}
}
