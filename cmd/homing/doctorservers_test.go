package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"golang.org/x/net/dns/dnsmessage"
)

// zone is a DNS server with what a test says: "TXT shop.example" and the records.
type zone struct {
	addr    string
	mu      sync.Mutex
	records map[string][]string
}

func startZone(t *testing.T) *zone {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	z := &zone{addr: conn.LocalAddr().String(), records: map[string][]string{}}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			if out := z.answer(buf[:n]); out != nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return z
}

// set gives a name records of a type, and returns what gives back those it had.
func (z *zone) set(key string, records ...string) (back func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	before := z.records[key]
	z.records[key] = records
	return func() { z.set(key, before...) }
}

func (z *zone) answer(question []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(question) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	z.mu.Lock()
	records := z.records[strings.TrimPrefix(q.Type.String(), "Type")+" "+strings.TrimSuffix(q.Name.String(), ".")]
	z.mu.Unlock()
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	if len(records) == 0 {
		m.RCode = dnsmessage.RCodeNameError
	}
	for _, r := range records {
		var body dnsmessage.ResourceBody
		switch q.Type {
		case dnsmessage.TypeTXT:
			txt := &dnsmessage.TXTResource{}
			for ; len(r) > 255; r = r[255:] {
				txt.TXT = append(txt.TXT, r[:255])
			}
			txt.TXT = append(txt.TXT, r)
			body = txt
		case dnsmessage.TypeMX:
			body = &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(r)}
		case dnsmessage.TypeA:
			body = &dnsmessage.AResource{A: [4]byte(net.ParseIP(r).To4())}
		default:
			continue
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: body})
	}
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// relayPassword must be in nothing that is said.
const relayPassword = "the-password-of-the-relay"

// mailRelay is an SMTP server with a certificate of its own authority.
type mailRelay struct{ addr, authority string }

func (r *mailRelay) url() string { return "smtp://homing:" + relayPassword + "@" + r.addr }

// startRelay starts a relay whose certificate lasts for a time; 0: it has no TLS.
func startRelay(t *testing.T, lasts time.Duration) *mailRelay {
	t.Helper()
	r := &mailRelay{}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return takesNothing{}, nil }))
	s.Domain, s.MaxMessageBytes, s.EnableSMTPUTF8, s.EnableDSN = "localhost", 20<<20, true, true
	s.AllowInsecureAuth, s.ErrorLog = lasts == 0, quietLog{}
	if lasts > 0 {
		s.TLSConfig, r.authority = ownCertificate(t, lasts)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return r
}

type quietLog struct{}

func (quietLog) Printf(string, ...any) {}
func (quietLog) Println(...any)        {}

// takesNothing lets Homing log in, and fails the test's purpose if it is sent anything.
type takesNothing struct{}

func (takesNothing) AuthMechanisms() []string { return []string{sasl.Plain} }
func (takesNothing) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != relayPassword {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		return nil
	}), nil
}
func (takesNothing) Mail(string, *smtp.MailOptions) error { return errors.New("an email was sent") }
func (takesNothing) Rcpt(string, *smtp.RcptOptions) error { return errors.New("an email was sent") }
func (takesNothing) Data(io.Reader) error                 { return errors.New("an email was sent") }
func (takesNothing) Reset()                               {}
func (takesNothing) Logout() error                        { return nil }

func ownCertificate(t *testing.T, lasts time.Duration) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(lasts), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// dkimKey makes a key, and returns its file and the record that belongs to it.
func dkimKey(t *testing.T, dir, name string) (file, record string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return write(t, dir, name, string(private)), "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
}
