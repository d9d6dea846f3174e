package mailer

import (
	"context"
	"crypto/tls"
	"errors"
	"net/textproto"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/wneessen/go-mail/smtp"
	"go.uber.org/zap"

	"homing/pkg/refusal"
)

// dial makes a connection that is ready for MAIL: connected, encrypted as the
// URL says, introduced, logged in. go-mail's SMTP client speaks; each phase has
// a deadline of its own and is named in the failure. The steps of go-mail's
// mail.Client are not used because it has one deadline for all of them and, over
// a dial function, takes smtps:// for unencrypted and refuses PLAIN.
//
// others are the connections that are open or being made apart from this one.
func (r *Relay) dial(ctx context.Context, lease Lease) (s *session, f *Failure, others int) {
	r.opening()
	s, f = r.connect(ctx, lease)
	if f == nil {
		s.counted = true
	}
	if r.o.Dialled != nil && (f == nil || ctx.Err() == nil) {
		r.o.Dialled(f == nil)
	}
	others, work := r.opened(f == nil)
	if f != nil && f.Code == 0 && ctx.Err() == nil && !errors.Is(f.Err, ErrLeaseEnded) {
		f.alone = work == 0
	}
	return s, f, others
}

// connect is dial, not counted.
func (r *Relay) connect(ctx context.Context, lease Lease) (*session, *Failure) {
	lap := laps{at: partDial, since: time.Now()}
	dctx, cancel := context.WithTimeoutCause(ctx, r.o.DialTimeout, ErrTimeout)
	defer cancel()
	if lease != nil {
		if end := lease.Deadline(); !end.IsZero() {
			dctx, cancel = context.WithDeadlineCause(dctx, end, ErrLeaseEnded)
			defer cancel()
		}
	}
	conn, err := r.o.Dial(dctx, "tcp", r.target.addr)
	if err != nil {
		if dctx.Err() != nil {
			err = context.Cause(dctx)
		}
		return nil, &Failure{Phase: PhaseDial, Err: err, local: !errors.Is(err, syscall.ECONNREFUSED)}
	}
	s := &session{relay: r, wire: &wire{Conn: conn, lease: lease}}
	stop := s.wire.watch(ctx)
	f := s.greet(ctx, &lap)
	if !stop() && f == nil {
		f = &Failure{Phase: PhaseHelo, Err: context.Cause(ctx)}
	}
	if f != nil {
		s.drop()
		return nil, f
	}
	lap.tell(&r.took)
	s.wire.rest()
	r.log.Debug("connected", zap.Bool("pipelining", s.pipelining), zap.Bool("chunking", s.chunking))
	return s, nil
}

// greet runs all phases between the connection and the first MAIL.
func (s *session) greet(ctx context.Context, lap *laps) *Failure {
	o, t := &s.relay.o, s.relay.target
	phase := PhaseDial
	step := func(p Phase, part int, do func() error) error {
		phase = p
		lap.enter(part)
		s.wire.phase(o.CommandTimeout)
		return do()
	}
	hello := func() error {
		return step(PhaseHelo, partHelo, func() error { return s.client.Hello(o.HELO) })
	}
	var err error
	first := &greeted{Conn: s.wire}
	if t.security == implicitTLS {
		phase = PhaseTLS
		lap.enter(partTLS)
		s.wire.phase(o.DialTimeout)
		tc := tls.Client(s.wire, s.relay.tlsConfig())
		s.tls = tc
		first.Conn, err = tc, tc.HandshakeContext(ctx)
	}
	if err == nil {
		phase = PhaseDial
		lap.enter(partDial)
		s.wire.phase(o.GreetingTimeout)
		s.client, err = smtp.NewClient(first, t.host)
		s.most = s.relay.perConnection(first)
	}
	if err == nil {
		err = hello()
	}
	if err == nil && t.security == startTLS {
		err = step(PhaseTLS, partTLS, s.startTLS)
	}
	if err == nil && t.user != "" {
		err = step(PhaseAuth, partAuth, s.login)
	}
	if err != nil {
		return s.hint(s.failure(ctx, phase, err), first)
	}
	s.text = s.client.Text
	s.pipelining, _ = s.client.Extension("PIPELINING")
	chunking, _ := s.client.Extension("CHUNKING")
	s.chunking = chunking && s.pipelining && !s.relay.noChunks.Load()
	s.size, _ = s.client.Extension("SIZE")
	s.answered = time.Now()
	return nil
}

// tlsConfig is a copy for one connection. An email is of no use before its end, so
// it goes in records of full size rather than in one for each packet.
func (r *Relay) tlsConfig() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.o.TLSConfig != nil {
		c = r.o.TLSConfig.Clone()
	}
	c.DynamicRecordSizingDisabled = true
	if c.ServerName == "" {
		c.ServerName = r.target.host
	}
	return c
}

func (s *session) startTLS() error {
	if ok, _ := s.client.Extension("STARTTLS"); !ok {
		return ErrNoSTARTTLS
	}
	return s.client.StartTLS(s.relay.tlsConfig())
}

// login chooses the strongest mechanism both sides know. Under TLS PLAIN goes
// before CRAM-MD5, which asks the relay to store passwords readably.
func (s *session) login() error {
	_, offered := s.client.Extension("AUTH")
	mechs := strings.Fields(strings.ToUpper(offered))
	t := s.relay.target
	clear := t.security == insecure
	plain := t.security != startTLS // go-mail does not see that smtps:// is encrypted
	order := []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"}
	if clear {
		order = []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"}
	}
	i := slices.IndexFunc(order, func(m string) bool { return slices.Contains(mechs, m) })
	if i < 0 {
		return ErrNoAuth
	}
	var auth smtp.Auth
	switch order[i] {
	case "SCRAM-SHA-256":
		auth = smtp.ScramSHA256Auth(t.user, t.secret)
	case "SCRAM-SHA-1":
		auth = smtp.ScramSHA1Auth(t.user, t.secret)
	case "CRAM-MD5":
		auth = smtp.CRAMMD5Auth(t.user, t.secret)
	case "PLAIN":
		auth = smtp.PlainAuth("", t.user, t.secret, t.host, plain)
	case "LOGIN":
		auth = smtp.LoginAuth(t.user, t.secret, t.host, plain)
	}
	return s.client.Auth(auth)
}

// failure puts an error of go-mail's SMTP client into a Failure without the
// relay's words, which may name the user.
func (s *session) failure(ctx context.Context, p Phase, err error) *Failure {
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		if answer.Code/100 < 4 {
			return &Failure{Phase: p, Code: answer.Code, Err: ErrProtocol}
		}
		return &Failure{
			Phase: p, Code: answer.Code, Enhanced: refusal.EnhancedCode(answer.Code, answer.Msg),
			Reply: refusal.Redact(answer.Msg, s.relay.target.user, s.relay.target.secret),
		}
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return &Failure{Phase: p, Err: ErrProtocol} // its text quotes the relay
	}
	return &Failure{Phase: p, Err: s.wire.explain(ctx, err)}
}
