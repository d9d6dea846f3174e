package mailer

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

const (
	// emailsPerConnection is how many emails go over one connection unless the operator
	// says otherwise. OpenSMTPD takes a hundred, and then says 452 to each MAIL.
	emailsPerConnection = 100
	// emailsPerEximConnection is what Exim delivers at once. From the next on it answers 250
	// as before, and leaves the email for its queue run, half an hour later on Debian
	// (its option smtp_accept_queue_per_connection).
	emailsPerEximConnection = 10
	// refusalsInRow is how many emails may be refused in a row on one connection.
	// Postfix waits for a second before each reply from the eleventh error on, and
	// a pipelined email that is refused can be two errors.
	refusalsInRow = 4
)

// worn reports whether a connection is to be replaced before the next email, although
// it works.
func (s *session) worn() bool {
	return s.retire || s.sent >= s.most || s.refusals >= refusalsInRow
}

// count notes whether the connection's last email was refused.
func (s *session) count(out Outcome) {
	switch {
	case out.State == Accepted:
		s.refusals = 0
	case out.Code/100 >= 4:
		s.refusals++
	}
}

// greeted keeps the beginning of what a relay says: its name is there, and go-mail's
// client does not show it.
type greeted struct {
	net.Conn
	first []byte
}

const greetingKept = 512

func (g *greeted) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if room := greetingKept - len(g.first); room > 0 {
		g.first = append(g.first, p[:min(n, room)]...)
	}
	return n, err
}

// names reports whether the greeting has a word in it, "Exim" as a rule behind the
// relay's own name.
func (g *greeted) names(word string) bool {
	for w := range bytes.FieldsSeq(g.first) {
		if bytes.EqualFold(w, []byte(word)) {
			return true
		}
	}
	return false
}

// perConnection is how many emails a connection to the relay that said this may carry.
func (r *Relay) perConnection(g *greeted) int {
	switch {
	case r.o.MaxPerConnection > 0:
		return r.o.MaxPerConnection
	case g.names("Exim"):
		return emailsPerEximConnection
	}
	return emailsPerConnection
}

// full reports whether a refusal of MAIL is about a connection that was used before,
// and not about the relay: it has carried as many emails as it may, or the relay is
// closing it. A fresh one is worth a try.
func (s *session) full(r reply) bool {
	if !s.used || r.code/100 != 4 {
		return false
	}
	s.retire = true
	return true
}

// ends reports whether a refusal in the middle of a transaction is about the connection:
// with 421 the relay closes it (RFC 5321, section 3.8), no matter whom the email is
// for. Another one is worth a try.
func (s *session) ends(r reply) bool { return r.code == 421 }

// hint says what to do about a relay that speaks TLS where we don't, or the reverse.
func (s *session) hint(f *Failure, g *greeted) *Failure {
	_, clear := errors.AsType[tls.RecordHeaderError](f.Err)
	switch {
	case s.relay.target.security != implicitTLS && f.Phase == PhaseDial && errors.Is(f.Err, ErrTimeout) && len(g.first) == 0:
		f.Err = fmt.Errorf("%w (%w)", ErrSilent, ErrTimeout)
	case s.relay.target.security == implicitTLS && clear:
		f.Err = ErrSpeaksFirst
	}
	return f
}
