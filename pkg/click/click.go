// Package click is how an unsubscribe that cannot be recorded at once, because Redis is
// away, is in force all the same: the gateway leaves it on STOREFRONT as a click, signed
// with a key of the installation's secret; intake takes it in as customer.unsubscribed;
// and until it has, no marketing email leaves the store.
//
// A click is not a type of event: it names the customer by their token, as links do, and
// a storefront, which cannot sign one, has customer.unsubscribed.
package click

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// Type is what clicks are called in subjects: storefront.<store>.link.clicked.
const Type events.Type = "link.clicked"

// Is reports whether a subject is that of clicks.
func Is(subject string) bool { return strings.HasSuffix(subject, "."+string(Type)) }

// A Click says that a customer leaves.
type Click struct {
	Customer customer.Key
	Scope    string
	At       int64 // ms, business time
}

const (
	// repeat is how long a second click on the same thing counts as the same click:
	// people click twice, and providers try again.
	repeat = time.Minute
	// Ahead is how far the clock of a shop may be ahead of ours.
	Ahead = 5 * time.Minute
)

// Event is what a click that is recorded at once says of a person. It has their id in the
// shop, so that the shop can follow the timeline. What was said lately is not said again,
// and a no is later than a yes, under whichever of the person's ids either was said: the
// clock of a shop may be ahead of ours, and the customer left after they came.
func (x Click) Event(c *customer.Customer) events.Event { return x.event(c, math.MaxInt64) }

// Later is Event for a click that waited: they may have come back since.
func (x Click) Later(c *customer.Customer) events.Event {
	return x.event(c, x.At+Ahead.Milliseconds())
}

// event is the event; a yes after latest is later than the click.
func (x Click) event(c *customer.Customer, latest int64) events.Event {
	at := x.At
	if c.Unsubscribed(x.Scope) && Recent(c.Stops[x.Scope].At, at) {
		at = c.Stops[x.Scope].At // said a moment ago: the same event again
	}
	if yes := c.Opinion; yes.Status == events.Subscribed && yes.At <= latest {
		at = max(at, yes.At)
	}
	return events.Event{
		ID: fmt.Sprintf("unsubscribed.%s.%s.%d", x.Customer.Token, x.Scope, at), Source: events.Gateway, Type: events.TypeCustomerUnsubscribed,
		Store: x.Customer.Store, Time: time.UnixMilli(at).UTC(),
		Data: &events.CustomerUnsubscribed{Customer: events.Customer{ID: c.ID.Value}, Scope: x.Scope},
	}
}

// Recent reports whether a time was so shortly before another, in ms, that it is of the
// same click.
func Recent(at, now int64) bool {
	ago := now - at
	return ago >= 0 && ago < repeat.Milliseconds()
}

// A Signer signs clicks, and tells those that it signed.
type Signer struct{ key []byte }

// NewSigner derives the key from the installation's secret.
func NewSigner(secret string) (*Signer, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "homing click v1", sha256.Size)
	return &Signer{key}, err
}

// written is a click as it is on STOREFRONT.
type written struct {
	Customer  string `json:"customer"`
	Scope     string `json:"scope"`
	At        int64  `json:"at"`
	Signature []byte `json:"signature"`
}

// Encode writes a click. The store is in its subject, and is signed too.
func (s *Signer) Encode(x Click) ([]byte, error) {
	return json.Marshal(written{x.Customer.Token, x.Scope, x.At, s.sign(x)})
}

// ErrForged says that a click is not the gateway's.
var ErrForged = errors.New("not a click that Homing's gateway signed")

// Decode reads a click of a store.
func (s *Signer) Decode(store string, data []byte) (Click, error) {
	var w written
	if err := json.Unmarshal(data, &w); err != nil {
		return Click{}, ErrForged
	}
	k, ok := customer.KeyOfToken(store, w.Customer)
	x := Click{k, w.Scope, w.At}
	if !ok || !hmac.Equal(w.Signature, s.sign(x)) {
		return Click{}, ErrForged
	}
	return x, nil
}

func (s *Signer) sign(x Click) []byte {
	h := hmac.New(sha256.New, s.key)
	said := []string{x.Customer.Store, x.Customer.Token, base64.RawStdEncoding.EncodeToString([]byte(x.Scope)), fmt.Sprint(x.At)}
	h.Write([]byte(strings.Join(said, "\x00")))
	return h.Sum(nil)
}
