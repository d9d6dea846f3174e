package mailer

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// testKeys are one key of each kind a signer takes.
func testKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]crypto.Signer{"rsa": rsaKey, "ed25519": edKey}
}

var whiteSpace = regexp.MustCompile(`[ \t]+`)

// relaxed is a header field in relaxed canonical form (RFC 6376, section 3.4.2),
// without its CRLF.
func relaxed(field string) string {
	name, value, _ := strings.Cut(strings.ReplaceAll(field, "\r\n", ""), ":")
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.TrimSpace(whiteSpace.ReplaceAllString(value, " "))
}

// verify checks a signature the way a receiver does, from the RFC and apart from
// the code that signs. It returns the tags of the signature.
func verify(raw []byte, key crypto.PublicKey) (map[string]string, error) {
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	var fields []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if line[0] == ' ' || line[0] == '\t' {
			fields[len(fields)-1] += "\r\n" + line
		} else {
			fields = append(fields, line)
		}
	}
	signature, fields := fields[0], fields[1:]
	canonical := relaxed(signature)
	tags := map[string]string{}
	for tag := range strings.SplitSeq(strings.TrimPrefix(canonical, "dkim-signature:"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(tag), "=")
		tags[name] = value
	}
	if tags["c"] != "relaxed/simple" || tags["l"] != "" {
		return tags, fmt.Errorf("c=%s l=%s", tags["c"], tags["l"])
	}
	hash := sha256.Sum256([]byte(strings.TrimRight(body, "\r\n") + "\r\n"))
	if tags["bh"] != base64.StdEncoding.EncodeToString(hash[:]) {
		return tags, fmt.Errorf("the body hash differs")
	}
	var signed strings.Builder
	for name := range strings.SplitSeq(tags["h"], ":") {
		for i := len(fields) - 1; i >= 0; i-- {
			if field := relaxed(fields[i]); strings.HasPrefix(field, strings.ToLower(name)+":") {
				signed.WriteString(field + "\r\n")
				fields = append(fields[:i:i], fields[i+1:]...)
				break
			}
		}
	}
	signed.WriteString(canonical[:strings.LastIndex(canonical, " b=")+len(" b=")])
	sum := sha256.Sum256([]byte(signed.String()))
	b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(tags["b"], " ", ""))
	if err != nil {
		return tags, err
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		return tags, rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], b)
	case ed25519.PublicKey:
		if ed25519.Verify(k, sum[:], b) {
			return tags, nil
		}
	}
	return tags, fmt.Errorf("the signature does not verify")
}

func TestDKIMSignatureVerifies(t *testing.T) {
	for name, key := range testKeys(t) {
		t.Run(name, func(t *testing.T) {
			d, err := NewDKIM("shop.example", "homing", pkcs8(t, key))
			if err != nil {
				t.Fatal(err)
			}
			plain := sample()
			plain.UnsubscribeURL, plain.ReplyTo, plain.HTML = "", "", ""
			for _, m := range []Mail{sample(), plain} {
				m.DKIM = d
				msg := mustBuild(t, m)
				tags, err := verify(msg.Bytes(), key.Public())
				if err != nil {
					t.Fatalf("%v\n%s", err, msg.Bytes())
				}
				const want = "From:Reply-To:To:Subject:Date:Message-ID:List-Unsubscribe:List-Unsubscribe-Post:MIME-Version:Content-Type:From"
				if tags["h"] != want || tags["d"] != "shop.example" || tags["s"] != "homing" {
					t.Errorf("tags %v", tags)
				}
			}
		})
	}
}

// What is covered cannot be changed or added on the way, what a relay may
// rightly do to a header can.
func TestDKIMSignatureHoldsOnTheWay(t *testing.T) {
	key := testKeys(t)["ed25519"]
	d, err := NewDKIM("shop.example", "homing", pkcs8(t, key))
	if err != nil {
		t.Fatal(err)
	}
	m := sample()
	m.DKIM, m.ReplyTo = d, ""
	raw := string(mustBuild(t, m).Bytes())
	for change, c := range map[string]struct {
		old, new string
		ok       bool
	}{
		"received line added":  {"\r\nDate: ", "\r\nReceived: from x by y\r\nDate: ", true},
		"header folded":        {"MIME-Version: 1.0", "MIME-Version:\r\n 1.0", true},
		"unsubscribe replaced": {"https://mail.shop.example/u/", "https://evil.example/u/", false},
		"one-click removed":    {"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "", false},
		"second From":          {"\r\nDate: ", "\r\nFrom: <boss@shop.example>\r\nDate: ", false},
		"Reply-To added":       {"\r\nDate: ", "\r\nReply-To: <evil@else.example>\r\nDate: ", false},
		"body changed":         {"mug", "jug", false},
	} {
		changed := strings.Replace(raw, c.old, c.new, 1)
		if changed == raw {
			t.Errorf("%s: nothing to change", change)
			continue
		}
		if _, err := verify([]byte(changed), key.Public()); (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %t", change, err, c.ok)
		}
	}
}

func TestDKIMSignatureIsFoldedWell(t *testing.T) {
	d, err := NewDKIM("shop.example", "homing", pkcs8(t, testKeys(t)["rsa"]))
	if err != nil {
		t.Fatal(err)
	}
	m := sample()
	m.DKIM = d
	raw := mustBuild(t, m).Bytes()
	field := raw[:bytes.Index(raw, []byte("\r\nDate:"))]
	for line := range strings.SplitSeq(string(field), "\r\n") {
		if len(line) > 76 && !strings.HasPrefix(line, " h=") {
			t.Errorf("line of %d bytes: %s", len(line), line)
		}
	}
}

func TestDKIMIsSharedByGoroutines(t *testing.T) {
	key := testKeys(t)["ed25519"]
	d, err := NewDKIM("shop.example", "homing", pkcs8(t, key))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			m := sample()
			m.DKIM = d
			msg, err := Build(m)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := verify(msg.Bytes(), key.Public()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestNewDKIMRefuses(t *testing.T) {
	good := pkcs8(t, testKeys(t)["ed25519"])
	for name, c := range map[string]struct {
		domain, selector string
		key              []byte
	}{
		"no domain":         {"", "s", good},
		"no selector":       {"d.example", "", good},
		"tag in the domain": {"d.example; l=0", "s", good},
		"no PEM":            {"d.example", "s", []byte("secret")},
		"public key":        {"d.example", "s", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")})},
	} {
		if _, err := NewDKIM(c.domain, c.selector, c.key); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
