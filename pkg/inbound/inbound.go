// Package inbound is the mail server for what comes back about emails: it takes what is
// sent to return paths of ours, reads it, and answers once what it says is recorded. It
// knows neither NATS nor Redis, and decides nothing about customers.
package inbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/zap"
	"golang.org/x/net/netutil"

	"homing/pkg/feedback"
	"homing/pkg/returnpath"
)

// Options are what a Server works with.
type Options struct {
	LMTP   bool
	Domain string      // what it calls itself
	TLS    *tls.Config // for STARTTLS; nil: it isn't offered
	// Read returns which email an address is the return path of.
	Read func(address string) (returnpath.Email, error)
	// Complaints reports whether an address is one that is named to feedback loops.
	Complaints func(address string) bool
	// Record takes in what is reported about an email. Once it returns nil it is safe.
	Record func(ctx context.Context, e returnpath.Email, r feedback.Report) (what string, err error)
	// Keep keeps what cannot be read, for a person. Once it returns nil it is safe.
	Keep  func(ctx context.Context, e returnpath.Email, begins []byte) error
	Ready func() bool       // whether it may be believed what Read says
	Took  func(what string) // told what was made of each email
	Log   *zap.Logger
}

// The limits. A report is small, and a mail server that has one waits for its answer.
const (
	maxBytes   = 10 << 20 // of an email: more than what is read, as it may quote ours as a whole
	maxKept    = 64 << 10
	maxLength  = 1 << 20 // of a line: an email that is quoted may have longer ones than SMTP allows
	maxClients = 32
	maxLine    = 60 * time.Second // between two commands, or for an email
	maxStay    = 10 * time.Minute // for a connection
	patience   = 20 * time.Second // for recording
)

// What Took is told apart from what Record says.
const (
	Unread  = "unknown" // kept for a person
	Refused = "refused" // to an address that is not ours, or not a feedback report
	Later   = "later"   // not recorded: asked to try again
)

var (
	errNobody = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such return path"}
	errOther  = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Only feedback reports (RFC 5965) about our own email are taken here"}
	errLater  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Cannot record it now, please try again"}
)

// Server is a mail server.
type Server struct {
	o    Options
	smtp *smtp.Server
	l    net.Listener
	addr string
	done chan struct{} // closed when Serve returned
}

// Serve begins to serve.
func Serve(l net.Listener, o Options) (*Server, error) {
	s := &Server{o: o, l: l, addr: l.Addr().String(), done: make(chan struct{})}
	quiet, err := zap.NewStdLogAt(o.Log, zap.DebugLevel)
	if err != nil {
		return nil, err
	}
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.session))
	s.smtp.TLSConfig = o.TLS
	s.smtp.LMTP, s.smtp.Domain, s.smtp.MaxRecipients, s.smtp.MaxMessageBytes = o.LMTP, o.Domain, 1, maxBytes
	s.smtp.MaxLineLength = maxLength
	s.smtp.ReadTimeout, s.smtp.WriteTimeout, s.smtp.ErrorLog = maxLine, maxLine, quiet
	go func() {
		defer close(s.done)
		if err := s.smtp.Serve(netutil.LimitListener(l, maxClients)); err != nil && !errors.Is(err, net.ErrClosed) {
			o.Log.Error("serving", zap.Error(err))
		}
	}()
	return s, nil
}

// Offer is TLS with a certificate of some files; nil without one. They are read for each
// connection that asks: there are few, and so a renewed certificate is used at once.
func Offer(cert, key string) *tls.Config {
	if cert == "" {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		return &pair, err
	}}
}

// Addr returns where it listens.
func (s *Server) Addr() string { return s.addr }

// Stop answers what was sent, and takes no more. Who is only connected is not waited for
// longer than ctx lasts.
func (s *Server) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience/4)
	defer cancel()
	_ = s.l.Close() // the server closes only what it has begun to serve
	if err := s.smtp.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("feedback.listen: %w", err)
	}
	s.smtp.Close() // those that are left; it says that it is closed already
	<-s.done
	return nil
}

// session is one connection.
type session struct {
	s       *Server
	end     *time.Timer
	empty   bool // the envelope sender is
	email   returnpath.Email
	toLoops bool // it came to the address for complaints: the email is quoted
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	return &session{s: s, end: time.AfterFunc(maxStay, func() { _ = c.Conn().Close() })}, nil
}

// Reset implements smtp.Session.
func (x *session) Reset() { x.empty, x.email, x.toLoops = false, returnpath.Email{}, false }

// Logout implements smtp.Session.
func (x *session) Logout() error {
	x.end.Stop()
	return nil
}

// Mail implements smtp.Session.
func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	x.Reset()
	x.empty = from == ""
	if !x.s.o.Ready() {
		return errLater
	}
	return nil
}

// Rcpt implements smtp.Session.
func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	e, err := x.s.o.Read(to)
	switch {
	case err == nil:
		x.email = e
	case x.s.o.Complaints(to):
		x.toLoops = true
	default:
		x.s.o.Took(Refused)
		return errNobody
	}
	return nil
}

// Data implements smtp.Session.
func (x *session) Data(r io.Reader) error {
	begins := &head{}
	whole := &watched{r: io.TeeReader(r, begins)}
	report := feedback.Read(whole)
	if _, err := io.Copy(io.Discard, whole); err != nil || whole.err != nil {
		// What broke off is not recorded. An email that is too long has its own answer.
		if too := (*smtp.SMTPError)(nil); errors.As(whole.err, &too) {
			return too
		}
		return errLater
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	what, err := x.take(ctx, report, begins.b.Bytes())
	if refused := (*smtp.SMTPError)(nil); errors.As(err, &refused) {
		x.s.o.Took(Refused)
		return refused
	}
	if err != nil {
		x.s.o.Took(Later)
		x.s.o.Log.Warn("a report is not recorded; the mail server is asked to try again", zap.Error(err))
		return errLater
	}
	x.s.o.Took(what)
	return nil
}

// take records what is reported, or keeps it.
func (x *session) take(ctx context.Context, r feedback.Report, begins []byte) (string, error) {
	if x.toLoops {
		e, ok := x.quoted(r)
		if r.Kind != feedback.Complaint || !ok {
			return "", errOther
		}
		return x.s.o.Record(ctx, e, r)
	}
	if r.Kind == feedback.Automatic {
		return r.Kind.String(), nil // it says nothing about the address, but that somebody has it
	}
	if r.Kind == feedback.Complaint || r.Kind == feedback.Delivery && x.empty {
		if what, err := x.s.o.Record(ctx, x.email, r); err != nil || what != "" {
			return what, err
		}
	}
	return Unread, x.s.o.Keep(ctx, x.email, begins)
}

// quoted returns which email of ours a report quotes.
func (x *session) quoted(r feedback.Report) (returnpath.Email, bool) {
	for _, sender := range r.Senders {
		if e, err := x.s.o.Read(sender); err == nil {
			return e, true
		}
	}
	return returnpath.Email{}, false
}

// ComplaintsOf returns the address for complaints of a form of return paths.
func ComplaintsOf(form string) string { return strings.Replace(form, "*", "complaints", 1) }

// head keeps the beginning of what is written to it.
type head struct{ b bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	h.b.Write(p[:min(len(p), maxKept-h.b.Len())])
	return len(p), nil
}

// watched remembers why a reader ended.
type watched struct {
	r   io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF && w.err == nil {
		w.err = err
	}
	return n, err
}
