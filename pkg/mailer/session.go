package mailer

import (
	"crypto/tls"
	"net/textproto"
	"time"

	"github.com/wneessen/go-mail/smtp"
	"go.uber.org/zap"
)

// A session is one connection to the relay (RFC 5321, section 2.3.7), greeted and
// logged in, and its state. One goroutine uses it at a time.
type session struct {
	relay  *Relay
	wire   *wire
	client *smtp.Client
	text   *textproto.Conn // the client's, below it TLS if there is any
	tls    *tls.Conn       // of smtps://

	pipelining bool // RFC 2920
	chunking   bool // RFC 3030, and pipelining: a whole email may go in one write
	size       bool // RFC 1870

	most     int       // transactions there may be
	sent     int       // transactions begun
	refusals int       // of them, in a row and last
	retire   bool      // the relay takes no more on this connection
	counted  bool      // among the relay's
	used     bool      // it has been kept open: the relay may have closed it since
	reset    bool      // the last transaction failed: RSET goes before the next MAIL
	broken   bool      // not to be used any more
	answered time.Time // when the relay last said something
	timer    *time.Timer
	buf      []byte
}

// leave ends a transaction.
func (s *session) leave() {
	s.used = true
	s.wire.rest()
}

// drop closes the connection without a word. TLS is not told either: its own
// goodbye would have to wait for a peer that may not be reading.
func (s *session) drop() {
	s.broken = true
	if s.counted {
		s.counted = false
		s.relay.closing()
	}
	_ = s.wire.Conn.Close() // there is nobody left to tell
}

// quit says goodbye and closes. Whether it is heard changes nothing.
func (s *session) quit() {
	s.wire.end, s.wire.lease = time.Now().Add(quitTimeout), nil
	if s.write([]byte("QUIT\r\n")) == nil {
		_, _ = s.reply()
	}
	s.drop()
	s.relay.log.Debug("closed", zap.Int("mails", s.sent))
}

// write sends all of p at once. With an error the relay has not been given all
// of it.
func (s *session) write(p []byte) error {
	if _, err := s.text.W.Write(p); err != nil {
		return err
	}
	return s.text.W.Flush()
}

// reply reads one reply; see readReply.
func (s *session) reply() (reply, error) {
	r, err := readReply(s.text.R)
	if err == nil {
		s.answered = time.Now()
	}
	return r, err
}
