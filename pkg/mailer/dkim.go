package mailer

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// signedHeaders are the headers a signature covers. RFC 8058 requires both
// List-Unsubscribe headers to be; a name that a message does not have is covered
// as missing, so that nobody can add it. From is listed twice (oversigned): a
// second From added on the way breaks the signature.
var signedHeaders = []string{
	"From", "Reply-To", "To", "Subject", "Date", "Message-ID",
	"List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
}

// DKIM signs messages for one domain. It is safe for use by several goroutines.
type DKIM struct {
	signer *gomail.DKIMSigner
}

// NewDKIM makes a signer from a private key in PEM: RSA of at least 1024 bits
// (2048 is right) or ed25519. Large mailbox providers still do not verify
// ed25519 and treat such a message as unsigned, so RSA is the one to use alone.
func NewDKIM(domain, selector string, pemKey []byte) (*DKIM, error) {
	for _, s := range []string{domain, selector} {
		if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(";=:", r) }) {
			return nil, errors.New("mailer: DKIM needs a domain and a selector, in ASCII")
		}
	}
	key, err := gomail.PrivKeyFromPEM(pemKey)
	if err != nil {
		return nil, errors.New("mailer: the DKIM key is not an RSA or ed25519 private key in PEM")
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 1024 {
			return nil, fmt.Errorf("mailer: the DKIM key has %d bits; receivers refuse less than 1024 (RFC 8301)", k.N.BitLen())
		}
	case ed25519.PrivateKey:
	default:
		return nil, errors.New("mailer: the DKIM key is neither RSA nor ed25519")
	}
	s := gomail.NewDKIMSigner(domain, selector, key)
	s.SignHeaders(signedHeaders...)
	s.OversignHeaders("From")
	// Our bodies are canonical as they are (quoted-printable leaves no white
	// space at the end of a line), so relaxing them would only cost time.
	s.BodyCanonicalization(gomail.CanonicalizationSimple)
	d := &DKIM{signer: s}
	// The first signature proves the key, and makes the signer remember its
	// algorithm before several goroutines share it.
	if _, err := d.sign([]byte("From: a@b.example\r\n\r\nproof\r\n")); err != nil {
		return nil, fmt.Errorf("mailer: the DKIM key does not sign: %w", err)
	}
	return d, nil
}

// sign returns the header field that signs a message.
func (d *DKIM) sign(raw []byte) (string, error) {
	head, body, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		return "", errors.New("the message has no body")
	}
	field, err := d.signer.Sign(raw[:len(head)+2], body)
	if err != nil {
		return "", err
	}
	return refold(field), nil
}

// refold folds a signature between its tags and within b= only. go-mail 0.8.1
// breaks any tag that is longer than a line in the middle, the list of headers
// too, but signs the text without the breaks: a verifier unfolds each to a
// space, and the signature fails.
func refold(field string) string {
	const width = 76
	field = strings.ReplaceAll(strings.TrimSuffix(field, "\r\n"), "\r\n ", "")
	tags, signature, _ := strings.Cut(field, "; b=") // b= is the last
	var b strings.Builder
	column := 0
	for i, tag := range strings.Split(tags, "; ") {
		switch {
		case i == 0:
		case column+len("; ")+len(tag) < width:
			b.WriteString("; ")
			column += 2
		default:
			b.WriteString(";\r\n ")
			column = 1
		}
		b.WriteString(tag)
		column += len(tag)
	}
	// A verifier takes all white space out of the signature itself.
	b.WriteString(";\r\n b=")
	for room := width - len(" b="); len(signature) > room; room = width - 1 {
		b.WriteString(signature[:room])
		b.WriteString("\r\n ")
		signature = signature[room:]
	}
	b.WriteString(signature)
	b.WriteString("\r\n")
	return b.String()
}
