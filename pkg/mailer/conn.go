package mailer

import (
	"context"
	"errors"
)

// A Conn is a connection to the relay on loan. One goroutine uses it at a time.
type Conn struct {
	relay    *Relay
	link     *link // nil once it could not be renewed
	released bool
}

// Release gives the connection back, or closes it if it is broken. It is always
// called; a second call does nothing.
func (c *Conn) Release() {
	if c.released {
		return
	}
	c.released = true
	if c.link != nil && !c.link.broken {
		c.relay.put(c.link)
	}
	<-c.relay.slots
}

// Send hands one mail to the relay and says what became of it.
//
// A kept-open connection that the relay has closed meanwhile is replaced, once,
// provided that nothing of this mail had been taken; that is no failure. The
// context ends every phase up to the dot. Once the dot may have left, only the
// lease and DotTimeout end the wait: to walk away would turn a mail that is most
// likely accepted into an unknown one. Who must stop sooner lets the lease end.
func (c *Conn) Send(ctx context.Context, m *Message, lease Lease) Outcome {
	if c.released || m.buffer == nil {
		return (&Failure{Phase: PhaseDial, Err: errors.New("the connection or the message has been released")}).outcome(NotSent)
	}
	if c.link == nil || c.link.broken || c.link.sent >= c.relay.o.MaxPerConnection {
		if f := c.renew(ctx, lease); f != nil {
			return f.outcome(NotSent)
		}
	}
	out, stale := c.link.deliver(ctx, m, lease)
	if !stale {
		return out
	}
	if f := c.renew(ctx, lease); f != nil {
		return f.outcome(NotSent)
	}
	out, _ = c.link.deliver(ctx, m, lease)
	return out
}

// renew replaces the connection by a fresh one.
func (c *Conn) renew(ctx context.Context, lease Lease) *Failure {
	old := c.link
	c.link = nil
	if old != nil && !old.broken {
		c.relay.put(old) // it is worn, and said goodbye to
	}
	var f *Failure
	c.link, f = c.relay.dial(ctx, lease)
	return f
}

// deliver runs the whole transaction on this connection.
func (l *link) deliver(ctx context.Context, m *Message, lease Lease) (out Outcome, stale bool) {
	l.wire.lease = lease
	defer l.leave()
	defer func() { l.used = true }()
	stop := context.AfterFunc(ctx, l.wire.interrupt)
	if v := l.open(ctx, m); v.failure != nil {
		if !stop() {
			l.drop()
		}
		return v.failure.outcome(NotSent), v.stale && ctx.Err() == nil
	}
	f := l.content(ctx, m, lease)
	if !stop() && f == nil {
		f = &Failure{Phase: PhaseContent, Err: context.Cause(ctx)}
	}
	if f != nil {
		l.drop()
		return f.outcome(NotSent), false
	}
	return l.dot(ctx, m), false
}

// isLost reports whether an error says that the relay closed the connection.
func isLost(err error) bool { return errors.Is(err, ErrConnectionLost) }
