package mailer

import (
	"context"
	"errors"

	"go.uber.org/zap"
)

// conclude waits for what becomes of an email that was written, or with an error
// was not written wholly. The replies decide, even if writing reported an error
// or the connection broke in the middle of a reply. The first refusal is the one
// that counts: a relay that refuses MAIL or RCPT refuses the content as well.
func (s *session) conclude(ctx context.Context, m *Message, werr error) (out Outcome, stale bool) {
	mail, rcpt, last, err := s.answers()
	s.reset = mail.refused() || rcpt.refused() || last.refused()
	if err != nil || s.reset && last.ok(2) {
		s.drop()
	}
	switch {
	case last.ok(2) && rcpt.ok(2):
		return Outcome{State: Accepted, Phase: PhaseDot, Code: last.code}, false
	case mail.refused():
		return s.refusal(PhaseMail, mail, m).outcome(NotSent), s.full(mail)
	case rcpt.refused():
		return s.refusal(PhaseRcpt, rcpt, m).outcome(NotSent), s.ends(rcpt)
	case last.refused():
		return s.refusal(PhaseDot, last, m).outcome(NotSent), s.balks(last)
	case werr == nil:
		return (&Failure{Phase: PhaseDot, Code: last.code, Err: s.wire.explain(ctx, err)}).outcome(Unknown), false
	}
	f := &Failure{Phase: PhaseContent, Err: s.wire.explain(ctx, werr)}
	return f.outcome(NotSent), s.used && mail.code == 0 && errors.Is(f.Err, ErrConnectionLost)
}

// answers reads the reply to the dot, or those to MAIL, RCPT and BDAT. A relay may
// hold all three back until it has the content, so each has the time of the last.
// It stops with an error when nothing more will come.
func (s *session) answers() (mail, rcpt, last reply, err error) {
	s.wire.phase(s.relay.o.DotTimeout)
	next := func() (r reply) {
		if err != nil {
			return r
		}
		if r, err = s.reply(); err == nil && r.code == 421 {
			err = ErrConnectionLost // it is closing
		} else if err == nil && !r.ok(2) && !r.refused() {
			err = ErrProtocol
		}
		return r
	}
	if s.chunking {
		mail, rcpt = next(), next()
	} else {
		mail.code, rcpt.code = 250, 250 // DATA was opened
	}
	last = next()
	return mail, rcpt, last, err
}

// balks reports whether the relay refuses BDAT itself although it offers it, as
// some do behind a firewall that answers for them. From then on its email goes by
// DATA.
func (s *session) balks(r reply) bool {
	if !s.chunking || r.code > 504 || r.code < 500 {
		return false
	}
	s.drop()
	s.relay.noChunks.Store(true)
	s.relay.log.Warn("the relay offers CHUNKING but refuses BDAT; using DATA from now on", zap.Int("code", r.code))
	return true
}
