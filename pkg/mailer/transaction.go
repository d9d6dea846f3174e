package mailer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"homing/pkg/refusal"
)

// fresh is how long a connection is believed to be open after the relay has
// answered on it.
const fresh = time.Second

// deliver runs a whole transaction. What makes the email the relay's goes out in
// one write: content and dot, or where the relay offers it all of the transaction,
// with BDAT instead of DATA. Until that write is complete the relay must
// discard what it has been given (RFC 5321, section 4.1.1.4; RFC 3030, section 2),
// so all that fails before is certainly not sent; after it, only a reply tells.
//
// stale says that the connection had been closed before, or doesn't take BDAT
// after all: the email is not sent, and a fresh connection is worth a try.
func (s *session) deliver(ctx context.Context, m *Message, lease Lease) (out Outcome, stale bool) {
	s.wire.lease = lease
	defer s.leave()
	s.sent++
	stop := s.wire.watch(ctx)
	began := time.Now()
	v := s.begin(ctx, m)
	if v.failure == nil && !s.chunking {
		s.relay.took.tell(partEnvelope, began)
	}
	if v.failure == nil {
		v.failure = s.lastWord(ctx, m, lease)
	}
	if v.failure != nil {
		if !stop() {
			s.drop()
		}
		return v.failure.outcome(NotSent), v.stale && ctx.Err() == nil
	}
	s.wire.phase(s.relay.o.CommandTimeout)
	s.buf = s.appendFinal(s.buf[:0], m)
	began = time.Now()
	err := s.write(s.buf)
	if !stop() && err == nil {
		s.wire.commit()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.drop()
		return (&Failure{Phase: PhaseContent, Err: s.wire.explain(ctx, err)}).outcome(NotSent), false
	}
	out, stale = s.conclude(ctx, m, err)
	if out.Code != 0 {
		s.relay.took.tell(partContent, began)
	}
	return out, stale
}

// A verdict is how a part of the dialogue ended; the zero verdict is "go on".
type verdict struct {
	failure *Failure
	stale   bool // a kept-open connection had been closed: try a fresh one
}

// begin runs all that comes before the write that makes the email the relay's.
func (s *session) begin(ctx context.Context, m *Message) verdict {
	s.wire.phase(s.relay.o.CommandTimeout)
	if s.text.R.Buffered() > 0 || s.chunking && s.wire.pending() {
		return s.lost(ctx, PhaseMail, ErrConnectionLost) // a notice that came while idle: it is closing
	}
	if s.chunking {
		return s.prove(ctx, m)
	}
	return s.open(ctx, m)
}

// prove makes sure that the connection is open, or a whole email written at once
// would be unknown only because the relay had closed it long before. It is an RSET
// and not a NOOP, of which Exim takes ten a connection.
func (s *session) prove(ctx context.Context, m *Message) verdict {
	if !s.reset && time.Since(s.answered) < fresh {
		return verdict{}
	}
	s.used = true
	v, _ := s.step(ctx, steps[0], m, true)
	return v
}

// A step is one command before the content.
type step struct {
	phase Phase
	want  int // class of the reply that lets the dialogue go on
}

// phaseReset stands for an RSET before MAIL; outside it is part of PhaseMail.
const phaseReset Phase = -1

var steps = []step{{phaseReset, 2}, {PhaseMail, 2}, {PhaseRcpt, 2}, {PhaseData, 3}}

// appendCommand writes the command of a step.
func (s *session) appendCommand(b []byte, p Phase, m *Message) []byte {
	switch p {
	case phaseReset:
		return append(b, "RSET\r\n"...)
	case PhaseMail:
		b = append(append(b, "MAIL FROM:<"...), m.envelope...)
		b = append(b, '>')
		if s.size {
			b = strconv.AppendInt(append(b, " SIZE="...), int64(m.Size()), 10)
		}
		return append(b, "\r\n"...)
	case PhaseRcpt:
		b = append(append(b, "RCPT TO:<"...), m.rcpt...)
		return append(b, ">\r\n"...)
	}
	return append(b, "DATA\r\n"...)
}

// appendFinal writes what makes the email the relay's.
func (s *session) appendFinal(b []byte, m *Message) []byte {
	if !s.chunking {
		content := m.bytes
		if m.dots {
			content = stuff(content)
		}
		return append(append(b, content...), ".\r\n"...)
	}
	b = s.appendCommand(b, PhaseMail, m)
	b = s.appendCommand(b, PhaseRcpt, m)
	b = strconv.AppendInt(append(b, "BDAT "...), int64(m.Size()), 10)
	b = append(b, " LAST\r\n"...)
	return append(b, m.bytes...)
}

// open runs MAIL, RCPT and DATA: in one write and three reads if the relay
// allows it (two round trips an email instead of four), else in lock-step.
func (s *session) open(ctx context.Context, m *Message) verdict {
	todo := steps
	if !s.reset {
		todo = steps[1:]
	}
	if s.pipelining {
		s.buf = s.buf[:0]
		for _, st := range todo {
			s.buf = s.appendCommand(s.buf, st.phase, m)
		}
		if err := s.write(s.buf); err != nil {
			return s.lost(ctx, PhaseMail, err)
		}
	}
	var first verdict
	for _, st := range todo {
		s.wire.phase(s.relay.o.CommandTimeout)
		v, goAhead := s.step(ctx, st, m, !s.pipelining)
		if first.failure == nil {
			first = v
		}
		switch {
		case s.broken, v.failure != nil && !s.pipelining:
			return first
		case goAhead && first.failure != nil:
			s.nothing()
		}
	}
	return first
}

// step runs one command, or only reads its reply if it went out with others.
func (s *session) step(ctx context.Context, st step, m *Message, write bool) (v verdict, goAhead bool) {
	phase := max(st.phase, PhaseMail)
	if write {
		s.buf = s.appendCommand(s.buf[:0], st.phase, m)
		if err := s.write(s.buf); err != nil {
			return s.lost(ctx, phase, err), false
		}
	}
	r, err := s.reply()
	if err != nil && !r.refused() {
		return s.lost(ctx, phase, err), false
	}
	if r.ok(st.want) {
		s.reset = s.reset && st.phase != phaseReset
		return verdict{}, st.phase == PhaseData
	}
	s.reset = true
	f := s.refusal(phase, r, m)
	if err != nil || r.code == 421 || !r.refused() || st.phase == phaseReset {
		s.drop() // it is closing, or speaks of something else than we do
	}
	again := phase == PhaseMail && (st.phase == phaseReset && s.used || s.full(r)) || phase > PhaseMail && s.ends(r)
	return verdict{f, again}, false
}

// lost is a connection that failed before any content was written. If it had
// been kept open and nothing of this transaction was answered, the relay had
// closed it. A silence is different: it has cost the time already.
func (s *session) lost(ctx context.Context, p Phase, err error) verdict {
	f := &Failure{Phase: p, Err: s.wire.explain(ctx, err)}
	s.drop()
	return verdict{f, s.used && p == PhaseMail && errors.Is(f.Err, ErrConnectionLost)}
}

// refusal is a reply that does not let the dialogue go on.
func (s *session) refusal(p Phase, r reply, m *Message) *Failure {
	f := &Failure{Phase: p, Code: r.code}
	if !r.refused() {
		f.Err = ErrProtocol
		return f
	}
	f.Enhanced, f.Reply = refusal.EnhancedCode(r.code, r.text), refusal.Redact(r.text, m.local, m.sender)
	f.said = refusal.Redact(r.text)
	return f
}

// nothing ends a DATA that the relay opened although it had refused the
// sender or the recipient: with no content at all (RFC 2920, section 3.1).
// Whatever it answers, it has no recipient to give the nothing to.
func (s *session) nothing() {
	s.wire.phase(s.relay.o.CommandTimeout)
	if err := s.write([]byte(".\r\n")); err != nil {
		s.drop()
		return
	}
	if _, err := s.reply(); err != nil {
		s.drop()
	}
}

// lastWord asks the owner, right before the write that makes the email the
// relay's. DATA is open by then, and only closing the connection ends it.
func (s *session) lastWord(ctx context.Context, m *Message, lease Lease) (f *Failure) {
	defer func() {
		if f != nil && !s.chunking {
			s.drop()
		}
	}()
	if lease != nil {
		if err := lease.BeforeDot(); err != nil {
			return &Failure{Phase: PhaseContent, Err: fmt.Errorf("held back before the dot: %w", err)}
		}
		if end := lease.Deadline(); !end.IsZero() && !end.After(time.Now()) {
			return &Failure{Phase: PhaseContent, Err: ErrLeaseEnded}
		}
	}
	if ctx.Err() != nil {
		return &Failure{Phase: PhaseContent, Err: context.Cause(ctx)}
	}
	// Whatever has arrived by now doesn't answer the content, and must never be
	// taken for the answer.
	if s.text.R.Buffered() == 0 {
		return nil
	}
	r, _ := s.reply()
	s.drop()
	return s.refusal(PhaseContent, r, m)
}
