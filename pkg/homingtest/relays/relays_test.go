package relays

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"homing/pkg/mailer"
)

// client is Homing's side: a relay, and how often each kind of answer came.
type client struct {
	t     *testing.T
	relay *mailer.Relay

	mu       sync.Mutex
	accepted map[string]int // by recipient
	answers  map[string]int
	tries    int                       // emails that the relay was asked to take
	last     map[string]mailer.Outcome // by recipient
}

func connect(t *testing.T, s *Server, change func(o *mailer.Options)) *client {
	t.Helper()
	o := mailer.Options{URL: s.URL(), HELO: "shop.example", Log: zaptest.NewLogger(t)}
	if change != nil {
		change(&o)
	}
	r, err := mailer.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return &client{t: t, relay: r, accepted: map[string]int{}, answers: map[string]int{}, last: map[string]mailer.Outcome{}}
}

// once sends one email, and says in a word what became of it.
func (c *client) once(to string) string {
	m, err := mailer.Build(mailer.Mail{From: "Shop <hello@shop.example>", To: to, Subject: "Hello", Text: "Hello", HTML: "<p>Hello", MessageID: to, Date: time.Now()})
	if err != nil {
		c.t.Fatal(err)
	}
	defer m.Release()
	answer := "down"
	conn, err := c.relay.AcquireFor(c.t.Context(), m)
	var out mailer.Outcome
	if err == nil {
		out = conn.Send(c.t.Context(), m, nil)
		conn.Release()
		answer = out.Meaning().String()
		switch {
		case out.Barred, out.State == mailer.NotSent && out.Phase <= mailer.PhaseMail && out.Code/100 == 4:
			answer = "down"
		case out.Undecided:
			answer = "undecided"
		}
	} else if !errors.Is(err, mailer.ErrRelayDown) {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[answer]++
	if err == nil {
		c.tries++
	}
	c.last[to] = out
	if out.State == mailer.Accepted {
		c.accepted[to]++
	}
	return answer
}

// all sends to each of n recipients until all are accepted, or the time is over, from
// eight senders, as delivery does: an email that finds the relay down stays in flight.
func (c *client) all(n int, within time.Duration) {
	ctx, cancel := context.WithTimeout(c.t.Context(), within)
	defer cancel()
	todo := make(chan string, n)
	for i := range n {
		todo <- fmt.Sprintf("known%d@customer.example", i)
	}
	close(todo)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for to := range todo {
				for ctx.Err() == nil {
					if answer := c.once(to); answer == "accepted" {
						break
					}
					time.Sleep(200 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
}

// arrived checks that each of n emails is in its mailbox, once.
func (c *client) arrived(s *Server, n int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	to := s.Delivered(ctx, n)
	slices.Sort(to)
	if once := slices.Compact(slices.Clone(to)); len(to) != n || len(once) != n || len(c.accepted) != n {
		c.t.Errorf("%d emails in %d mailboxes, %d accepted, want %d of each; answers %v", len(to), len(once), len(c.accepted), n, c.answers)
	}
}

// fails sends to one recipient, who is refused as it should be, among others.
func (c *client) fails(to, want, words string) {
	c.t.Helper()
	answer := c.once(to)
	out := c.last[to]
	if answer != want || !strings.Contains(out.Reply, words) || strings.Contains(out.Reply, "@") {
		c.t.Errorf("%s: %s, want %s and the words %q: %+v", to, answer, want, words, out)
	}
}

// long is a test that `make check` leaves out.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: `make relays` runs it")
	}
}

func TestEximDeliversAtOnceWhatComesOverManyConnections(t *testing.T) {
	s := Exim(t, "", "", "")
	c := connect(t, s, nil)
	c.all(100, time.Minute)
	c.arrived(s, 100)
}

// What Exim does with the eleventh email of a connection is why Homing sends ten.
func TestEximQueuesTheEleventhEmailOfAConnection(t *testing.T) {
	long(t)
	s := Exim(t, "", "", "")
	c := connect(t, s, func(o *mailer.Options) { o.MaxPerConnection, o.Connections = 30, 1 })
	c.all(30, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if n := len(s.Delivered(ctx, 30)); n != 10 || len(c.accepted) != 30 {
		t.Errorf("%d of %d accepted were delivered at once: Exim has another limit than ten", n, len(c.accepted))
	}
}

func TestEximRefusals(t *testing.T) {
	s := Exim(t, "", "", `  defer message = Greylisted, try later
        local_parts = grey`)
	c := connect(t, s, nil)
	c.fails("nobody@customer.example", "bad_address", "Unrouteable address")
	c.fails("ann@elsewhere.example", "sender_at_fault", "relay not permitted")
	c.fails("grey@customer.example", "later", "Greylisted")
	c.fails("known1@customer.example", "accepted", "")
	s = Exim(t, "message_size_limit = 500", "", "")
	c = connect(t, s, nil)
	c.fails("known1@customer.example", "message_at_fault", "size")
}

func TestEximThatDoesNotKnowUs(t *testing.T) { unknown(t, Exim(t, "", "", ""), "relay not permitted") }

// unknown is a relay that relays nothing for us: it is down, and nothing is dropped.
func unknown(t *testing.T, s *Server, words string) {
	c := connect(t, s, nil)
	for i := range 40 {
		c.once(fmt.Sprintf("c%d@elsewhere%d.example", i, i%5))
	}
	t.Logf("%v", c.answers)
	if c.answers["down"] < 35 || c.answers["bad_address"]+c.answers["refused"]+c.answers["doubtful"] != 0 {
		t.Errorf("answers: %v", c.answers)
	}
	_, err := c.relay.Acquire(t.Context())
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%v does not say %q", err, words)
	}
}

func TestEximWithFewConnections(t *testing.T) {
	long(t)
	s := Exim(t, "smtp_accept_max = 2\nsmtp_accept_reserve = 0", "", "")
	c := connect(t, s, nil)
	c.all(60, time.Minute)
	c.arrived(s, 60)
	if c.answers["down"] > 60 {
		t.Errorf("answers: %v", c.answers)
	}
}

func TestEximAtARate(t *testing.T) {
	long(t)
	s := Exim(t, "", `  defer message = too much mail from you
        ratelimit = 15 / 3s / leaky`, "")
	c := connect(t, s, nil)
	c.all(60, time.Minute)
	c.arrived(s, 60)
}

func TestEximWithSTARTTLSAndAUTH(t *testing.T) {
	cert, roots := certificate(t)
	secured(t, Exim(t, "tls_certificate = "+cert+"\ntls_advertise_hosts = *", "", "  require authenticated = *"), roots)
}

// secured tries a server with STARTTLS and AUTH that knows a user: shop, s3cret.
func secured(t *testing.T, s *Server, roots *tls.Config) {
	t.Helper()
	for url, c := range map[string]struct {
		roots *tls.Config
		want  string
		says  string
	}{
		"smtp://shop:s3cret@":          {roots, "accepted", ""},
		"smtp://shop:wr0ng@":           {roots, "down", "535"},
		"smtp://other:s3cret@":         {roots, "down", "535"},
		"smtp://shop:s3cret@untrusted": {nil, "down", "certificate"},
		"smtp+insecure://shop:s3cret@": {nil, "down", mailer.ErrNoAuth.Error()},
		"smtps://shop:s3cret@":         {roots, "down", mailer.ErrSpeaksFirst.Error()},
	} {
		client := connect(t, s, func(o *mailer.Options) {
			o.URL, o.TLSConfig = strings.TrimSuffix(url, "untrusted")+s.Addr(), c.roots
		})
		if got := client.once("known1@customer.example"); got != c.want {
			t.Errorf("%s: %s, want %s", url, got, c.want)
		}
		if c.says != "" {
			_, err := client.relay.Acquire(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: %v, want %s", url, err, c.says)
			}
		}
	}
}

func TestEximOnAPortThatSpeaksTLSFirst(t *testing.T) {
	cert, roots := certificate(t)
	s := Exim(t, "tls_certificate = "+cert+"\ntls_advertise_hosts = *\ntls_on_connect_ports = PORT", "", "")
	c := connect(t, s, func(o *mailer.Options) { o.GreetingTimeout = time.Second })
	if _, err := c.relay.Acquire(t.Context()); !errors.Is(err, mailer.ErrSilent) {
		t.Errorf("%v, want a hint at smtps://", err)
	}
	c = connect(t, s, func(o *mailer.Options) { o.URL, o.TLSConfig = "smtps://"+s.Addr(), roots })
	if got := c.once("known1@customer.example"); got != "accepted" {
		t.Errorf("smtps: %s", got)
	}
}

// certificate makes one of our own for the loopback address: a file with it and its
// key, and what trusts it.
func certificate(t *testing.T) (file string, roots *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots = &tls.Config{RootCAs: x509.NewCertPool()}
	roots.RootCAs.AppendCertsFromPEM(text)
	f, err := os.CreateTemp("", "homing-relay-*.pem")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(f.Name()) })
	if _, err := f.Write(append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		t.Fatal(err)
	}
	return f.Name(), roots
}

func TestPostfixTakesAll(t *testing.T) {
	s := Postfix(t, "")
	c := connect(t, s, nil)
	c.all(250, time.Minute)
	c.arrived(s, 250)
	if len(c.answers) != 1 {
		t.Errorf("answers: %v", c.answers)
	}
}

func TestPostfixRefusals(t *testing.T) {
	s := Postfix(t, "message_size_limit = 500\nqueue_minfree = 1000")
	c := connect(t, s, nil)
	c.fails("nobody@customer.example", "message_at_fault", "5.3.4")
	s = Postfix(t, "smtpd_recipient_restrictions = check_recipient_access inline:{ {grey@customer.example = 450 4.2.0 Greylisted}, {box@customer.example = 552 5.2.2 full} }")
	c = connect(t, s, nil)
	c.fails("nobody@customer.example", "bad_address", "5.1.1")
	c.fails("ann@elsewhere.example", "sender_at_fault", "Relay access denied")
	c.fails("grey@customer.example", "later", "Greylisted")
	c.fails("box@customer.example", "later", "full")
	c.fails("known1@customer.example", "accepted", "")
}

func TestPostfixThatDoesNotKnowUs(t *testing.T) {
	unknown(t, Postfix(t, ""), "Relay access denied")
}

// Four unknown users in a row and no error limit is met, nor the second a reply that
// Postfix waits from the eleventh on.
func TestPostfixIsNotSlowedDownByUnknownUsers(t *testing.T) {
	long(t)
	s := Postfix(t, "")
	c := connect(t, s, func(o *mailer.Options) { o.Connections = 1 })
	begin := time.Now()
	for i := range 60 {
		c.fails(fmt.Sprintf("nobody%d@customer.example", i), "bad_address", "5.1.1")
	}
	t.Logf("60 refusals took %v", time.Since(begin))
	if time.Since(begin) > 30*time.Second {
		t.Errorf("60 refusals took %v", time.Since(begin))
	}
}

func TestPostfixWithFewConnections(t *testing.T) {
	s := Postfix(t, "smtpd_client_connection_count_limit = 2")
	c := connect(t, s, nil)
	c.all(200, time.Minute)
	c.arrived(s, 200)
	if c.answers["down"] > 100 {
		t.Errorf("answers: %v", c.answers)
	}
}

func TestPostfixAtARate(t *testing.T) {
	long(t)
	s := Postfix(t, "smtpd_client_message_rate_limit = 30\nanvil_rate_time_unit = 5s")
	c := connect(t, s, nil)
	c.all(90, time.Minute)
	c.arrived(s, 90)
	t.Logf("answers: %v", c.answers)
}

func TestPostfixClosesIdleConnections(t *testing.T) {
	long(t)
	s := Postfix(t, "smtpd_timeout = 2s")
	c := connect(t, s, nil)
	for i := range 3 {
		if answer := c.once(fmt.Sprintf("known%d@customer.example", i)); answer != "accepted" {
			t.Errorf("email %d: %s", i, answer)
		}
		time.Sleep(3 * time.Second)
	}
	c.arrived(s, 3)
}

func TestEximClosesIdleConnections(t *testing.T) {
	long(t)
	s := Exim(t, "smtp_receive_timeout = 2s", "", "")
	c := connect(t, s, nil)
	for i := range 3 {
		if answer := c.once(fmt.Sprintf("known%d@customer.example", i)); answer != "accepted" {
			t.Errorf("email %d: %s", i, answer)
		}
		time.Sleep(3 * time.Second)
	}
	c.arrived(s, 3)
}
