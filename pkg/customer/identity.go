package customer

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"strings"
	"sync"
)

// Buckets is how many shards a store's customers are spread over.
const Buckets = 256

// Key says where a customer is kept: nothing in it tells who they are.
type Key struct {
	Store  string `json:"store"`
	Bucket uint8  `json:"bucket"`
	Token  string `json:"token"` // 16 characters of base32
}

// Identity turns ids and addresses into tokens that nobody without the
// installation's secret can compute or enumerate.
type Identity struct {
	customers, addresses, holdouts sync.Pool // of *keyed

	fingerprint string
}

// keyed is a hash with room for what it is given.
type keyed struct {
	hash.Hash
	room []byte
}

// guest begins the ids that Homing gives to addresses.
const guest = "guest:"

// IsGuest reports whether an id is one that Homing gave to an address; see Guest.
func IsGuest(id string) bool { return strings.HasPrefix(id, guest) }

// Tokens is how a token is written: 16 characters of 10 bytes, the first of which is the bucket.
var Tokens = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewIdentity derives the identity keys from the installation's secret with
// HKDF-SHA256, one for each purpose.
func NewIdentity(secret string) (*Identity, error) {
	var id Identity
	for purpose, pool := range map[string]*sync.Pool{"customer": &id.customers, "address": &id.addresses, "holdout": &id.holdouts} {
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, "homing identity v1 "+purpose, sha256.Size)
		if err != nil {
			return nil, err
		}
		pool.New = func() any { return &keyed{Hash: hmac.New(sha256.New, key)} }
	}
	mark, err := hkdf.Key(sha256.New, []byte(secret), nil, "homing fingerprint v1", tokenBytes)
	if err != nil {
		return nil, err
	}
	id.fingerprint = Tokens.EncodeToString(mark)
	return &id, nil
}

// Fingerprint tells the installation's secret from any other, and nothing about it:
// 16 characters that may be shown to anybody.
func (i *Identity) Fingerprint() string { return i.fingerprint }

// Key returns where the customer of that id is kept.
func (i *Identity) Key(store, id string) Key {
	sum := mac(&i.customers, store, id)
	return Key{Store: store, Bucket: sum[0], Token: token(sum)}
}

// Nobody returns where the entries of orders are of which the shop knows neither an id
// nor an address. No record is kept there.
func (i *Identity) Nobody(store string) Key { return i.Key(store, "nobody:") }

// Staff returns where it is kept what was sent to an address of the shop's own people: in a
// record that no customer has, whoever else has the address.
func (i *Identity) Staff(store, address string) Key {
	return i.Key(store, "staff:"+i.Address(store, address))
}

// KeyOfToken returns where the customer with that token is kept; false if it is
// no token. The bucket is the first byte of what the token is the text of.
func KeyOfToken(store, token string) (Key, bool) {
	b, err := Tokens.DecodeString(strings.ToLower(token))
	if err != nil || len(b) != tokenBytes {
		return Key{}, false
	}
	return Key{Store: store, Bucket: b[0], Token: strings.ToLower(token)}, true
}

// Address returns the keyed hash of an email address, regardless of case.
func (i *Identity) Address(store, address string) string {
	return token(mac(&i.addresses, store, strings.ToLower(address)))
}

// AddressKey returns where what is known about an address itself is kept,
// whichever customers have it, by its keyed hash: a record of its own, which has
// notes and nothing else.
func (i *Identity) AddressKey(store, hash string) Key { return i.Key(store, "address:"+hash) }

// Mailbox is AddressKey of the address itself.
func (i *Identity) Mailbox(store, address string) Key {
	return i.AddressKey(store, i.Address(store, address))
}

// Code returns where it is kept whose a code is that its customer passes on: links, as of a
// mailbox. Case does not matter.
func (i *Identity) Code(store, code string) Key {
	return i.Key(store, "code:"+strings.ToUpper(strings.TrimSpace(code)))
}

// Friend returns the keyed hash of the mailbox of somebody who was referred, however it is
// written: see OneMailbox.
func (i *Identity) Friend(store, address string) string {
	return i.Address(store, "friend:"+OneMailbox(address))
}

// Guest returns the id of a customer about whom only the address is known.
func (i *Identity) Guest(store, address string) string {
	return guest + i.Address(store, address)
}

// Draw returns a customer's number, 0 or more and less than 1, by which they are
// in a control group or not: one for all of the store's email, with an empty
// worker, and one for each worker. Numbers of different workers have nothing to
// do with each other.
func (i *Identity) Draw(k Key, worker string) float64 {
	sum := mac(&i.holdouts, k.Store, k.Token+"\x00"+worker)
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

func mac(pool *sync.Pool, store, s string) (sum [sha256.Size]byte) {
	h := pool.Get().(*keyed)
	defer pool.Put(h)
	h.Reset()
	h.room = append(append(append(h.room[:0], store...), 0), s...)
	h.Write(h.room)
	h.room = h.Sum(h.room[:0])
	copy(sum[:], h.room)
	return sum
}

// tokenBytes is how many bytes of the HMAC a token tells.
const tokenBytes = 10

func token(sum [sha256.Size]byte) string {
	var text [16]byte
	Tokens.Encode(text[:], sum[:tokenBytes])
	return string(text[:])
}
