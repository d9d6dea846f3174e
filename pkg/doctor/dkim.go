package doctor

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
)

// An Answer is what DNS said to one question; without records and without Err there are
// none.
type Answer struct {
	Records []string
	Err     string // no answer came, so nothing is known
}

// DKIMFacts are a store's key and what DNS has for it.
type DKIMFacts struct {
	Domain, Selector string           // empty: the store does not sign
	Public           crypto.PublicKey // of the private key that signs
	Answer           Answer           // TXT of <selector>._domainkey.<domain>
}

// record is the TXT record that belongs to a key.
func record(key crypto.PublicKey) string {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(k)
	default:
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			return ""
		}
		return "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)
	}
}

// JudgeDKIM judges whether receivers can verify what a store signs.
func JudgeDKIM(store string, d DKIMFacts) []Finding {
	about := "store " + store
	if d.Domain == "" || d.Public == nil {
		return Of(DNS, Finding{Level: Warning, About: about, Text: "its emails are not signed with DKIM", Why: "large mailbox providers refuse marketing mail that is not, unless the relay signs it",
			Do: "set stores." + store + ".dkim (domain, selector, key_file); openssl genrsa 2048 makes a key"})
	}
	name := d.Selector + "._domainkey." + d.Domain
	want := fmt.Sprintf("publish it at %s, type TXT: %s", name, record(d.Public))
	bad := Finding{Level: Trouble, About: about, Why: "receivers cannot verify the signature, and treat the email as unsigned", Do: want}
	keys := dkimRecords(d.Answer.Records)
	switch {
	case d.Answer.Err != "":
		return Of(DNS, Unknown(DNS, about, name+": "+d.Answer.Err))
	case len(keys) == 0:
		bad.Text = "there is no DKIM record at " + name
	case len(keys) > 1:
		bad.Text = fmt.Sprintf("there are %d DKIM records at %s, and receivers take any one of them", len(keys), name)
		bad.Do = "leave one: " + want
	default:
		bad.Text = keys[0].fault(name, d)
	}
	var out []Finding
	if bad.Text != "" {
		out = append(out, bad)
	} else {
		out = append(out, Finding{Level: OK, About: about, Text: "the DKIM record at " + name + " has the public half of our key"})
		out = append(out, keys[0].notes(about, name)...)
	}
	return Of(DNS, append(out, weak(about, d.Public)...)...)
}

// tags are what a record says: name=value; ….
type tags map[string]string

func readTags(record string) tags {
	out := tags{}
	for part := range strings.SplitSeq(record, ";") {
		if k, v, ok := strings.Cut(part, "="); ok {
			out[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
		}
	}
	return out
}

// dkimRecords are the records that may be keys (RFC 6376, section 3.6.1): a version is not
// required, a key is.
func dkimRecords(records []string) (out []tags) {
	for _, r := range records {
		t := readTags(r)
		if _, key := t["p"]; key && (t["v"] == "" || t["v"] == "DKIM1") {
			out = append(out, t)
		}
	}
	return out
}

// fault says why a record does not fit our key; empty: it does.
func (t tags) fault(name string, d DKIMFacts) string {
	given := strings.Join(strings.Fields(t["p"]), "")
	kind := t["k"]
	if kind == "" {
		kind = "rsa"
	}
	if given == "" {
		return "the DKIM record at " + name + " has no key (p= is empty): it was revoked"
	}
	der, err := base64.StdEncoding.DecodeString(given)
	switch {
	case err != nil:
		return "the key in the DKIM record at " + name + " cannot be read: it was cut or changed when it was entered"
	case !fits(kind, der, d.Public):
		return "the DKIM record at " + name + " is of another key than the one that signs"
	case t["h"] != "" && !strings.Contains(t["h"], "sha256"):
		return "the DKIM record at " + name + " allows only other hashes (h=) than sha256, with which we sign"
	case t["s"] != "" && t["s"] != "*" && !strings.Contains(t["s"], "email"):
		return "the DKIM record at " + name + " is not for email (s=)"
	}
	return ""
}

// fits reports whether a record's key is ours. RSA keys are published in two forms.
func fits(kind string, der []byte, ours crypto.PublicKey) bool {
	switch k := ours.(type) {
	case ed25519.PublicKey:
		return kind == "ed25519" && bytes.Equal(der, k)
	case *rsa.PublicKey:
		whole, err := x509.MarshalPKIXPublicKey(k)
		return kind == "rsa" && (err == nil && bytes.Equal(der, whole) || bytes.Equal(der, x509.MarshalPKCS1PublicKey(k)))
	}
	return false
}

func (t tags) notes(about, name string) []Finding {
	if strings.Contains(t["t"], "y") {
		return []Finding{{Level: Note, About: about, Text: "the DKIM record at " + name + " says that it is a test (t=y)", Why: "some receivers then ignore the signature", Do: "take t=y out of it once emails arrive"}}
	}
	return nil
}

func weak(about string, key crypto.PublicKey) []Finding {
	switch k := key.(type) {
	case ed25519.PublicKey:
		return []Finding{{Level: Warning, About: about, Text: "the DKIM key is Ed25519", Why: "large mailbox providers do not verify it yet, and treat the email as unsigned", Do: "use an RSA key: openssl genrsa 2048"}}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return []Finding{{Level: Warning, About: about, Text: fmt.Sprintf("the DKIM key has %d bits", k.N.BitLen()), Why: "receivers begin to distrust less than 2,048", Do: "make a new one under a new selector: openssl genrsa 2048"}}
		}
	}
	return nil
}
