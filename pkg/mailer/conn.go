package mailer

import (
	"context"
	"errors"
)

// A Conn is a connection to the relay on loan. One goroutine uses it at a time.
type Conn struct {
	relay    *Relay
	session  *session // nil once it could not be renewed
	tries    bool     // its email is the one that is tried during a pause
	surplus  *Failure // the relay refused to renew it, while others are open
	released bool
}

// Release gives the connection back, or closes it if it is broken. It is always
// called; a second call does nothing.
func (c *Conn) Release() {
	if c.released {
		return
	}
	c.released = true
	c.untried()
	switch {
	case c.surplus != nil:
		c.relay.park(c.surplus)
	case c.session != nil && !c.session.broken:
		c.relay.put(c.session)
	default:
		<-c.relay.slots
	}
}

// Send hands one message to the relay and says what became of it.
//
// If the relay has closed a kept-open connection in the meantime, or takes no more on
// it, it is replaced, once, and that isn't a failure, provided that nothing of this
// message had been taken. The context ends every phase up to the final write. Once all
// of it has left, only the lease and DotTimeout end the wait: walking away would turn a
// message that is most likely accepted into an unknown one. To stop sooner, let
// the lease end.
func (c *Conn) Send(ctx context.Context, m *Message, lease Lease) Outcome {
	if c.released || m.buffer == nil {
		return (&Failure{Phase: PhaseDial, Err: errors.New("the connection or the message has been released")}).outcome(NotSent)
	}
	out := c.send(ctx, m, lease)
	if out.State == NotSent && out.Code == 0 && ctx.Err() != nil {
		c.untried() // the caller's doing, not the relay's
		return out
	}
	c.judge(&out, m)
	return out
}

func (c *Conn) send(ctx context.Context, m *Message, lease Lease) Outcome {
	if c.session == nil || c.session.broken || c.session.worn() {
		if f := c.renew(ctx, lease); f != nil {
			return f.outcome(NotSent)
		}
	}
	out, stale := c.session.deliver(ctx, m, lease)
	if stale {
		if f := c.renew(ctx, lease); f != nil {
			return f.outcome(NotSent)
		}
		out, _ = c.session.deliver(ctx, m, lease)
	}
	c.session.count(out)
	return out
}

// renew replaces the connection by a fresh one.
func (c *Conn) renew(ctx context.Context, lease Lease) *Failure {
	old := c.session
	c.session = nil
	if old != nil && !old.broken {
		old.quit() // first: a relay that allows us so many would refuse one more
	}
	if f := c.relay.pause.on(); f != nil && !c.tries {
		return f
	}
	s, f, others := c.relay.dial(ctx, lease)
	if f != nil && crowded(f) && others > 0 {
		c.surplus = f
	}
	c.session = s
	return f
}
