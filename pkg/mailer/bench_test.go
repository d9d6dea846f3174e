package mailer

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// benchMail is an email of usual size: 8 KB of HTML, 1 KB of text.
func benchMail() Mail {
	m := sample()
	m.HTML = strings.Repeat("<tr><td style=\"padding:12px 0;color:#222\">Blue café mug, size L</td><td>£12.95</td></tr>\n", 90)
	m.Text = strings.Repeat("Blue café mug, size L: £12.95\n", 33)
	return m
}

// goMail is the same email built by go-mail alone.
func goMail(m Mail, e gomail.Encoding) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithEncoding(e), gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: "Example Shop", Address: "hello@shop.example"})
	msg.ToMailAddress(&netmail.Address{Name: m.ToName, Address: m.To})
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.MessageID)
	msg.SetDateWithValue(m.Date)
	_ = msg.SetListUnsubscribeOneClick(m.UnsubscribeURL)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg
}

func BenchmarkBuild(b *testing.B) {
	m := benchMail()
	signed := m
	keys := testKeys(b)
	b.Run("homing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustBuild(b, m).Release()
		}
	})
	for name, e := range map[string]gomail.Encoding{"go-mail-qp": gomail.EncodingQP, "go-mail-8bit": gomail.NoEncoding} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var buf bytes.Buffer
				if _, err := goMail(m, e).WriteTo(&buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, key := range keys {
		d, err := NewDKIM("shop.example", "homing", pkcs8(b, key))
		if err != nil {
			b.Fatal(err)
		}
		signed.DKIM = d
		b.Run("homing-dkim-"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				mustBuild(b, signed).Release()
			}
		})
	}
}

// sink is the shortest relay there is: it takes everything as fast as it comes.
// wait is added before each answer, as a network would. It offers what hello says.
func sink(b *testing.B, wait time.Duration, hello string) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	b.Cleanup(func() { _ = l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { drain(c, wait, hello) })
		}
	})
	return l.Addr().String()
}

func drain(c net.Conn, wait time.Duration, hello string) {
	defer func() { _ = c.Close() }()
	br, bw := bufio.NewReaderSize(c, 32<<10), bufio.NewWriter(c)
	say := func(s string) {
		_, _ = bw.WriteString(s)
		if br.Buffered() > 0 {
			return // answers to what came at once go out at once
		}
		if wait > 0 {
			<-time.After(wait) // the network of the benchmark
		}
		_ = bw.Flush()
	}
	say("220 sink\r\n")
	data := false
	for {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case data:
			if len(line) == 3 && line[0] == '.' {
				data = false
				say("250 ok\r\n")
			}
		case line[0] == 'E':
			say("250-sink\r\n250-8BITMIME\r\n" + hello)
		case line[0] == 'B':
			var size int
			_, _ = fmt.Sscanf(string(line), "BDAT %d LAST", &size)
			_, _ = br.Discard(size)
			say("250 ok\r\n")
		case line[0] == 'D':
			data = true
			say("354 go\r\n")
		case line[0] == 'Q':
			say("221 bye\r\n")
			return
		default:
			say("250 ok\r\n")
		}
	}
}

// BenchmarkSend hands over emails on eight connections: built and sent, and one
// prebuilt message, by this package and by go-mail's own client.
func BenchmarkSend(b *testing.B) {
	const connections = 8
	m := benchMail()
	for _, wait := range []time.Duration{0, 2 * time.Millisecond} {
		addr, chunking := sink(b, wait, "250 PIPELINING\r\n"), sink(b, wait, "250-CHUNKING\r\n250 PIPELINING\r\n")
		for _, c := range []struct {
			name string
			send func(b *testing.B) func() error // of one connection
		}{
			{"homing/build+send", func(b *testing.B) func() error { return homingSender(b, addr, m, true) }},
			{"homing/send", func(b *testing.B) func() error { return homingSender(b, addr, m, false) }},
			{"homing/build+send/chunking", func(b *testing.B) func() error { return homingSender(b, chunking, m, true) }},
			{"homing/send/chunking", func(b *testing.B) func() error { return homingSender(b, chunking, m, false) }},
			{"go-mail/build+send", func(b *testing.B) func() error { return goMailSender(b, addr, m, true) }},
			{"go-mail/send", func(b *testing.B) func() error { return goMailSender(b, addr, m, false) }},
			{"bare", func(b *testing.B) func() error { return bareSender(b, addr) }},
		} {
			b.Run(fmt.Sprintf("%s/latency=%v", c.name, wait), func(b *testing.B) {
				work := make(chan struct{}, 64)
				var wg sync.WaitGroup
				shared := c.send(b)
				for range connections {
					send := shared // the pool has the connections
					if !strings.HasPrefix(c.name, "homing") {
						send = c.send(b)
					}
					wg.Go(func() {
						for range work {
							if err := send(); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ReportAllocs()
				for b.Loop() {
					work <- struct{}{}
				}
				close(work)
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
			})
		}
	}
}

func homingSender(b *testing.B, addr string, m Mail, build bool) func() error {
	r, err := New(Options{URL: "smtp+insecure://" + addr})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	prebuilt := mustBuild(b, m)
	lease := testLease{deadline: func() time.Time { return time.Now().Add(15 * time.Second) }}
	return func() error {
		msg := prebuilt
		if build {
			var err error
			if msg, err = Build(m); err != nil {
				return err
			}
			defer msg.Release()
		}
		c, err := r.Acquire(context.Background())
		if err != nil {
			return err
		}
		defer c.Release()
		return c.Send(context.Background(), msg, lease).Err
	}
}

func goMailSender(b *testing.B, addr string, m Mail, build bool) func() error {
	host, port, _ := net.SplitHostPort(addr)
	var n int
	_, _ = fmt.Sscan(port, &n)
	c, err := gomail.NewClient(host, gomail.WithPort(n), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithHELO("shop.example"),
		gomail.WithoutNoop(), gomail.WithoutRset())
	if err != nil {
		b.Fatal(err)
	}
	sc, err := c.DialToSMTPClientWithContext(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.CloseWithSMTPClient(sc) })
	msg := goMail(m, gomail.EncodingQP)
	return func() error {
		if build {
			msg = goMail(m, gomail.EncodingQP)
		}
		return c.SendWithSMTPClient(sc, msg)
	}
}

// bareSender writes the bytes of one prebuilt message and knows nothing else:
// the limit of the machine.
func bareSender(b *testing.B, addr string) func() error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	br := bufio.NewReader(c)
	read := func(lines int) error {
		for range lines {
			if _, err := br.ReadSlice('\n'); err != nil {
				return err
			}
		}
		return nil
	}
	_, _ = io.WriteString(c, "EHLO x\r\n")
	if err := read(4); err != nil {
		b.Fatal(err)
	}
	content := append(mustBuild(b, benchMail()).bytes, ".\r\n"...)
	return func() error {
		if _, err := io.WriteString(c, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"); err != nil {
			return err
		}
		if err := read(3); err != nil {
			return err
		}
		if _, err := c.Write(content); err != nil {
			return err
		}
		return read(1)
	}
}
