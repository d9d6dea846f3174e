package homingtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Mail is a message that a Sink accepted.
type Mail struct {
	To        string // envelope recipient
	MessageID string // without angle brackets
	Subject   string // as in the header, not decoded
	Raw       string
	At        time.Time // the clock of the test
}

// Sink is an SMTP server that accepts mail and can be told to misbehave. It
// serves connections of any kind: pipes inside a fake-time bubble, or TCP.
type Sink struct {
	// Answer, if set, is asked for the reply to each command: "MAIL", "RCPT",
	// "DATA", "." with its argument. Empty means the usual reply; CutBefore and
	// CutAfter end the connection instead. With CHUNKING "." is the content, and
	// nobody is asked for "DATA".
	Answer func(command, arg string) string
	// Chunking has the sink offer CHUNKING and take BDAT.
	Chunking bool
	// Forget has the sink keep no Raw, where memory is measured.
	Forget bool

	mu    sync.Mutex
	mails []Mail
	conns map[net.Conn]struct{}
	hangs hanging
	wg    sync.WaitGroup
}

// hanging is where a sink says no more.
type hanging struct {
	at    string
	drips bool
}

// HangAt has the sink say no more in answer to a command: "CONNECT" is its greeting,
// "." the end of the content, and "" none. With drips it begins a reply that has no
// end, a byte a second.
func (s *Sink) HangAt(command string, drips bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangs = hanging{command, drips}
}

// hang reports whether the sink says no more in answer to a command, and does as much
// until the client has had enough.
func (s *Sink) hang(command string, c net.Conn) bool {
	s.mu.Lock()
	h := s.hangs
	s.mu.Unlock()
	if h.at != command {
		return false
	}
	if h.drips {
		s.wg.Go(func() {
			for err := error(nil); err == nil; time.Sleep(time.Second) {
				_, err = c.Write([]byte("2"))
			}
		})
	}
	_, _ = io.Copy(io.Discard, c)
	return true
}

// What Answer may return instead of a reply.
const (
	CutBefore = "cut before" // the connection ends, the email was not taken
	CutAfter  = "cut after"  // the email is taken, and the connection ends without a word
)

// Mails returns what was accepted, oldest first.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Dial is a dial function that leads to the sink through a pipe.
func (s *Sink) Dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.serve(server)
	return client, nil
}

// Listen serves the sink on a loopback port until Close, and returns its address.
func (s *Sink) Listen() (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(c)
		}
	})
	s.track(closer{l})
	return l.Addr().String(), nil
}

// closer lets a listener be closed with the connections.
type closer struct{ net.Listener }

func (closer) Read([]byte) (int, error)         { return 0, io.EOF }
func (closer) Write([]byte) (int, error)        { return 0, io.EOF }
func (closer) LocalAddr() net.Addr              { return nil }
func (closer) RemoteAddr() net.Addr             { return nil }
func (closer) SetDeadline(time.Time) error      { return nil }
func (closer) SetReadDeadline(time.Time) error  { return nil }
func (closer) SetWriteDeadline(time.Time) error { return nil }

// Close ends all connections and waits for them.
func (s *Sink) Close() {
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Sink) track(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = map[net.Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
}

func (s *Sink) serve(c net.Conn) {
	s.track(c)
	s.wg.Go(func() {
		defer func() {
			_ = c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		}()
		s.dialogue(c)
	})
}

// dialogue speaks SMTP until the connection ends. Replies are flushed when the
// client has nothing more to say, as PIPELINING wants it.
func (s *Sink) dialogue(c net.Conn) {
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c) // a pipe has no buffer: what comes at once is read at once
	say := func(reply string) bool {
		if _, err := fmt.Fprint(w, reply+"\r\n"); err != nil {
			return false
		}
		return r.Buffered() > 0 || w.Flush() == nil
	}
	var to string
	if s.hang("CONNECT", c) {
		return
	}
	for ok := say("220 sink"); ok; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		command, arg := parse(line)
		if s.hang(command, c) {
			return
		}
		switch command {
		case "EHLO", "HELO":
			hello := "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
			if s.Chunking {
				hello += "250-CHUNKING\r\n"
			}
			ok = say(hello + "250 ENHANCEDSTATUSCODES")
		case "QUIT":
			say("221 2.0.0 bye")
			return
		case "MAIL", "RCPT":
			reply := s.answer(command, arg, "250 2.0.0 ok")
			switch {
			case command == "MAIL" || !strings.HasPrefix(reply, "250"):
				to = ""
			default:
				to = arg
			}
			ok = reply != CutBefore && say(reply)
		case "DATA":
			reply := s.answer(command, "", "354 go ahead")
			if ok = reply != CutBefore && say(reply); ok && strings.HasPrefix(reply, "354") {
				ok = s.data(c, r, to, say)
			}
		case "BDAT":
			ok = s.chunk(c, r, arg, to, say)
		default:
			ok = say("250 2.0.0 ok")
		}
	}
}

// chunk reads the content that BDAT announces and answers it. It is always the
// last chunk.
func (s *Sink) chunk(c net.Conn, r io.Reader, arg, to string, say func(string) bool) bool {
	size, err := strconv.Atoi(strings.TrimSuffix(arg, " LAST"))
	if err != nil {
		return say("501 5.5.4 one chunk is all that is taken")
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(r, content); err != nil {
		return false
	}
	if to == "" {
		return say("503 5.5.1 no recipient")
	}
	return s.content(c, to, string(content), say)
}

// data reads a message and answers the dot.
func (s *Sink) data(c net.Conn, r *bufio.Reader, to string, say func(string) bool) bool {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	if b.Len() == 0 {
		return say("554 5.6.0 empty")
	}
	return s.content(c, to, b.String(), say)
}

// content answers a message that was read.
func (s *Sink) content(c net.Conn, to, raw string, say func(string) bool) bool {
	if s.hang(".", c) {
		return false
	}
	reply := s.answer(".", to, "250 2.0.0 accepted")
	if strings.HasPrefix(reply, "250") || reply == CutAfter {
		s.accept(to, raw)
	}
	return reply != CutBefore && reply != CutAfter && say(reply)
}

func (s *Sink) accept(to, raw string) {
	m := Mail{To: to, Raw: raw, At: time.Now()}
	if msg, err := mail.ReadMessage(strings.NewReader(raw)); err == nil {
		m.MessageID = strings.Trim(msg.Header.Get("Message-ID"), "<>")
		m.Subject = msg.Header.Get("Subject")
	}
	if s.Forget {
		m.Raw, m.MessageID, m.Subject = "", strings.Clone(m.MessageID), strings.Clone(m.Subject)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}

func (s *Sink) answer(command, arg, usual string) string {
	if s.Answer != nil {
		if a := s.Answer(command, arg); a != "" {
			return a
		}
	}
	return usual
}

// parse splits a command line; of MAIL and RCPT the argument is the address.
func parse(line string) (command, arg string) {
	line = strings.TrimSpace(line)
	command, arg, _ = strings.Cut(line, " ")
	command = strings.ToUpper(command)
	if _, rest, ok := strings.Cut(arg, "<"); ok {
		arg, _, _ = strings.Cut(rest, ">")
	}
	return command, arg
}
