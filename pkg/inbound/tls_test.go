package inbound_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"homing/pkg/inbound"
)

// renew writes a certificate with a number, and its key.
func renew(t *testing.T, number int64, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(number), DNSNames: []string{"mail.shop.example"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, b := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTLSIsOfferedWithTheCertificateOfToday(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	renew(t, 1, cert, key)
	x, addr := serveTLS(t, false, inbound.Offer(cert, key))
	for number := int64(1); number <= 2; number++ {
		renew(t, number, cert, key)
		got := int64(0)
		c, err := smtp.DialStartTLS(addr, &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
			got = s.PeerCertificates[0].SerialNumber.Int64()
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.SendMail("", []string{ours}, strings.NewReader(bounce)); err != nil || got != number {
			t.Errorf("with certificate %d, want %d: %v", got, number, err)
		}
	}
	if n, _, _ := x.get(); n != 2 {
		t.Errorf("%d are recorded", n)
	}
	// Without TLS it is taken as before: the mail server in front may be on this machine.
	if err := client(t, addr, false).SendMail("", []string{ours}, strings.NewReader(bounce)); err != nil {
		t.Error(err)
	}
	if inbound.Offer("", "") != nil {
		t.Error("TLS without a certificate")
	}
	_, addr = serve(t, false)
	c := client(t, addr, false)
	if err := c.Hello("mx"); err != nil {
		t.Fatal(err)
	}
	if ok, _ := c.Extension("STARTTLS"); ok {
		t.Error("STARTTLS is offered without a certificate")
	}
}
