package mailer

import (
	"context"
	"errors"
)

// A Conn is a connection to the relay on loan. One goroutine uses it at a time.
type Conn struct {
	relay    *Relay
	session  *session // nil once it could not be renewed
	released bool
}

// Release gives the connection back, or closes it if it is broken. It is always
// called; a second call does nothing.
func (c *Conn) Release() {
	if c.released {
		return
	}
	c.released = true
	if c.session != nil && !c.session.broken {
		c.relay.put(c.session)
	}
	<-c.relay.slots
}

// Send hands one message to the relay and says what became of it.
//
// If the relay has closed a kept-open connection in the meantime, it is replaced,
// once, and that isn't a failure, provided that nothing of this message had been
// taken. The context ends every phase up to the final write. Once all of it has
// left, only the lease and DotTimeout end the wait: walking away would turn a
// message that is most likely accepted into an unknown one. To stop sooner, let
// the lease end.
func (c *Conn) Send(ctx context.Context, m *Message, lease Lease) Outcome {
	if c.released || m.buffer == nil {
		return (&Failure{Phase: PhaseDial, Err: errors.New("the connection or the message has been released")}).outcome(NotSent)
	}
	if c.session == nil || c.session.broken || c.session.sent >= c.relay.o.MaxPerConnection {
		if f := c.renew(ctx, lease); f != nil {
			return f.outcome(NotSent)
		}
	}
	out, stale := c.session.deliver(ctx, m, lease)
	if !stale {
		return out
	}
	if f := c.renew(ctx, lease); f != nil {
		return f.outcome(NotSent)
	}
	out, _ = c.session.deliver(ctx, m, lease)
	return out
}

// renew replaces the connection by a fresh one.
func (c *Conn) renew(ctx context.Context, lease Lease) *Failure {
	old := c.session
	c.session = nil
	if old != nil && !old.broken {
		c.relay.put(old) // it is worn, and said goodbye to
	}
	var f *Failure
	c.session, f = c.relay.dial(ctx, lease)
	return f
}
