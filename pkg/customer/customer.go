// Package customer is the fold of what happened to one customer: the state
// that events and facts lead to, and the pure function that leads there.
//
// The fold is commutative and idempotent: any order of the same events, with
// any repetitions, gives the same customer. That is what makes duplicates
// harmless however late they come, lets replicas work side by side without
// agreeing on an order, and makes a refold from the timeline always safe.
// The package does no I/O; how a customer is stored is projection's business.
package customer

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/localtime"
)

// A Stamp orders two statements about the same thing: by the time of the event;
// those of one time by their place on the stream STOREFRONT, where the one that
// was published later has the higher one, and what has a place is later than what
// has none; those without by a hash of source and id. So every replica decides
// alike, and so does every refold.
type Stamp struct {
	At    int64  // milliseconds since 1970, UTC
	Place uint64 // sequence on STOREFRONT; 0: it did not come from there
	Tie   uint32 // hash of source and id
}

// StampOf returns the stamp of what e says.
func StampOf(e events.Event) Stamp {
	h := fnv.New32a()
	h.Write([]byte(e.Source))
	h.Write([]byte{0})
	h.Write([]byte(e.ID))
	return Stamp{At: e.Time.UnixMilli(), Place: e.Place, Tie: h.Sum32()}
}

// Compare returns -1, 0 or +1 as s is before, equal to or after o.
func (s Stamp) Compare(o Stamp) int {
	return cmp.Or(cmp.Compare(s.At, o.At), cmp.Compare(s.Place, o.Place), cmp.Compare(s.Tie, o.Tie))
}

// After reports whether s is later than o.
func (s Stamp) After(o Stamp) bool { return s.Compare(o) > 0 }

// Same reports whether both are of the same event. Its copies have other places.
func (s Stamp) Same(o Stamp) bool { return s.At == o.At && s.Tie == o.Tie }

// Time returns the time of the event.
func (s Stamp) Time() time.Time { return time.UnixMilli(s.At).UTC() }

// Entry is a timeline entry: what happened, to whom, and its place.
type Entry struct {
	Key      Key
	Event    events.Event
	Sequence uint64 // on the timeline; 0: not there yet
	// Stored is when that was, in ns, where the timeline is split over several streams,
	// whose sequences say nothing about each other; else 0.
	Stored int64
	// Trace has the W3C headers of the trace that the entry belongs to. Nothing is decided
	// by them; nil: nothing is traced.
	Trace map[string][]string
}

// CompareEntries orders entries as they came to be on the timeline.
func CompareEntries(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Stored, b.Stored), cmp.Compare(a.Sequence, b.Sequence))
}

// Record is a customer as they are kept.
type Record struct {
	Key      Key
	Customer Customer
	Version  string // of what is kept; empty if nothing is
	Entries  string // sequences of the latest timeline entries; see Timeline
	Place    Place  // where the indexes have them, as of Version
}

// SequenceBytes is how many bytes of a timeline sequence are kept with the
// customer: enough for a trillion entries.
const SequenceBytes = 5

// KeptEntries is of how many timeline entries the sequences are kept.
const KeptEntries = 100

// Truncated reports whether there may be older timeline entries than those whose
// sequences are kept.
func (r Record) Truncated() bool { return len(r.Entries) >= KeptEntries*SequenceBytes }

// Timeline returns the sequences of the latest timeline entries about the
// customer, ascending.
func (r Record) Timeline() []uint64 {
	var out []uint64
	for s := r.Entries; len(s) >= SequenceBytes; s = s[SequenceBytes:] {
		var b [8]byte
		copy(b[8-SequenceBytes:], s)
		out = append(out, binary.BigEndian.Uint64(b[:]))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Found reports whether anything is kept of the customer.
func (r Record) Found() bool { return r.Version != "" }

// Customer is what is known about one customer. The zero value is a customer about
// whom nothing is known.
type Customer struct {
	ID        Text // as the shop knows them
	Email     Text // as events about the customer have it; see Account
	FirstName Text
	LastName  Text
	Birthday  Text
	TimeZone  Text
	Locale    Text
	Country   Text

	Consent Text            // status of the latest snapshot
	Opinion Opinion         // the latest consent with an explicit time
	Asked   int64           // ms: when they last asked for email, without the proof that a shop wants; see Unconfirmed
	Chosen  Chosen          // in their preferences
	Stops   map[string]Stop // scope of an unsubscribe → when
	Bounce  Bounce

	Orders  []Order     // that were placed, newest first, at most MaxOrders
	Untold  []Order     // that were not told yet, but something about them was; as many
	Seen    []SeenOrder // of which no details are kept, by hash
	Cart    Register[Cart]
	Left    Register[Cart] // as it was when one was last left; see Regrown
	Notes   []Note         // newest first within their kind, at most MaxNotes of each
	Answers []Answer       // newest first, at most MaxAnswers
	Offers  []Offer        // newest first, at most MaxOffers
	Claims  []Claim        // newest first, at most MaxClaims that spend and MaxClaims that do not
	Sunset  int64          // ms: when a last email went out to them; see Asleep

	Adjustments   []Adjustment   // of their points, newest first, at most MaxAdjustments
	Subscriptions []Subscription // ascending by id, at most MaxSubscriptions
	Referrals     []Referral     // newest first, at most MaxReferrals of each side

	Erased Stamp // nothing said up to here is kept
	Merged Text  // id of the customer this one became

	Addresses []Address  // every address that was named, ascending
	Absorbed  []Absorbed // ids that this customer goes on for, ascending

	// Tokens is set of a person alone, and not kept: those of all their ids, ascending.
	// A touch under any of them is theirs.
	Tokens []string
	// Around is set of a person alone, too: tokens of others, about whose orders an email
	// went to the person's mailbox. A touch about the same order is the same email.
	Around []string
	// Others is set of a person alone: the orders of others, about some of which an email
	// went to the person's mailbox, as the claims say.
	Others []Others
}

// Others are the orders of somebody else.
type Others struct {
	Token  string
	Orders []Order
}

// Opinion is what a customer explicitly said about marketing email, and when. It
// needs no place: of a yes and a no of one time the no counts, whichever came last.
type Opinion struct {
	Status string
	At     int64 // ms
}

// Stop says that a customer does not want email of some scope. All times only
// grow, so that those who say it at one time say the same: it needs no place.
type Stop struct {
	At   int64 // ms: when they said so; 0: never
	Said int64 // ms: the latest event that reports it
	Back int64 // ms: when they last chose that kind of email in their preferences
}

// Bounce says that a relay found the address unusable.
type Bounce struct {
	At      int64  // ms
	Address string // keyed hash of the address that bounced
}

// Cart is a cart, as far as it is kept.
type Cart struct {
	ID    string
	Lines []Line
}

// Line is a product and how many of it.
type Line struct {
	Product  string
	Quantity int

	// Of an order, if the shop said so.
	Supply       int32 // days one piece lasts
	Bundle       int16 // the line of the order of which this is a part, counted from 1; 0: none
	Subscription bool  // it comes again by itself
	Unreviewable bool  // nobody is asked for a review of it
}

// Limits of what is kept of one customer.
const (
	MaxCartLines = 30
	MaxClaims    = 100 // that spend, and as many that do not
	MaxNotes     = 40  // of one kind
	MaxOffers    = 20
	MaxCoupons   = 10 // of one order
)

// Gone reports whether the customer was erased and not heard of since.
func (c *Customer) Gone() bool { return c.Erased.At != 0 && c.ID.Value == "" }

// Location returns the customer's time zone, else that of their country, if it
// has but one, or else.
func (c *Customer) Location(otherwise *time.Location) *time.Location {
	for _, name := range []string{c.Zone(), localtime.OfCountry(c.Country.Value)} {
		if name == "" {
			continue
		}
		if l, err := localtime.Load(name); err == nil {
			return l
		}
	}
	return otherwise
}

// hash48 returns a short hash: 48 bits of FNV-1a with its bits mixed once more.
func hash48(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x & (1<<48 - 1)
}

func putUint64(b []byte, x uint64) []byte { return binary.BigEndian.AppendUint64(b, x) }

func getUint64(b []byte) uint64 { return binary.BigEndian.Uint64(b) }

func putUint48(b []byte, x uint64) []byte {
	var t [8]byte
	binary.BigEndian.PutUint64(t[:], x)
	return append(b, t[2:]...)
}

func uint48(b []byte) uint64 {
	var t [8]byte
	copy(t[2:], b[:6])
	return binary.BigEndian.Uint64(t[:])
}
