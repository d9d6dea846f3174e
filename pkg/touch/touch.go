// Package touch holds the words that every stage shares: a touch (one email
// planned for one customer on one occasion) and the verdict on it. It is pure: no I/O,
// no clock.
package touch

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
)

// Class decides which rules apply to a touch.
type Class string

// The classes. A marketing touch needs consent and room in the caps; a
// transactional one is about something the customer did, and is only counted. One for
// staff goes to people of the shop, who are no customers: it needs neither, and like
// marketing it is never sent a second time to be sure.
const (
	Marketing     Class = "marketing"
	Transactional Class = "transactional"
	Staff         Class = "staff"
)

// Marketing reports whether the rules for marketing apply: to all that is not said to be
// something else.
func (c Class) Marketing() bool { return c != Transactional && c != Staff }

// A Step is one email of a worker's series.
type Step struct {
	Name     string // stable: pending touches know their step by it
	Template string // "thank-you/thanks"
	Class    Class
	Expires  time.Duration // how long after its due time it is still worth sending
	Offer    *offer.Terms  // the most that the step may offer; nil: nothing
	Asks     bool          // it asks whether the address is theirs: that of many customers is nobody's
	Survey   string        // it asks "<survey>/<question>", whose answer its worker looks for; empty: none
	Sunset   bool          // the last word: who does not react to it gets no marketing any more
}

// A Touch is one step planned for one customer on one occasion. It is also the
// body of its schedule: what the email displays is carried here, not in Redis.
type Touch struct {
	Worker   string       `json:"worker"`
	Step     string       `json:"step"`
	Customer customer.Key `json:"customer"`
	Occasion string       `json:"occasion"` // the order, cart, lapse or year that caused it
	Due      time.Time    `json:"due"`      // when the worker wants it; how late it is counts from here
	Wake     time.Time    `json:"wake"`     // when it is looked at: Due, or later if it was held
	// Zone is set when Wake is a time of day on the clocks there, like 09:00 of a
	// birthday or the end of quiet hours; both times are then written with the offset
	// that they were planned with. See Today.
	Zone    string    `json:"zone,omitempty"`
	Late    bool      `json:"late,omitempty"`    // what led to it was told so late that Wake waits a little; see schedule.Wake
	Caused  time.Time `json:"caused,omitzero"`   // when what led to it happened; an erasure since takes it along
	Address string    `json:"address,omitempty"` // keyed hash of the customer's address as it was; see delivery
	Tries   int       `json:"tries,omitempty"`   // how often the relay asked to come again
	Issued  bool      `json:"issued,omitempty"`  // the offer that is bound to it is on the timeline
	// Snapshot is nil in a plan that knows a better time, but not what the email
	// displays: the pending touch's is kept.
	Snapshot *Snapshot `json:"snapshot,omitempty"`
	// Again is what somebody asked for who has it sent again; nil: nobody did. Its Occasion
	// is then theirs.
	Again *Again `json:"again,omitempty"`
	// Own is what people decided for the one occasion, where people make them; nil: nothing.
	Own *Own `json:"own,omitempty"`
	// Trace has the W3C headers of the trace in which it was planned, which are headers of
	// its message as well; nil: nothing is traced.
	Trace map[string][]string `json:"-"`
}

// Again is an email that went out before, and that somebody at the shop has sent again.
type Again struct {
	Occasion string `json:"occasion"` // that it is about
	By       string `json:"by"`       // who asked for it: a name, no address
}

// About returns the touch as its worker knows it: about what it was about the first time.
func (t Touch) About() Touch {
	if t.Again != nil {
		t.Occasion = t.Again.Occasion
	}
	return t
}

// Own is what an occasion that people made has in place of what the configuration says of
// its worker.
type Own struct {
	Priority *int          `json:"priority,omitempty"` // 0 to 100; nil: the worker's
	Expires  time.Duration `json:"expires,omitempty"`  // 0: the step's
	Holdout  float64       `json:"holdout,omitempty"`  // share of the customers who don't get it, drawn for it alone
}

// Snapshot is what the email displays, as it was when the touch was planned.
type Snapshot struct {
	Order    string        `json:"order,omitempty"`
	Cart     string        `json:"cart,omitempty"`
	URL      string        `json:"url,omitempty"` // brings the customer back to the cart
	PlacedAt time.Time     `json:"placed_at,omitzero"`
	Items    []events.Item `json:"items,omitempty"` // at most MaxItems
	More     int           `json:"more,omitempty"`  // lines left out
	Total    events.Money  `json:"total,omitzero"`

	// Of an order, as far as the shop said.
	Discount  events.Money `json:"discount,omitzero"`
	Shipping  events.Money `json:"shipping,omitzero"`
	Tax       events.Money `json:"tax,omitzero"`
	StatusURL string       `json:"status_url,omitempty"`

	// Of a subscription, what the shop said of it last, but for Items, More and Total, which
	// are above.
	Subscription *events.Subscription `json:"subscription,omitempty"`
	RetryAt      time.Time            `json:"retry_at,omitzero"` // when the shop tries to charge it again

	To        string `json:"to,omitempty"`         // the address that came with the order; see Touch.To
	FirstName string `json:"first_name,omitempty"` // as the event has it that caused the touch
	LastName  string `json:"last_name,omitempty"`
}

// MaxItems is how many lines of an order or a cart a touch carries, and
// MaxSnapshot how many bytes of them: ten million schedules must stay small.
const (
	MaxItems    = 30
	MaxSnapshot = 8 << 10
)

// ID returns <worker>.<step>.<customer token>.<occasion>. It is deterministic:
// planning twice is the same touch.
func (t Touch) ID() string {
	return t.Worker + "." + t.Step + "." + t.Customer.Token + "." + t.Occasion
}

// ClaimKey is customer.ClaimKey of the touch's id, without the id.
func (t Touch) ClaimKey() uint64 {
	var room [160]byte
	id := append(append(room[:0], t.Worker...), '.')
	id = append(append(id, t.Step...), '.')
	id = append(append(id, t.Customer.Token...), '.')
	return customer.ClaimKeyOf(append(id, t.Occasion...))
}

// Items returns the lines of an order or cart that a touch carries, within
// MaxItems and MaxSnapshot, and how many were left out.
func Items(items []events.Item) (kept []events.Item, more int) {
	room := MaxSnapshot
	for i, it := range items {
		room -= len(it.ProductID) + len(it.Name) + len(it.URL) + len(it.ImageURL) + 120
		if i == MaxItems || room < 0 {
			return items[:i:i], len(items) - i
		}
	}
	return items, 0
}

// isPlain reports whether s matches [a-z0-9-]{1,32}.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

var base32Lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Token returns s as it may stand in a subject and a touch id: s itself if it
// matches [a-z0-9-]{1,32}, else base32 of its SHA-256, 26 characters.
func Token(s string) string {
	if isPlain(s) {
		return s
	}
	h := sha256.Sum256([]byte(s))
	return base32Lower.EncodeToString(h[:16])
}

// ErrID is wrapped by the errors of ParseID.
var ErrID = errors.New("not a touch id")

// ParseID splits a touch id into worker, step, customer token and occasion.
func ParseID(id string) (worker, step, token, occasion string, err error) {
	p := strings.Split(id, ".")
	if len(p) != 4 {
		return "", "", "", "", fmt.Errorf("%w: %q", ErrID, id)
	}
	for _, s := range p {
		if !isPlain(s) {
			return "", "", "", "", fmt.Errorf("%w: %q", ErrID, id)
		}
	}
	return p[0], p[1], p[2], p[3], nil
}
