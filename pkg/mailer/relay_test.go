package mailer

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]target{
		"smtp://hello:s3cret@smtp.example:2587":       {startTLS, "smtp.example", "smtp.example:2587", "hello", "s3cret"},
		"smtp://smtp.example":                         {startTLS, "smtp.example", "smtp.example:587", "", ""},
		"smtps://a%40b.example:p%2Fw%3A@smtp.example": {implicitTLS, "smtp.example", "smtp.example:465", "a@b.example", "p/w:"},
		"smtp+insecure://127.0.0.1:1025":              {insecure, "127.0.0.1", "127.0.0.1:1025", "", ""},
		"smtp+insecure://[::1]/":                      {insecure, "::1", "[::1]:25", "", ""},
	} {
		got, err := parseURL(raw)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	for _, raw := range []string{
		"", "smtp.example:587", "http://smtp.example", "smtp://", "smtp://:587", "smtp://hello@smtp.example", "smtp://:s3cret@smtp.example",
		"smtp://hello:s3cret@smtp.example:0", "smtp://hello:s3cret@smtp.example:99999", "smtp://hello:s3cret@smtp.example/path",
		"smtp://hello:s3cret@smtp.example?x=1", "smtp://hello:s3cret%@smtp.example", "smtp://hello:s3cret /@smtp.example", "smtp://hello:s3cret@smtp.example:port",
		"smtp://hello:#s3cret@smtp.example", "\x00smtp://hello:s3cret@smtp.example",
	} {
		_, err := New(Options{URL: raw})
		if err == nil {
			t.Errorf("%q is taken", raw)
		} else if s := err.Error(); strings.Contains(s, "s3cret") || strings.Contains(s, "hello") {
			t.Errorf("%q: the error holds the password or the user: %v", raw, err)
		}
	}
}

func TestOptions(t *testing.T) {
	o := Options{}
	if err := o.validate(); err != nil {
		t.Fatal(err)
	}
	got := []any{o.Connections, o.DialTimeout, o.CommandTimeout, o.DotTimeout, o.IdleClose, o.MaxPerConnection, o.HELO != "", o.Log != nil, o.Dial != nil}
	want := []any{8, 30 * time.Second, 5 * time.Minute, 10 * time.Minute, 30 * time.Second, 0, true, true, true}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("defaults (-want +got):\n%s", d)
	}
	for _, o := range []Options{{Connections: -1}, {DotTimeout: -1}, {MaxPerConnection: -1}, {HELO: "a b"}, {HELO: "a\r\nMAIL"}} {
		if err := o.validate(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

// As many connections as allowed, and no more, however many senders there are.
func TestPoolIsBounded(t *testing.T) {
	f := &fake{ext: []string{"PIPELINING"}}
	most := 0
	f.pause = func(string) {
		f.mu.Lock()
		most = max(most, f.open)
		f.mu.Unlock()
	}
	r := f.relay(t, func(o *Options) { o.Connections = 3 })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 5 {
				if out := sendOne(t, r, nil); out.State != Accepted {
					t.Errorf("%+v", out)
				}
			}
		})
	}
	wg.Wait()
	_ = r.Close()
	f.wg.Wait()
	if most > 3 || f.dials > 3 || len(f.mails) != 100 {
		t.Errorf("%d connections at once, %d in all, %d emails", most, f.dials, len(f.mails))
	}
}

func TestAcquireAgainAfterAFailedDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{refuse: errors.New("connection refused")}
		r := f.relay(t, func(o *Options) { o.Connections = 1 })
		for range 3 {
			_, err := r.Acquire(t.Context())
			if failure, ok := errors.AsType[*Failure](err); !ok || failure.Phase != PhaseDial || !errors.Is(err, ErrRelayDown) || !errors.Is(err, f.refuse) {
				t.Errorf("%v", err)
			}
		}
		f.refuse = nil
		time.Sleep(2 * firstPause)
		if out := sendOne(t, r, nil); out.State != Accepted {
			t.Errorf("%+v", out)
		}
		_ = r.Close()
	})
}

func TestAcquireThatIsCancelledIsNotTheRelaysFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &fake{answer: at("EHLO", silence), pause: func(verb string) {
		if verb == "EHLO" {
			cancel()
		}
	}}
	r := f.relay(t, nil)
	if _, err := r.Acquire(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ErrRelayDown) {
		t.Errorf("%v", err)
	}
	_ = r.Close()
	f.wg.Wait()
}

func TestConnectionIsRenewedAfterSoManyMails(t *testing.T) {
	for name, keep := range map[string]bool{"released after each": false, "kept": true} {
		f := &fake{}
		dialled := 0
		r := f.relay(t, func(o *Options) {
			o.MaxPerConnection, o.Dialled = 3, func(opened bool) {
				if opened {
					dialled++
				}
			}
		})
		c, err := r.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 7 {
			if !keep {
				c.Release()
				c.Release() // does nothing
				if c, err = r.Acquire(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if out := c.Send(t.Context(), mustBuild(t, sample()), nil); out.State != Accepted {
				t.Errorf("%+v", out)
			}
		}
		c.Release()
		_ = r.Close()
		f.wg.Wait()
		quits := 0
		for _, h := range f.heard {
			if strings.HasSuffix(h, "QUIT") {
				quits++
			}
		}
		if f.dials != 3 || dialled != 3 || quits != 3 || len(f.mails) != 7 {
			t.Errorf("%s: %d connections, %d goodbyes, %d emails", name, f.dials, quits, len(f.mails))
		}
	}
}

func TestClose(t *testing.T) {
	f := &fake{}
	r := f.relay(t, func(o *Options) { o.Connections = 2 })
	sendOne(t, r, nil)
	used, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
	_ = r.Close()
	if out := used.Send(t.Context(), mustBuild(t, sample()), nil); out.State != Accepted {
		t.Errorf("a connection in use: %+v", out)
	}
	waiting := make(chan error)
	go func() {
		_, err := r.Acquire(t.Context())
		waiting <- err
	}()
	if err := <-waiting; !errors.Is(err, ErrClosed) {
		t.Errorf("Acquire after Close: %v", err)
	}
	used.Release()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	f.wg.Wait()
	if slices.Sort(f.heard); !slices.Contains(f.heard, "1 QUIT") || !slices.Contains(f.heard, "2 QUIT") {
		t.Errorf("goodbyes: %v", f.heard)
	}
}

// testTLS is a server for relay.example and a client that trusts it.
func testTLS(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"relay.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: roots}
}

func TestSecurityOfTheConnection(t *testing.T) {
	server, client := testTLS(t)
	for name, c := range map[string]struct {
		url    string
		ext    []string
		tlsNow bool
		client *tls.Config
		answer func(int, string) string
		phase  Phase // 0: accepted
		is     error
		code   int
	}{
		"STARTTLS":                       {url: "smtp://relay.example", ext: []string{"STARTTLS", "PIPELINING"}, client: client},
		"STARTTLS with login":            {url: "smtp://hello%40shop.example:s3cret@relay.example", ext: []string{"STARTTLS"}, client: client},
		"STARTTLS not offered":           {url: "smtp://relay.example", client: client, phase: PhaseTLS, is: ErrNoSTARTTLS},
		"STARTTLS refused":               {url: "smtp://relay.example", ext: []string{"STARTTLS"}, client: client, answer: at("STARTTLS", "454 4.7.0 not now"), phase: PhaseTLS, code: 454},
		"STARTTLS with a wrong identity": {url: "smtp://else.example", ext: []string{"STARTTLS"}, client: client, phase: PhaseTLS},
		"STARTTLS, authority unknown":    {url: "smtp://relay.example", ext: []string{"STARTTLS"}, phase: PhaseTLS},
		"TLS from the start":             {url: "smtps://relay.example", tlsNow: true, client: client},
		"TLS from the start, login":      {url: "smtps://hello%40shop.example:s3cret@relay.example", tlsNow: true, client: client},
		"TLS, authority unknown":         {url: "smtps://relay.example", tlsNow: true, phase: PhaseTLS},
		"TLS to a plain relay":           {url: "smtps://relay.example", client: client, phase: PhaseTLS},
		"wrong password":                 {url: "smtps://hello%40shop.example:wr0ng@relay.example", tlsNow: true, client: client, phase: PhaseAuth, code: 535},
		"no login offered":               {url: "smtp+insecure://hello%40shop.example:s3cret@relay.example", phase: PhaseAuth, is: ErrNoAuth},
		"login without TLS":              {url: "smtp+insecure://hello%40shop.example:s3cret@relay.example", ext: []string{"AUTH PLAIN"}},
		"greeting refused":               {url: "smtp+insecure://relay.example", answer: at("GREETING", "554 5.7.1 hello@shop.example is not welcome"), phase: PhaseDial, code: 554},
		"greeting cut":                   {url: "smtp+insecure://relay.example", answer: at("GREETING", cut), phase: PhaseDial, is: ErrConnectionLost},
		"greeting is not SMTP":           {url: "smtp+insecure://relay.example", answer: at("GREETING", "HTTP/1.0 400 hello@shop.example"), phase: PhaseDial, is: ErrProtocol},
		"EHLO cut":                       {url: "smtp+insecure://relay.example", answer: at("EHLO", cut), phase: PhaseHelo, is: ErrConnectionLost},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{tcp: true, ext: c.ext, tls: server, tlsNow: c.tlsNow, answer: c.answer}
			logs, seen := observer.New(zapcore.DebugLevel)
			r := f.relay(t, func(o *Options) { o.URL, o.TLSConfig, o.Log = c.url, c.client, zap.New(logs) })
			conn, err := r.Acquire(t.Context())
			if c.phase == 0 {
				if err != nil {
					t.Fatal(err)
				}
				if out := conn.Send(t.Context(), mustBuild(t, sample()), nil); out.State != Accepted {
					t.Errorf("%+v", out)
				}
				conn.Release()
			} else {
				checkDown(t, err, c.phase, c.code, c.is)
			}
			_ = r.Close()
			f.wg.Wait()
			for _, e := range seen.All() {
				if line := e.Message + strings.Join(fieldStrings(e.Context), " "); strings.ContainsAny(line, "@") || strings.Contains(line, "s3cret") {
					t.Errorf("log line holds an address or a secret: %s", line)
				}
			}
		})
	}
}

func fieldStrings(fields []zapcore.Field) []string {
	var s []string
	for _, f := range fields {
		s = append(s, f.Key, f.String)
	}
	return s
}

func checkDown(t *testing.T, err error, phase Phase, code int, is error) {
	t.Helper()
	failure, ok := errors.AsType[*Failure](err)
	if !ok || !errors.Is(err, ErrRelayDown) || failure.Phase != phase || failure.Code != code || is != nil && !errors.Is(err, is) {
		t.Fatalf("%v, want phase %v and code %d", err, phase, code)
	}
	for _, s := range []string{"@", "hello", "s3cret", "wr0ng"} {
		if strings.Contains(err.Error()+failure.Reply, s) {
			t.Errorf("the error holds %q: %v, %s", s, err, failure.Reply)
		}
	}
}

func TestStaleConnectionUnderTLS(t *testing.T) {
	server, client := testTLS(t)
	f := &fake{tcp: true, tls: server, tlsNow: true, ext: []string{"PIPELINING"}}
	f.answer = func(dial int, verb string) string {
		if dial == 1 && verb == "DOT" {
			return "250 ok\r\n" + cut
		}
		return ""
	}
	r := f.relay(t, func(o *Options) { o.URL, o.TLSConfig = "smtps://relay.example", client })
	for range 3 {
		if out := sendOne(t, r, nil); out.State != Accepted {
			t.Errorf("%+v", out)
		}
	}
	_ = r.Close()
	f.wg.Wait()
	if f.dials != 2 {
		t.Errorf("%d connections", f.dials)
	}
}
