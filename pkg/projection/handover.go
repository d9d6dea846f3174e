package projection

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// Handover is how all processes pass from one Redis to another, so that no two of them use
// two at a time, and what only the old one knew is not forgotten. See docs/design/0054.
type Handover struct {
	// Agreement is where processes say which Redis they found; nil: there is no other.
	Agreement Agreement
	// Hear is after how long every process that still works has heard, and uses the old
	// one no more.
	Hear time.Duration
	// Reconnect ends all connections of this process to Redis.
	Reconnect func()
	// Reclaim writes to a Redis that nobody trusts yet what this process alone knows: the
	// claims under which an email may have left. It may be nil.
	Reclaim func(ctx context.Context, to *Customers) error
}

// Agreement is what all processes know of which Redis is used; servers are named by their
// run ids, in order.
type Agreement interface {
	// Agree says that these are used, unless that is known. It returns when this process
	// learnt of the last change; the zero time: nobody has to be waited for. anew: they
	// lost something, and so all have to hear.
	Agree(ctx context.Context, runs []string, anew bool) (heard time.Time, err error)
	// Agreed reports whether nothing else was said since, and when this process learnt of
	// the last change.
	Agreed(ctx context.Context, runs []string) (is bool, heard time.Time, err error)
}

// reclaimed is how long the first process that is done waits for the others to write what
// only they know.
const reclaimed = time.Second

var errElsewhere = errors.New("another process found another Redis in the meantime, or that this one lost something")

// takeOver brings a Redis up to the timeline. If it is another than the one before, or lost
// something, it does so a second time, when everybody has heard: what was folded into the
// old one until then is on the timeline by now. It returns the servers' run ids.
func (r *Rebuilder) takeOver(ctx context.Context, runs []string) ([]string, error) {
	h := r.handover
	if h.Agreement == nil || r.guard.Embedded {
		return runs, r.catchUpAll(ctx)
	}
	known, _, err := h.Agreement.Agreed(ctx, runs)
	if err != nil {
		return nil, err
	}
	if !known { // a connection of before may lead to a server that is no longer the one
		h.Reconnect()
		if runs, err = r.runs(ctx); err != nil {
			return nil, err
		}
	}
	heard, err := h.Agreement.Agree(ctx, runs, r.guard.hasLost())
	if err != nil {
		return nil, err
	}
	r.hearing = heard
	if err := r.catchUpAll(ctx); err != nil {
		return nil, err
	}
	if h.Reclaim != nil {
		if err := h.Reclaim(ctx, r.store); err != nil {
			return nil, err
		}
	}
	if heard.IsZero() || heard.Equal(r.heard) {
		return runs, nil
	}
	wait := max(h.Hear-time.Since(heard), reclaimed)
	r.log.Info("another Redis, or one that lost something: waiting until all processes have heard", zap.Duration("wait", wait))
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(wait):
	}
	return runs, r.catchUpAll(ctx)
}

// agreed fails if another process says otherwise by now.
func (r *Rebuilder) agreed(ctx context.Context, runs []string) error {
	h := r.handover
	if h.Agreement == nil || r.guard.Embedded {
		return nil
	}
	ok, heard, err := h.Agreement.Agreed(ctx, runs)
	if err != nil {
		return err
	}
	if !ok || !heard.Equal(r.hearing) {
		return errElsewhere
	}
	r.heard = heard
	return nil
}
