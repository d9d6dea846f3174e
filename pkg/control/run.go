package control

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/pkg/bus"
	"homing/pkg/reason"
)

const (
	// settle is how long after a word the bucket is read: what is said reaches us
	// while it is being stored.
	settle = 100 * time.Millisecond
	// again is when it is read once more, from a replica that may lag.
	again = 2 * time.Second
	// confirmEvery is how often the bucket is asked whether anything changed. The word
	// may never come: a subscription that was refused is silent.
	confirmEvery = 2 * time.Second
	// retry is how soon it is asked again after a failure, and how long an answer may take.
	retry = time.Second
	// settles is how long a bucket that replaces another is not believed: its pauses are
	// being put back.
	settles = 5 * time.Second
)

// errReplaced says that what is paused was lost, and is being put back.
var errReplaced = errors.New("its bucket was made again; waiting until its pauses are back")

// Run keeps the holds up to date until ctx ends. A plain subscription brings news at
// once; that there is none is confirmed every few seconds by the bucket's last
// sequence, one small request. While it is not confirmed, this process is stopped.
func (c *Controls) Run(ctx context.Context) {
	c.mu.Lock()
	c.follows = true
	c.signal()
	c.mu.Unlock()
	word := make(chan struct{}, 1)
	sub, err := c.o.JS.Conn().Subscribe("$KV."+bus.ControlsBucket+".>", func(*nats.Msg) {
		select {
		case word <- struct{}{}:
		default:
		}
	})
	if err != nil { // the connection is closed: we are stopping
		c.o.Log.Error("cannot be told of what is paused", zap.Error(err))
	} else {
		defer func() { _ = sub.Unsubscribe() }()
	}
	back := c.o.JS.Conn().StatusChanged(nats.CONNECTED) // what was published in the meantime was missed
	defer c.o.JS.Conn().RemoveStatusListener(back)
	for wait, read := time.Duration(0), true; ; {
		select {
		case <-ctx.Done():
			return
		case <-back:
			read = true
		case <-word:
			select {
			case <-ctx.Done():
				return
			case <-time.After(settle):
			}
			read = true
		case <-time.After(wait):
		}
		changed, err := c.confirm(ctx, read)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			wait, read = retry, true
			c.unconfirmed(err)
		case changed:
			wait, read = min(again, c.o.Confirm), true
			c.Over(reason.ControlsUnknown)
		default:
			wait, read = c.o.Confirm, false
			c.Over(reason.ControlsUnknown)
		}
	}
}

// confirm asks for the bucket's last sequence, and reads the bucket if that is
// another than before or if it has to. It reports whether it was another.
func (c *Controls) confirm(ctx context.Context, read bool) (changed bool, err error) {
	asked := time.Now()
	ctx, cancel := context.WithTimeout(ctx, retry)
	defer cancel()
	s, err := c.o.JS.Stream(ctx, "KV_"+bus.ControlsBucket)
	if err != nil {
		return false, err
	}
	last := s.CachedInfo().State.LastSeq
	c.mu.Lock()
	changed = !c.known || last != c.seen
	replaced := c.replaced(s.CachedInfo().Created)
	c.mu.Unlock()
	if replaced {
		return false, errReplaced
	}
	if read || changed {
		if err := c.Read(ctx); err != nil {
			return false, err
		}
		if c.o.Look != nil {
			if err := c.o.Look(ctx); err != nil {
				return false, err
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.confirmed = last, asked
	return changed, nil
}

// Doubt says that what was paused was lost a moment ago: nothing is sent until there was
// time to put it back.
func (c *Controls) Doubt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubted = time.Now()
}

// replaced reports whether the bucket is one that was made a moment ago in the place of
// another; the lock is held.
func (c *Controls) replaced(made time.Time) bool {
	if c.made.IsZero() || !c.made.Equal(made) {
		if !c.made.IsZero() {
			c.doubted = time.Now()
		}
		c.made = made
	}
	return !c.doubted.IsZero() && time.Since(c.doubted) < settles
}

// unconfirmed stops this process once the last confirmation is too old.
func (c *Controls) unconfirmed(err error) {
	c.mu.Lock()
	fresh := c.fresh()
	c.mu.Unlock()
	if fresh && !errors.Is(err, errReplaced) {
		return
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("NATS does not answer")
	}
	c.Stop(reason.ControlsUnknown, "cannot read what is paused: "+err.Error())
}
