package mailer

import (
	"context"
	"errors"
	"fmt"
)

// Acquire takes an idle connection, or makes one, or waits until there may be one
// more. An error that wraps ErrRelayDown comes with a *Failure; one that does not is
// the context's, or ErrClosed. Every Conn must be released.
func (r *Relay) Acquire(ctx context.Context) (*Conn, error) { return r.AcquireFor(ctx, nil) }

// AcquireFor is Acquire for a message. While the relay takes no email for now, one at a
// time is tried: which one, follows from whom it is for.
func (r *Relay) AcquireFor(ctx context.Context, m *Message) (*Conn, error) {
	if err := r.pause.learn(ctx); err != nil {
		return nil, unasked(err)
	}
	tries, f := r.pause.enter(m)
	if f != nil {
		return nil, fmt.Errorf("%w: %w", ErrRelayDown, f)
	}
	c := &Conn{relay: r, tries: tries}
	if tries {
		switch mine, err := r.pause.mine(ctx); {
		case err != nil:
			r.pause.left()
			return nil, unasked(err)
		case !mine:
			r.pause.left()
			return nil, fmt.Errorf("%w: %w", ErrRelayDown, r.pause.waits())
		}
	}
	err := c.take(ctx)
	if err != nil {
		c.untried()
		return nil, err
	}
	return c, nil
}

// Ready returns why an email to a recipient would not be tried now, as AcquireFor would
// say it; nil if it would. Then it is to follow within seconds: during a pause others
// wait for it.
func (r *Relay) Ready(rcpt string, urgent bool) error {
	if err := r.pause.learn(context.Background()); err != nil {
		return unasked(err)
	}
	if f := r.pause.ready(rcpt, urgent); f != nil {
		return fmt.Errorf("%w: %w", ErrRelayDown, f)
	}
	return nil
}

// take fills in a connection. Where the relay allows us fewer than we want, it waits
// for one of those that are open.
func (c *Conn) take(ctx context.Context) error {
	r := c.relay
	for {
		select {
		case r.slots <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("mailer: waiting for a connection: %w", context.Cause(ctx))
		case <-r.done:
			return ErrClosed
		}
		s, err := r.take()
		if s != nil || err != nil {
			if err != nil {
				<-r.slots
			}
			c.session = s
			return err
		}
		if f := r.pause.on(); f != nil && !c.tries { // it began while this one waited
			<-r.slots
			return fmt.Errorf("%w: %w", ErrRelayDown, f)
		}
		s, f, others := r.dial(ctx, nil)
		switch {
		case f == nil:
			c.session = s
			return nil
		case errors.Is(ctx.Err(), context.Canceled):
			<-r.slots
			return fmt.Errorf("mailer: connecting: %w", context.Cause(ctx)) // the caller's doing, not the relay's
		case crowded(f) && others > 0:
			r.park(f)
			continue
		}
		<-r.slots
		c.failed(f)
		return fmt.Errorf("%w: %w", ErrRelayDown, f)
	}
}

// failed tells of a connection that could not be made, or of a refusal on it.
func (c *Conn) failed(f *Failure) {
	if c.tries || f.Code != 0 || f.alone {
		c.relay.pause.failed(f, false, c.tries)
		c.tries = false
	}
}

// untried is for a connection over which nothing was found out.
func (c *Conn) untried() {
	if c.tries {
		c.relay.pause.left()
		c.relay.pause.leave()
		c.tries = false
	}
}
