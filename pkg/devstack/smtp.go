package devstack

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"go.uber.org/zap"
)

const (
	maxMessageBytes = 32 << 20
	maxRecipients   = 1000
	// maxLineBytes is far above the 998 of RFC 5322: an email with lines too long is
	// one its author wants to see here rather than lose.
	maxLineBytes = 64 << 10
)

// receiver is the SMTP side of the inbox: it takes every email from anybody.
type receiver struct {
	box  *mailbox
	busy atomic.Int64 // messages begun whose reply is not written yet
	bufs sync.Pool
}

func newReceiver(box *mailbox) *receiver {
	return &receiver{box: box, bufs: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
}

func (r *receiver) server(log *zap.Logger) *smtp.Server {
	s := smtp.NewServer(r)
	s.Domain = "homing.localhost"
	s.MaxMessageBytes = maxMessageBytes
	s.MaxRecipients = maxRecipients
	s.MaxLineLength = maxLineBytes
	s.AllowInsecureAuth = true
	s.EnableSMTPUTF8 = true
	s.ErrorLog = smtpLog{log: log}
	return s
}

// NewSession implements smtp.Backend.
func (r *receiver) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{r: r}, nil }

// session is one client's conversation.
type session struct {
	r         *receiver
	from      string
	to        []string
	receiving atomic.Bool
}

// AuthMechanisms and Auth let clients that insist on logging in do so.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth accepts every name and password.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, _ string) error { return nil }), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(body io.Reader) error {
	if !s.receiving.Swap(true) {
		s.r.busy.Add(1)
	}
	buf := s.r.bufs.Get().(*bytes.Buffer)
	defer s.r.bufs.Put(buf)
	buf.Reset()
	if _, err := buf.ReadFrom(body); err != nil {
		return err
	}
	// A copy of exact size: a buffer has grown by doubling and goes back to the pool.
	s.r.box.add(&mail{received: time.Now(), from: s.from, to: slices.Clip(s.to), raw: bytes.Clone(buf.Bytes())})
	return nil
}

// Reset comes after the reply to DATA has been written, not before.
func (s *session) Reset() {
	s.from, s.to = "", nil
	s.replied()
}

// Logout comes from whichever goroutine closes the connection.
func (s *session) Logout() error {
	s.replied()
	return nil
}

func (s *session) replied() {
	if s.receiving.Swap(false) {
		s.r.busy.Add(-1)
	}
}

// smtpLog carries the SMTP server's complaints, mostly about clients that hung
// up, to zap.
type smtpLog struct{ log *zap.Logger }

func (l smtpLog) Printf(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l smtpLog) Println(v ...any)               { l.log.Debug(fmt.Sprint(v...)) }
