package mailer

import (
	"context"
	"fmt"
	"net/textproto"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"
	"go.uber.org/zap"
)

// A link is one connection to the relay, greeted and logged in, and what is
// known about it. One goroutine uses it at a time.
type link struct {
	relay  *Relay
	wire   *wire
	client *smtp.Client
	text   *textproto.Conn // the client's, below it TLS if there is any

	pipelining bool // RFC 2920
	size       bool // RFC 1870

	sent   int  // transactions begun
	used   bool // it has been kept open: the relay may have closed it meanwhile
	reset  bool // the last transaction failed: RSET goes before the next MAIL
	broken bool // not to be used any more
	timer  *time.Timer
	buf    []byte
}

// leave ends a mail: no deadline, no lease.
func (l *link) leave() {
	l.wire.end, l.wire.lease = time.Time{}, nil
}

// drop closes the connection without a word. TLS is not told either: its own
// goodbye would have to wait for a peer that may not be reading.
func (l *link) drop() {
	l.broken = true
	_ = l.wire.Conn.Close() // there is nobody left to tell
}

// quit says goodbye and closes. Whether it is heard changes nothing.
func (l *link) quit() {
	l.wire.end, l.wire.lease = time.Now().Add(quitTimeout), nil
	if l.write("QUIT\r\n") == nil {
		_, _ = readReply(l.text.R)
	}
	l.drop()
	l.relay.log.Debug("closed", zap.Int("mails", l.sent))
}

// write sends a line or more at once.
func (l *link) write(s string) error {
	l.buf = append(l.buf[:0], s...)
	return l.flush(l.buf)
}

func (l *link) flush(p []byte) error {
	if _, err := l.text.W.Write(p); err != nil {
		return err
	}
	return l.text.W.Flush()
}

// A step is one command before the content.
type step struct {
	phase Phase
	want  int // class of the reply that lets the dialogue go on
}

// appendCommand writes the command of a step.
func (l *link) appendCommand(b []byte, s step, m *Message) []byte {
	switch s.phase {
	case phaseReset:
		return append(b, "RSET\r\n"...)
	case PhaseMail:
		b = append(append(b, "MAIL FROM:<"...), m.envelope...)
		b = append(b, '>')
		if l.size {
			b = strconv.AppendInt(append(b, " SIZE="...), int64(m.Size()), 10)
		}
		return append(b, "\r\n"...)
	case PhaseRcpt:
		b = append(append(b, "RCPT TO:<"...), m.rcpt...)
		return append(b, ">\r\n"...)
	}
	return append(b, "DATA\r\n"...)
}

// phaseReset stands for an RSET before MAIL; outside it is part of PhaseMail.
const phaseReset Phase = -1

var steps = []step{{phaseReset, 2}, {PhaseMail, 2}, {PhaseRcpt, 2}, {PhaseData, 3}}

// A verdict is how a part of the dialogue ended; the zero verdict is "go on".
type verdict struct {
	failure *Failure
	stale   bool // a kept-open connection had been closed: worth a fresh one
}

// open runs MAIL, RCPT and DATA: in one write and three reads if the relay
// allows it (two round trips a mail instead of four), else in lock-step.
func (l *link) open(ctx context.Context, m *Message) verdict {
	todo := steps
	if !l.reset {
		todo = steps[1:]
	}
	l.sent++
	l.wire.phase(l.relay.o.CommandTimeout)
	if l.text.R.Buffered() > 0 {
		return l.lost(ctx, PhaseMail, ErrConnectionLost) // a notice that came while idle: it is closing
	}
	if l.pipelining {
		l.buf = l.buf[:0]
		for _, s := range todo {
			l.buf = l.appendCommand(l.buf, s, m)
		}
		if err := l.flush(l.buf); err != nil {
			return l.lost(ctx, PhaseMail, err)
		}
	}
	var first verdict
	for _, s := range todo {
		l.wire.phase(l.relay.o.CommandTimeout)
		v, goAhead := l.step(ctx, s, m)
		if first.failure == nil {
			first = v
		}
		switch {
		case l.broken, v.failure != nil && !l.pipelining:
			return first
		case goAhead && first.failure != nil:
			l.nothing()
		}
	}
	return first
}

// step runs one command, or only reads its reply if it went out with others.
func (l *link) step(ctx context.Context, s step, m *Message) (v verdict, goAhead bool) {
	phase := max(s.phase, PhaseMail)
	if !l.pipelining {
		l.buf = l.appendCommand(l.buf[:0], s, m)
		if err := l.flush(l.buf); err != nil {
			return l.lost(ctx, phase, err), false
		}
	}
	r, err := readReply(l.text.R)
	if err != nil && !r.refused() {
		return l.lost(ctx, phase, err), false
	}
	if r.ok(s.want) {
		l.reset = l.reset && s.phase != phaseReset
		return verdict{}, s.phase == PhaseData
	}
	l.reset = true
	f := l.refusal(phase, r, m)
	if err != nil || r.code == 421 || !r.refused() || s.phase == phaseReset {
		l.drop() // it is closing, or speaks of something else than we do
	}
	return verdict{f, l.used && phase == PhaseMail && (r.code == 421 || s.phase == phaseReset)}, false
}

// lost is a connection that failed before any content was written. If it had
// been kept open and nothing of this transaction was answered, the relay had
// closed it meanwhile. A silence is no such case: it has cost the time already.
func (l *link) lost(ctx context.Context, p Phase, err error) verdict {
	f := &Failure{Phase: p, Err: l.wire.explain(ctx, err)}
	l.drop()
	return verdict{f, l.used && p == PhaseMail && isLost(f.Err)}
}

// refusal is a reply that does not let the dialogue go on.
func (l *link) refusal(p Phase, r reply, m *Message) *Failure {
	f := &Failure{Phase: p, Code: r.code}
	if !r.refused() {
		f.Err = ErrProtocol
		return f
	}
	f.Enhanced, f.Reply = enhancedCode(r.code, r.text), redact(r.text, m.local)
	return f
}

// nothing ends a DATA that the relay opened although it had refused the
// sender or the recipient: with no content at all (RFC 2920, section 3.1).
// Whatever it answers, it has no recipient to give the nothing to.
func (l *link) nothing() {
	l.wire.phase(l.relay.o.CommandTimeout)
	if err := l.write(".\r\n"); err != nil {
		l.drop()
		return
	}
	if _, err := readReply(l.text.R); err != nil {
		l.drop()
	}
}

// content writes the message without its final dot. Until that dot leaves, the
// relay must discard what it has been given (RFC 5321, section 4.1.1.4), so
// everything that fails here is certainly not sent.
func (l *link) content(ctx context.Context, m *Message, lease Lease) *Failure {
	l.wire.phase(l.relay.o.CommandTimeout)
	content := m.bytes
	if m.dots {
		content = stuff(content)
	}
	if err := l.flush(content); err != nil {
		return &Failure{Phase: PhaseContent, Err: l.wire.explain(ctx, err)}
	}
	if lease != nil {
		if err := lease.BeforeDot(); err != nil {
			return &Failure{Phase: PhaseContent, Err: fmt.Errorf("held back before the dot: %w", err)}
		}
		if end := lease.Deadline(); !end.IsZero() && !end.After(time.Now()) {
			return &Failure{Phase: PhaseContent, Err: ErrLeaseEnded}
		}
	}
	// Whatever has arrived by now is no answer to the dot, and must never be
	// taken for one.
	if l.text.R.Buffered() == 0 {
		return nil
	}
	r, _ := readReply(l.text.R)
	return l.refusal(PhaseContent, r, m)
}

// dot sends the final dot and waits for what becomes of the mail. The reply
// decides, even if writing the dot reported an error or the connection broke in
// the middle of the reply.
func (l *link) dot(ctx context.Context, m *Message) Outcome {
	l.wire.phase(l.relay.o.DotTimeout)
	werr := l.write(".\r\n")
	r, err := readReply(l.text.R)
	if werr != nil {
		err = werr
	}
	if err != nil || r.code == 421 {
		l.drop()
	}
	switch {
	case r.ok(2):
		return Outcome{State: Accepted, Phase: PhaseDot, Code: r.code}
	case r.refused():
		l.reset = true
		return l.refusal(PhaseDot, r, m).outcome(NotSent)
	case err == nil:
		err = ErrProtocol
	}
	l.drop()
	return (&Failure{Phase: PhaseDot, Code: r.code, Err: l.wire.explain(ctx, err)}).outcome(Unknown)
}
