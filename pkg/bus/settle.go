package bus

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// settle carries out what follows from a handler's answer.
func (l *Loop) settle(m *Msg, answer error) {
	do, in := actionFor(answer, l.stopping.Load().Load())
	var err error
	switch do {
	case ack:
		err = m.Ack()
	case nakLater:
		err = m.NakWithDelay(in)
	case nak:
		err = m.NakWithDelay(soon)
	case reject:
		bad, _ := errors.AsType[*BadError](answer)
		if err = l.o.Reject(context.Background(), m.Msg, bad); err != nil {
			l.wait(m, err)
			return
		}
		err = m.TermWithReason(bad.Reason)
	case keep:
		l.wait(m, answer)
		return
	case stay:
		l.stay(m, in)
		return
	}
	if err != nil {
		// The server will deliver the message again, and the answer will be the same.
		l.o.Log.Warn("cannot acknowledge", zap.String("loop", l.o.Name), zap.Error(err))
	}
	l.handled.Add(1)
	l.mu.Lock()
	l.forget(m)
	if l.backoff > 0 {
		l.backoff = 0
		l.o.Log.Info("going on", zap.String("loop", l.o.Name))
	}
	l.signal()
	l.mu.Unlock()
}

// wait keeps the message in flight until the server that is down has had time to come
// back. The wait doubles with each failed try, of the message and of the loop:
// one message that keeps failing does not stop the others, nor is it tried
// without a pause.
func (l *Loop) wait(m *Msg, why error) {
	l.mu.Lock()
	now := time.Now()
	m.notBefore = now.Add(min(longestWait, firstWait<<min(m.tries, 10)))
	m.tries++
	first := !now.Before(l.resume) // one step for a try, not one for each message of its batch
	if first {
		l.backoff = max(firstWait, min(longestWait, 2*l.backoff))
		l.resume = now.Add(l.backoff)
	}
	wait := l.backoff
	m.settled.Store(false)
	l.later = append(l.later, m)
	l.signal()
	l.mu.Unlock()
	if first {
		l.o.Log.Warn("waiting for a server", zap.String("loop", l.o.Name), zap.Duration("wait", wait), zap.Error(why))
		if l.o.Down != nil {
			l.o.Down(why)
		}
	}
}

// stay keeps the message in flight for a while.
func (l *Loop) stay(m *Msg, in time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m.notBefore = time.Now().Add(in)
	m.settled.Store(false)
	l.later = append(l.later, m)
	l.signal()
}

// keepAlive tells the server, three times an AckWait, that what is in flight is
// still being worked on.
func (l *Loop) keepAlive(ctx context.Context) {
	for ctx.Err() == nil {
		l.mu.Lock()
		changed, n := l.change(), len(l.inFlight)
		l.mu.Unlock()
		if n == 0 { // no ticking while idle
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		if sleep(ctx, AckWait/3); ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		msgs := make([]*Msg, 0, len(l.inFlight))
		for m := range l.inFlight {
			msgs = append(msgs, m)
		}
		l.mu.Unlock()
		for _, m := range msgs {
			if !m.settled.Load() {
				_ = m.InProgress() // a server that is away forgets us; the message comes again
			}
		}
	}
}

// soon is when a message that is given back is free for others. At once it could
// be delivered into our own pull, which is ending, and then wait for an AckWait.
const soon = 50 * time.Millisecond

// giveBack returns what was not begun.
func (l *Loop) giveBack() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range append(l.queue, l.later...) {
		m.settled.Store(true) // a sign of life now would take it back
		_ = m.NakWithDelay(soon)
		l.forget(m)
	}
	l.queue, l.later = nil, nil
}
