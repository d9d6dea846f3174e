// Package returnpath makes and reads envelope senders of which every email has its
// own: the address that bounces come back to, and that says which email came back. It
// is pure; it does not read bounces.
//
// The address holds a code of 55 characters: which customer, which address by its
// keyed hash, which touch, and a signature that nobody without the installation's
// secret can make. So a bounce that was made up suppresses nobody, and one that comes
// after the customer has another address concerns the old one. The store isn't written
// down, as its name may be longer than the address has room for; it is part of what
// is signed, and the code is tried for each store there is. A code never expires.
package returnpath

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"

	"homing/pkg/customer"
)

// What Read answers to an address that tells nothing.
var (
	// ErrMalformed says that it doesn't look like one of ours.
	ErrMalformed = errors.New("not a return path of an email of Homing's")
	// ErrForged says that nobody with the installation's secret made it, for any store
	// that there is.
	ErrForged = errors.New("the signature of the return path does not match")
)

// Email is what a return path says about the email it belongs to.
type Email struct {
	Customer customer.Key // to whom the touch was planned
	Address  string       // keyed hash of the address that the email went to: customer.Identity's Address

	touch [touchBytes]byte
}

// Of returns what the return path of a touch's email says.
func Of(k customer.Key, address, touchID string) Email {
	e := Email{Customer: k, Address: address}
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], customer.ClaimKey(touchID))
	copy(e.touch[:], key[:])
	return e
}

// Touch returns what is known of the touch's key.
func (e Email) Touch() [6]byte { return e.touch }

// Is reports whether the email was of the touch with the key (customer.ClaimKey). Six
// bytes of it are compared, which tell the touches of one customer apart.
func (e Email) Is(key uint64) bool {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], key)
	return [touchBytes]byte(b[:]) == e.touch
}

// A code is made of these, in this order.
const (
	tokenBytes = 10 // of a customer's token, and of an address's hash
	touchBytes = 6
	macBytes   = 8 // 64 bits: each guess is an email that has to be delivered
	saidBytes  = 2*tokenBytes + touchBytes
)

// codeLen is the length of a code in characters.
const codeLen = ((saidBytes+macBytes)*8 + 4) / 5

// digits are those of base32 in lower case: servers have been seen to change the case.
const digits = "abcdefghijklmnopqrstuvwxyz234567"

var encoding = base32.NewEncoding(digits).WithPadding(base32.NoPadding)

// Signer makes and reads the return paths of one installation. It is safe for
// concurrent use.
type Signer struct{ key []byte }

// New returns the signer whose key derives from the installation's secret. The secret
// never changes, and so what was made once can be read for ever.
func New(secret string) (*Signer, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "homing return path v1", sha256.Size)
	if err != nil {
		return nil, err
	}
	return &Signer{key}, nil
}

// Address returns the return path of an email, of the form that Fault accepts; "" if
// the email names no customer or no address.
func (s *Signer) Address(form string, e Email) string {
	code := s.Code(e)
	if code == "" {
		return ""
	}
	return strings.Replace(form, "*", code, 1)
}

// Code returns the code alone; "" if the email names no customer or no address.
func (s *Signer) Code(e Email) string {
	var buf [saidBytes + sha256.Size]byte
	said := buf[:0]
	for _, token := range []string{e.Customer.Token, e.Address} {
		b, err := encoding.DecodeString(token)
		if err != nil || len(b) != tokenBytes {
			return ""
		}
		said = append(said, b...)
	}
	said = append(said, e.touch[:]...)
	return encoding.EncodeToString(append(said, s.mac(e.Customer.Store, said)...))
}

// ReadCode is Read for a code alone.
func (s *Signer) ReadCode(code string, stores []string) (Email, error) {
	return s.Read(code+"@", stores)
}

// Read returns which email an address is the return path of, and of which of these
// stores. The form doesn't matter: an address that was made while another was
// configured can still be read, in any case, also where a server on the way has put
// something in front of the local part.
func (s *Signer) Read(address string, stores []string) (Email, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 || at > maxRead {
		return Email{}, ErrMalformed
	}
	err := ErrMalformed
	other := func(r rune) bool { return !strings.ContainsRune(digits, r) }
	for _, code := range strings.FieldsFunc(strings.ToLower(address[:at]), other) {
		b, bad := encoding.DecodeString(code)
		if bad != nil || len(code) != codeLen || encoding.EncodeToString(b) != code {
			continue
		}
		if e, ok := s.verify(b, stores); ok {
			return e, nil
		}
		err = ErrForged
	}
	return Email{}, err
}

// maxRead is the longest local part that is looked at: 64 bytes are allowed, and
// forwarders have been seen to make more of them.
const maxRead = 256

// verify tries the code for each of the stores.
func (s *Signer) verify(b []byte, stores []string) (Email, bool) {
	said, mac := b[:saidBytes], b[saidBytes:]
	for _, store := range stores {
		if !hmac.Equal(mac, s.mac(store, said)) {
			continue
		}
		k, ok := customer.KeyOfToken(store, encoding.EncodeToString(said[:tokenBytes]))
		return Email{
			Customer: k, Address: encoding.EncodeToString(said[tokenBytes : 2*tokenBytes]),
			touch: [touchBytes]byte(said[2*tokenBytes:]),
		}, ok
	}
	return Email{}, false
}

// mac signs what is said, for one store. Everything that is signed has the same
// length, so the store needs no end.
func (s *Signer) mac(store string, said []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write(said)
	h.Write([]byte(store))
	return h.Sum(nil)[:macBytes]
}
