// Package link makes and reads the signed links in emails: the one that
// unsubscribes a customer, the one to their preferences, those that answer a question
// with one click, the one that shows the email in a browser, the one that confirms
// that an address is theirs, and those by which clicks are noticed. It is pure; what a
// link leads to is gateway's business.
//
// A link is its own permission: anyone who has it may do that one thing for that
// one customer, and nothing else. It names the customer by their token, which
// nobody without the installation's secret can compute or read, and it never
// expires: an unsubscribe link has to work for as long as the email is kept.
package link

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"homing/pkg/customer"
)

// Purpose is what a link is for. It is part of what is signed, so no link works
// for anything else.
type Purpose string

// The purposes, and the part of the path that stands for each.
const (
	Unsubscribe Purpose = "u"
	Answer      Purpose = "a"
	View        Purpose = "m"
	Preferences Purpose = "p"
	Confirm     Purpose = "c"
	Visit       Purpose = "l" // leads on to a page of the shop
	Opened      Purpose = "o" // a picture that nobody sees
)

// Why Verify refuses a link.
var (
	// ErrMalformed says that it does not look like a link of ours.
	ErrMalformed = errors.New("not a link of this installation")
	// ErrUnknownKey says that it was signed with a key that is not configured, or
	// no longer.
	ErrUnknownKey = errors.New("signed with a key that is not known here")
	// ErrForged says that the signature does not match.
	ErrForged = errors.New("the signature does not match")
)

// DerivedKey is the id of the key that derives from the installation's secret.
const DerivedKey = "0"

// Key signs links. The secret is not used itself: the signing key derives from it.
type Key struct {
	ID     string // 1 to 32 of a-z, 0-9 and -
	Secret string
}

// Link is what a signed link says.
type Link struct {
	Purpose  Purpose
	Customer customer.Key
	Worker   string // whose email carried it
	Survey   string // of an answer: "after-delivery"; may be empty
	Question string // of an answer: "why_left"
	Answer   string // of an answer that is a choice: "too-expensive"
	Scale    string // of an answer that is a score: "csat"
	Score    int    // of an answer that is a score
	Order    string // of an answer: the order that it is about; may be empty
	Touch    uint64 // of a view: customer.ClaimKey of the touch whose email it is
	Mailbox  string // of a confirmation: token of the mailbox that it was sent to
	At       int64  // of a confirmation or a visit: when it was sent, in seconds since 1970
	Step     string // of a visit: of the touch whose email it is
	Occasion string // of a visit: the same
	URL      string // of a visit: where it leads
}

// Signer signs and verifies the links of one installation.
type Signer struct {
	base string // without a slash at its end
	path string // of base
	keys []signingKey
}

type signingKey struct {
	id    string
	key   []byte
	print string
}

// Every part of a link is plain, so that a dot can separate the parts.
var (
	keyID  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	store  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	worker = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	word   = regexp.MustCompile(`^[a-z_-]{1,32}$`)
	token  = regexp.MustCompile(`^[a-z2-7]{16}$`)
)

const (
	macBytes = 16 // 128 bits: nobody guesses them over the network
	longest  = 512
)

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New returns a signer for links under the public base URL. The first key
// signs, all of them verify.
func New(base string, keys []Key) (*Signer, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("links: %q is not the address of a gateway", base)
	}
	if len(keys) == 0 {
		return nil, errors.New("links: there is no key to sign with")
	}
	s := &Signer{base: strings.TrimRight(base, "/"), path: strings.TrimRight(u.Path, "/")}
	for _, k := range keys {
		if !keyID.MatchString(k.ID) || k.Secret == "" || s.key(k.ID) != nil {
			return nil, fmt.Errorf("links: key %q: an id of its own and a secret are needed", k.ID)
		}
		derived, err := hkdf.Key(sha256.New, []byte(k.Secret), nil, "homing link v1", sha256.Size)
		if err != nil {
			return nil, err
		}
		print, err := hkdf.Key(sha256.New, []byte(k.Secret), nil, "homing link fingerprint v1", 10)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, signingKey{k.ID, derived, lower.EncodeToString(print)})
	}
	return s, nil
}

// Print is a key of links as it may be shown to anybody.
type Print struct {
	ID          string
	Fingerprint string // tells it from any other, and nothing about it
}

// Prints returns the keys that are the configuration's own, the one that signs first.
// None: the key that derives from the installation's secret signs.
func (s *Signer) Prints() (out []Print) {
	for _, k := range s.keys {
		if k.id != DerivedKey {
			out = append(out, Print{k.id, k.print})
		}
	}
	return out
}

// Path returns the path that all links begin with; it has no slash at its end.
func (s *Signer) Path() string { return s.path }

// URL returns the link, or "" if it could not be verified again: every part has
// to be made of plain characters, the token has to be a customer's, and all of it must
// not be too long.
func (s *Signer) URL(l Link) string {
	said, ok := l.encode(s.keys[0].id)
	if !ok {
		return ""
	}
	path := s.path + "/" + string(l.Purpose) + "/" + said + "." + s.keys[0].mac(l.Purpose, said)
	if len(path) > longest && !(l.Purpose.visits() && len(path) <= longestVisit) {
		return ""
	}
	return strings.TrimSuffix(s.base, s.path) + path
}

// Verify reads a link from the path of a request. Upper case is accepted, because
// mail programs have been seen to change it.
func (s *Signer) Verify(path string) (Link, error) {
	rest, ok := strings.CutPrefix(path, s.path+"/")
	purpose, rest, found := strings.Cut(rest, "/")
	if purpose = strings.ToLower(purpose[:min(len(purpose), 2)]); Purpose(purpose).visits() {
		ok = ok && len(path) <= longestVisit
	} else {
		ok = ok && len(path) <= longest
		rest = strings.ToLower(rest[:min(len(rest), longest)])
	}
	end := strings.LastIndexByte(rest, '.')
	if !ok || !found || end < 0 {
		return Link{}, ErrMalformed
	}
	said, mac := rest[:end], rest[end+1:]
	id, l, err := decode(Purpose(purpose), said)
	if err != nil {
		return Link{}, err
	}
	key := s.key(id)
	if key == nil {
		return Link{}, ErrUnknownKey
	}
	if !hmac.Equal([]byte(mac), []byte(key.mac(l.Purpose, said))) {
		return Link{}, ErrForged
	}
	return l, nil
}

func (s *Signer) key(id string) *signingKey {
	for i := range s.keys {
		if s.keys[i].id == id {
			return &s.keys[i]
		}
	}
	return nil
}

// mac signs what a link says, for one purpose.
func (k *signingKey) mac(p Purpose, said string) string {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(string(p) + "\x00" + said))
	return lower.EncodeToString(h.Sum(nil)[:macBytes])
}

// encode writes what is signed, with dots between: key, store, token, worker, and then of
// a view the touch, of a confirmation the mailbox and when; of an answer see answerParts,
// and of a visit visitParts.
func (l Link) encode(key string) (string, bool) {
	parts := []string{key, l.Customer.Store, l.Customer.Token, l.Worker}
	switch l.Purpose {
	case Answer:
		parts = append(parts, l.answerParts()...)
	case View:
		parts = append(parts, strconv.FormatUint(l.Touch, 36))
	case Confirm:
		parts = append(parts, l.Mailbox, strconv.FormatInt(l.At, 36))
	}
	if l.Purpose.visits() {
		parts = append(parts, l.visitParts()...)
	}
	said := strings.Join(parts, ".")
	_, again, err := decode(l.Purpose, said)
	return said, err == nil && again == l
}

func decode(p Purpose, said string) (key string, l Link, err error) {
	parts := strings.Split(said, ".")
	l.Purpose = p
	switch {
	case (p == Unsubscribe || p == Preferences) && len(parts) == 4:
	case p == Answer && len(parts) > 4 && l.answer(parts[4:]):
	case p.visits() && len(parts) > 4 && l.visit(parts[4:]):
	case p == View && len(parts) == 5:
		var err error
		if l.Touch, err = strconv.ParseUint(parts[4], 36, 64); err != nil {
			return "", Link{}, ErrMalformed
		}
	case p == Confirm && len(parts) == 6 && token.MatchString(parts[4]):
		var err error
		if l.At, err = strconv.ParseInt(parts[5], 36, 64); err != nil || l.At <= 0 {
			return "", Link{}, ErrMalformed
		}
		l.Mailbox = parts[4]
	default:
		return "", Link{}, ErrMalformed
	}
	if !keyID.MatchString(parts[0]) || !store.MatchString(parts[1]) || !token.MatchString(parts[2]) || !worker.MatchString(parts[3]) {
		return "", Link{}, ErrMalformed
	}
	of, ok := customer.KeyOfToken(parts[1], parts[2])
	if !ok {
		return "", Link{}, ErrMalformed
	}
	l.Customer, l.Worker = of, parts[3]
	return parts[0], l, nil
}
