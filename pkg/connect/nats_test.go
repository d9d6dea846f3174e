package connect_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"homing/pkg/config"
	"homing/pkg/connect"
)

const patience = 20 * time.Second

// serve starts a server with a configuration of nats-server's own; {{port}} in it is one
// that is free.
func serve(t *testing.T, port int, text string) *server.Server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.NoSigs, o.NoLog, o.StoreDir = "127.0.0.1", port, true, true, t.TempDir()
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server did not start")
	}
	return s
}

func port(s *server.Server) int { return s.Addr().(*net.TCPAddr).Port }

func settings(url string) *config.Config {
	c := config.Default()
	c.NATS.URL = config.URL(url)
	return &c
}

// open connects as a process does, and returns what it logs.
func open(t *testing.T, c *config.Config) (*nats.Conn, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	nc, err := connect.NATS(c, "test", zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc, logs
}

// eventually waits for what has to happen.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}

// told counts the lines of a log that have these words.
func told(logs *observer.ObservedLogs, words string) (n int) {
	for _, e := range logs.All() {
		if strings.Contains(fmt.Sprint(e.Message, " ", e.ContextMap()), words) {
			n++
		}
	}
	return n
}

// A password that is changed, and changed back an hour later: the connection is tried
// again for as long as it takes, and the log says why once.
func TestRefusedCredentialsAreTriedAgain(t *testing.T) {
	s := serve(t, -1, `authorization {user: homing, password: one}`)
	nc, logs := open(t, settings(fmt.Sprintf("nats://homing:one@127.0.0.1:%d", port(s))))
	eventually(t, "connected", nc.IsConnected)
	at := port(s)
	s.Shutdown()
	s.WaitForShutdown()
	s = serve(t, at, `authorization {user: homing, password: two}`)
	eventually(t, "refused is said", func() bool { return told(logs, "does not let us in") == 1 })
	time.Sleep(3 * time.Second) // a dozen more tries
	if nc.IsClosed() {
		t.Fatalf("closed for ever: %v", nc.LastError())
	}
	if n := told(logs, "does not let us in"); n != 1 {
		t.Errorf("said %d times", n)
	}
	s.Shutdown()
	s.WaitForShutdown()
	serve(t, at, `authorization {user: homing, password: one}`)
	eventually(t, "connected again", nc.IsConnected)
	eventually(t, "back is said", func() bool { return told(logs, "NATS is back") == 1 })
	if told(logs, "one") != 0 || told(logs, "two") != 0 {
		t.Error("the log has a password")
	}
}

// What is wrong at the start is said in words, in about two seconds. The test has no
// upper bound in real time; it wants the first words to be the right ones.
func TestWhatKeepsUsFromNATSIsSaidInWords(t *testing.T) {
	ca := authority(t)
	other := authority(t)
	cert, key := ca.issue(t, "localhost")
	secure := fmt.Sprintf("tls {cert_file: %q, key_file: %q}\n", cert, key)
	asking := fmt.Sprintf("tls {cert_file: %q, key_file: %q, ca_file: %q, verify: true}\n", cert, key, ca.file)
	first := fmt.Sprintf("tls {cert_file: %q, key_file: %q, handshake_first: true}\n", cert, key)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for _, c := range []struct {
		name, server, words string
		set                 func(*config.NATS)
	}{
		{"nothing listens", "", "nothing listens there", func(n *config.NATS) { n.URL = "nats://127.0.0.1:1" }},
		{"it is silent", "", "does not speak NATS", func(n *config.NATS) { n.URL = config.URL("nats://" + silent.Addr().String()) }},
		{"a name that is none", "", "name is not known", func(n *config.NATS) { n.URL = "nats://nats.invalid" }},
		{"no password", "authorization {user: a, password: b}", "does not let us in", nil},
		{"TLS is demanded", secure, "not trusted here", nil},
		{"an unknown authority", secure, "not trusted here", func(n *config.NATS) { n.TLS.CAFile = other.file }},
		{"another name", secure, "for another name", func(n *config.NATS) {
			n.TLS.CAFile, n.URL = ca.file, config.URL(strings.Replace(n.URL.Reveal(), "localhost", "127.0.0.1", 1))
		}},
		{"no TLS", "", "has no TLS", func(n *config.NATS) { n.TLS.CAFile = ca.file }},
		{"TLS first, and it is not", secure, "nats.tls.first has to be false", func(n *config.NATS) { n.TLS.CAFile, n.TLS.First = ca.file, true }},
		{"TLS first, and we are not", first, "nats.tls.first has to be true", func(n *config.NATS) { n.TLS.CAFile = ca.file }},
		{"no certificate of ours", asking, "asks for a certificate of ours", func(n *config.NATS) { n.TLS.CAFile = ca.file }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, -1, c.server)
			conf := settings(fmt.Sprintf("nats://localhost:%d", port(s)))
			if c.set != nil {
				c.set(&conf.NATS)
			}
			nc, logs := open(t, conf)
			eventually(t, "something is said", func() bool { return logs.Len() > 0 })
			eventually(t, fmt.Sprintf("%q is said; the log has %v", c.words, texts(logs)), func() bool { return told(logs, c.words) == 1 })
			if nc.IsConnected() {
				t.Error("connected")
			}
		})
	}
}

func texts(logs *observer.ObservedLogs) (out []string) {
	for _, e := range logs.All() {
		out = append(out, fmt.Sprint(e.Message, e.ContextMap()))
	}
	return out
}

func TestCertificatesAndKeysLetUsIn(t *testing.T) {
	ca := authority(t)
	cert, key := ca.issue(t, "localhost")
	ours, oursKey := ca.issue(t, "homing")
	user, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, _ := user.PublicKey()
	seed, _ := user.Seed()
	nkey := filepath.Join(t.TempDir(), "homing.nk")
	if err := os.WriteFile(nkey, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, server string
		set          func(*config.NATS)
	}{
		{"a private authority", "tls {cert_file: %q, key_file: %q}", func(n *config.NATS) {}},
		{"TLS first", "tls {cert_file: %q, key_file: %q, handshake_first: true}", func(n *config.NATS) { n.TLS.First = true }},
		{"a certificate of ours", "tls {cert_file: %q, key_file: %q, ca_file: " + ca.file + ", verify: true}", func(n *config.NATS) { n.TLS.CertFile, n.TLS.KeyFile = ours, oursKey }},
		{"an nkey", "tls {cert_file: %q, key_file: %q}\nauthorization {users: [{nkey: " + public + "}]}", func(n *config.NATS) { n.NKeyFile = nkey }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, -1, fmt.Sprintf(c.server, cert, key))
			conf := settings(fmt.Sprintf("nats://localhost:%d", port(s)))
			conf.NATS.TLS.CAFile = ca.file
			c.set(&conf.NATS)
			if err := conf.NATS.Validate(); err != nil {
				t.Fatal(err)
			}
			if err := conf.NATS.TLS.Validate(); err != nil {
				t.Fatal(err)
			}
			nc, logs := open(t, conf)
			eventually(t, fmt.Sprint("connected; the log has ", texts(logs)), nc.IsConnected)
			if state, err := nc.TLSConnectionState(); err != nil || !state.HandshakeComplete {
				t.Errorf("no TLS: %v", err)
			}
			if !strings.HasPrefix(nc.NewInbox(), "_HOMING_INBOX.") {
				t.Errorf("answers come to %s", nc.NewInbox())
			}
		})
	}
}

// issuer is a certificate authority.
type issuer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
	file string
	n    int64
}

func authority(t *testing.T) *issuer {
	t.Helper()
	a := &issuer{dir: t.TempDir(), n: 1}
	a.key = newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.file = a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (a *issuer) write(t *testing.T, name, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// issue makes a certificate for a name, and returns its file and that of its key.
func (a *issuer) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	a.n++
	k := newKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(a.n), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, k.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = a.write(t, name+".pem", "CERTIFICATE", der), a.write(t, name+"-key.pem", "EC PRIVATE KEY", kder)
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		t.Fatal(err)
	}
	return cert, key
}
