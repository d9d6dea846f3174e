package mailer

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Things a fake relay does instead of answering.
const (
	cut     = "<cut>"     // closes the connection
	silence = "<silence>" // says nothing until the other side has gone
)

// A fake is a relay that answers as a test says. It counts and keeps all it is
// told. Its zero value speaks SMTP without extensions and accepts everything.
type fake struct {
	ext    []string // of EHLO, before TLS
	answer func(dial int, verb string) string
	pause  func(verb string) // before an answer
	tls    *tls.Config       // for STARTTLS and implicit TLS
	tlsNow bool              // implicit TLS
	tcp    bool              // a loopback connection instead of net.Pipe

	mu       sync.Mutex
	dials    int
	heard    []string // "1 MAIL": number of the connection and verb
	lines    []string // whole command lines
	mails    []string // contents that were ended by a dot
	cutShort int      // contents that were not
	refused  bool     // MAIL or RCPT was, last
	writes   int      // of the client
	open     int
	refuse   error // of dialling
	wg       sync.WaitGroup
}

// dial is Options.Dial.
func (f *fake) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return nil, f.refuse
	}
	f.dials++
	n := f.dials
	client, server, err := f.pair(ctx)
	if err != nil {
		return nil, err
	}
	client = counted{client, f}
	f.open++
	f.wg.Go(func() {
		f.serve(n, server)
		f.mu.Lock()
		f.open--
		f.mu.Unlock()
	})
	return client, nil
}

// counted counts the writes of the client. It hides that the connection is the
// system's, unless it is.
type counted struct {
	net.Conn
	f *fake
}

func (c counted) Write(p []byte) (int, error) {
	c.f.mu.Lock()
	c.f.writes++
	c.f.mu.Unlock()
	return c.Conn.Write(p)
}

// SyscallConn is there for the connections of which it makes sense.
func (c counted) SyscallConn() (syscall.RawConn, error) {
	if s, ok := c.Conn.(syscall.Conn); ok {
		return s.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

func (f *fake) pair(ctx context.Context) (client, server net.Conn, err error) {
	if !f.tcp {
		client, server = net.Pipe()
		return client, server, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	client, err = (&net.Dialer{}).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	server, err = l.Accept()
	return client, server, err
}

// relay makes a Relay that dials f, and closes it at the end of the test.
func (f *fake) relay(t testing.TB, change func(*Options)) *Relay {
	t.Helper()
	o := Options{URL: "smtp+insecure://relay.example:2525", HELO: "shop.example", Dial: f.dial}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (f *fake) told() (heard []string, mails int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.heard...), len(f.mails)
}

// connections counts those made and those open.
func (f *fake) connections() (made, open int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dials, f.open
}

// serve speaks with one client.
func (f *fake) serve(n int, c net.Conn) {
	defer func() { _ = c.Close() }()
	secure := false
	if f.tlsNow {
		c, secure = tls.Server(c, f.tls), true
	}
	br := bufio.NewReaderSize(c, 64<<10) // a pipe holds nothing: what comes at once is read at once
	if !f.say(c, br, n, "GREETING", "220 relay.example ESMTP") {
		return
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.Fields(line + " ?")[0])
		f.mu.Lock()
		f.heard = append(f.heard, fmt.Sprint(n, " ", verb))
		f.lines = append(f.lines, strings.TrimSpace(line))
		f.mu.Unlock()
		switch verb {
		case "EHLO":
			ext := f.ext
			if secure {
				ext = append([]string{"AUTH PLAIN LOGIN"}, ext...)
			}
			if !f.say(c, br, n, verb, "250-"+strings.Join(append([]string{"relay.example"}, ext...), "\r\n250-")+"\r\n250 HELP") {
				return
			}
		case "STARTTLS":
			if !f.say(c, br, n, verb, "220 go") {
				return
			}
			c, secure = tls.Server(c, f.tls), true
			br = bufio.NewReaderSize(c, 64<<10)
		case "AUTH":
			if !f.say(c, br, n, verb, authAnswer(line)) {
				return
			}
		case "DATA":
			if !f.data(c, br, n) {
				return
			}
		case "BDAT":
			if !f.bdat(c, br, n, line) {
				return
			}
		case "QUIT":
			f.say(c, br, n, verb, "221 bye")
			return
		default:
			if !f.say(c, br, n, verb, "250 ok") {
				return
			}
		}
	}
}

// authAnswer accepts AUTH PLAIN of hello and s3cret.
func authAnswer(line string) string {
	fields := strings.Fields(line)
	b, _ := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if string(b) == "\x00hello@shop.example\x00s3cret" {
		return "235 2.7.0 welcome"
	}
	return "535 5.7.8 hello@shop.example: no such user or password"
}

// data answers DATA, and if that went well takes the content and the dot.
func (f *fake) data(c net.Conn, br *bufio.Reader, n int) bool {
	if a := f.saying(n, "DATA"); a != "" && !strings.HasPrefix(a, "354") {
		return f.say(c, br, n, "DATA", "")
	}
	if !f.say(c, br, n, "DATA", "354 go ahead") {
		return false
	}
	switch f.saying(n, "CONTENT") {
	case cut:
		return false
	case silence:
		time.Sleep(time.Hour) // only in a bubble
		return false
	}
	var b strings.Builder
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			f.mu.Lock()
			f.cutShort++
			f.mu.Unlock()
			return false
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	f.mu.Lock()
	f.mails = append(f.mails, b.String())
	f.heard = append(f.heard, fmt.Sprint(n, " DOT"))
	f.mu.Unlock()
	return f.say(c, br, n, "DOT", "250 2.0.0 queued")
}

// bdat takes the content and answers it. Without a recipient it is refused.
func (f *fake) bdat(c net.Conn, br *bufio.Reader, n int, line string) bool {
	var size int
	if _, err := fmt.Sscanf(line, "BDAT %d LAST\r\n", &size); err != nil {
		return f.say(c, br, n, "BDAT", "501 5.5.4 "+err.Error())
	}
	content := make([]byte, size)
	_, err := io.ReadFull(br, content)
	f.mu.Lock()
	refused := f.refused
	switch {
	case err != nil:
		f.cutShort++
	case !refused:
		f.mails = append(f.mails, string(content))
		f.heard = append(f.heard, fmt.Sprint(n, " DOT"))
	}
	f.mu.Unlock()
	if refused {
		return f.say(c, br, n, "BDAT", "503 5.5.1 no recipients")
	}
	return err == nil && f.say(c, br, n, "DOT", "250 2.0.0 queued")
}

func (f *fake) saying(n int, verb string) string {
	if f.answer == nil {
		return ""
	}
	return f.answer(n, verb)
}

// say answers, and reports whether the dialogue goes on. An answer that ends in
// cut is written and then the connection closes.
func (f *fake) say(c net.Conn, br *bufio.Reader, n int, verb, usual string) bool {
	if f.pause != nil {
		f.pause(verb)
	}
	a := f.saying(n, verb)
	switch a {
	case "":
		a = usual
	case silence:
		_, _ = io.Copy(io.Discard, br)
		return false
	}
	f.mu.Lock()
	switch verb {
	case "MAIL", "RCPT":
		f.refused = a[0] != '2' || verb == "RCPT" && f.refused
	}
	f.mu.Unlock()
	text, closing := strings.CutSuffix(a, cut)
	if !closing {
		text += "\r\n"
	}
	for i, piece := range strings.Split(text, "<wait>") {
		if i > 0 {
			time.Sleep(20 * time.Second) // only in a bubble
		}
		if piece == "" {
			continue
		}
		if _, err := io.WriteString(c, piece); err != nil {
			return false
		}
	}
	return !closing
}

// at makes an answer to one verb, on every connection.
func at(verb, answer string) func(int, string) string {
	return func(_ int, v string) string {
		if v == verb {
			return answer
		}
		return ""
	}
}

// A testLease is a Lease made of functions that may be nil.
type testLease struct {
	beforeDot func() error
	deadline  func() time.Time
}

func (l testLease) BeforeDot() error {
	if l.beforeDot == nil {
		return nil
	}
	return l.beforeDot()
}

func (l testLease) Deadline() time.Time {
	if l.deadline == nil {
		return time.Time{}
	}
	return l.deadline()
}

// sendOne acquires, sends and releases.
func sendOne(t testing.TB, r *Relay, lease Lease) Outcome {
	t.Helper()
	c, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	return c.Send(t.Context(), mustBuild(t, sample()), lease)
}
