package homingtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
	"testing"
)

// newKey makes a DKIM key in PEM.
func newKey(t *testing.T) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}

// signedHeaders lists what the DKIM signature of an email covers, in lower case.
func signedHeaders(t *testing.T, raw string) []string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for tag := range strings.SplitSeq(m.Header.Get("DKIM-Signature"), ";") {
		if names, ok := strings.CutPrefix(strings.TrimSpace(tag), "h="); ok {
			return strings.Split(strings.ToLower(strings.Join(strings.Fields(names), "")), ":")
		}
	}
	t.Fatalf("no signature in\n%s", raw)
	return nil
}

// parts returns text and HTML of an email, decoded.
func parts(t *testing.T, raw string) []string {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextPart() // decodes quoted-printable
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
}
