package customer

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// record is a Customer as it is stored: CBOR with integer keys, so that fields
// can be added, and with every stamp written once, since most fields of a
// customer were last said by the same event. It is about a third of the JSON.
type record struct {
	Stamps  []uint64        `cbor:"1,keyasint,omitempty"` // pairs: At less the At before it, Tie; ascending
	Texts   []text          `cbor:"2,keyasint,omitempty"` // in the order of Customer.texts
	Orders  []orderEvent    `cbor:"3,keyasint,omitempty"`
	Seen    []byte          `cbor:"4,keyasint,omitempty"` // 7 bytes each: hash, flags
	Claims  []byte          `cbor:"5,keyasint,omitempty"` // 16 bytes each: touch, state, reason, at
	Open    []openClaim     `cbor:"6,keyasint,omitempty"`
	Stops   map[string]stop `cbor:"7,keyasint,omitempty"`
	Opinion *opinion        `cbor:"8,keyasint,omitempty"`
	Bounce  *bounce         `cbor:"9,keyasint,omitempty"`
	Cart    *cart           `cbor:"10,keyasint,omitempty"`
	Erased  *tombstone      `cbor:"11,keyasint,omitempty"`
}

type text struct {
	_     struct{} `cbor:",toarray"`
	Value string
	Stamp int // place in Stamps
}

type orderEvent struct {
	_      struct{} `cbor:",toarray"`
	Order  string
	Kind   Kind
	Stamp  int
	CartID string
	Lines  []line
}

type line struct {
	_        struct{} `cbor:",toarray"`
	Product  string
	Quantity int
}

type stop struct {
	_        struct{} `cbor:",toarray"`
	At, Said int64
}

type opinion struct {
	_      struct{} `cbor:",toarray"`
	Status string
	At     int64
}

type bounce struct {
	_       struct{} `cbor:",toarray"`
	At      int64
	Address string
}

type tombstone struct {
	_   struct{} `cbor:",toarray"`
	At  int64
	Tie uint32
}

type cart struct {
	_     struct{} `cbor:",toarray"`
	ID    string
	Stamp int
	Lines []line
}

type openClaim struct {
	_         struct{} `cbor:",toarray"`
	Touch     uint64
	At, Lease int64
	Owner     uint64
}

// ErrRecord is wrapped by every error of Decode.
var ErrRecord = errors.New("not a customer record")

const (
	seenBytes  = 7
	claimBytes = 16
)

// Encode returns the bytes a customer is stored as.
func Encode(c *Customer) ([]byte, error) {
	t := newStamps(c)
	r := record{Stamps: t.deltas(), Orders: make([]orderEvent, 0, len(c.Orders))}
	last := 0
	texts := c.texts()
	r.Texts = make([]text, len(texts))
	for i, f := range texts {
		if f.Value != "" {
			r.Texts[i] = text{Value: f.Value, Stamp: t.place(f.Stamp)}
			last = i + 1
		}
	}
	r.Texts = r.Texts[:last]
	for _, o := range c.Orders {
		r.Orders = append(r.Orders, orderEvent{Order: o.Order, Kind: o.Kind, Stamp: t.place(o.Stamp), CartID: o.CartID, Lines: pack(o.Lines)})
	}
	for _, s := range c.Seen {
		r.Seen = append(putUint48(r.Seen, s.Hash), s.Flags)
	}
	for _, k := range c.Claims {
		if k.State == Open {
			r.Open = append(r.Open, openClaim{Touch: k.Touch, At: k.At, Lease: k.Lease, Owner: k.Owner})
			continue
		}
		r.Claims = putUint48(append(putUint64(r.Claims, k.Touch), byte(k.State), whyCode(k.Why)), uint64(k.At))
	}
	for scope, s := range c.Stops {
		if r.Stops == nil {
			r.Stops = make(map[string]stop, len(c.Stops))
		}
		r.Stops[scope] = stop{At: s.At, Said: s.Said}
	}
	if c.Opinion != (Opinion{}) {
		r.Opinion = &opinion{Status: c.Opinion.Status, At: c.Opinion.At}
	}
	if c.Bounce != (Bounce{}) {
		r.Bounce = &bounce{At: c.Bounce.At, Address: c.Bounce.Address}
	}
	if c.Cart.Stamp != (Stamp{}) {
		r.Cart = &cart{ID: c.Cart.ID, Stamp: t.place(c.Cart.Stamp), Lines: pack(c.Cart.Lines)}
	}
	if c.Erased != (Stamp{}) {
		r.Erased = &tombstone{At: c.Erased.At, Tie: c.Erased.Tie}
	}
	return cbor.Marshal(&r)
}

// Decode reads what Encode wrote.
func Decode(data []byte) (Customer, error) {
	var c Customer
	var r record
	if err := cbor.Unmarshal(data, &r); err != nil {
		return c, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	t, texts := stampsOf(r.Stamps), c.texts()
	if len(r.Texts) > len(texts) || len(r.Seen)%seenBytes != 0 || len(r.Claims)%claimBytes != 0 {
		return c, fmt.Errorf("%w: written by a newer version", ErrRecord)
	}
	for i, f := range r.Texts {
		if f.Value != "" {
			*texts[i] = Text{Value: f.Value, Stamp: t.at(f.Stamp)}
		}
	}
	for _, o := range r.Orders {
		c.Orders = append(c.Orders, OrderEvent{Order: o.Order, Kind: o.Kind, Stamp: t.at(o.Stamp), CartID: o.CartID, Lines: unpack(o.Lines)})
	}
	for b := r.Seen; len(b) > 0; b = b[seenBytes:] {
		c.Seen = append(c.Seen, SeenOrder{Hash: uint48(b), Flags: b[6]})
	}
	c.Claims = unpackClaims(r)
	for scope, s := range r.Stops {
		if c.Stops == nil {
			c.Stops = make(map[string]Stop, len(r.Stops))
		}
		c.Stops[scope] = Stop{At: s.At, Said: s.Said}
	}
	if r.Opinion != nil {
		c.Opinion = Opinion{Status: r.Opinion.Status, At: r.Opinion.At}
	}
	if r.Bounce != nil {
		c.Bounce = Bounce{At: r.Bounce.At, Address: r.Bounce.Address}
	}
	if r.Cart != nil {
		c.Cart = Cart{ID: r.Cart.ID, Stamp: t.at(r.Cart.Stamp), Lines: unpack(r.Cart.Lines)}
	}
	if r.Erased != nil {
		c.Erased = Stamp{At: r.Erased.At, Tie: r.Erased.Tie}
	}
	return c, nil
}

// whys are the reasons of dropped touches, stored by their place: names are only
// ever added at the end. A reason that is not here is stored as unknown.
var whys = []string{"", "erased", "no_address", "unsubscribed", "bounced", "complained", "no_consent", "worker_off",
	"step_removed", "purchased", "recovered", "emptied", "cancelled", "refunded", "reviewed", "repurchased", "bundled",
	"unavailable", "insufficient_data", "complaint_open", "sunset", "expired", "holdout", "shadow", "rejected_by_server"}

func whyCode(s string) byte { return byte(max(0, slices.Index(whys, s))) }

func why(code byte) string {
	if int(code) < len(whys) {
		return whys[code]
	}
	return ""
}

func unpackClaims(r record) []Claim {
	out := make([]Claim, 0, len(r.Open)+len(r.Claims)/claimBytes)
	for b := r.Claims; len(b) > 0; b = b[claimBytes:] {
		out = append(out, Claim{Touch: getUint64(b), State: ClaimState(b[8]), Why: why(b[9]), At: int64(uint48(b[10:]))})
	}
	for _, k := range r.Open {
		out = append(out, Claim{Touch: k.Touch, State: Open, At: k.At, Owner: k.Owner, Lease: k.Lease})
	}
	if len(out) == 0 {
		return nil
	}
	slices.SortFunc(out, newestClaimFirst)
	return out
}

func pack(ls []Line) []line {
	out := make([]line, len(ls))
	for i, l := range ls {
		out[i] = line{Product: l.Product, Quantity: l.Quantity}
	}
	return out
}

func unpack(ls []line) []Line {
	if len(ls) == 0 {
		return nil
	}
	out := make([]Line, len(ls))
	for i, l := range ls {
		out[i] = Line{Product: l.Product, Quantity: l.Quantity}
	}
	return out
}

// stamps is the table of all stamps of one customer, ascending.
type stamps []Stamp

func newStamps(c *Customer) stamps {
	var t stamps
	add := func(s Stamp) {
		if i, ok := slices.BinarySearchFunc(t, s, Stamp.Compare); !ok {
			t = slices.Insert(t, i, s)
		}
	}
	for _, f := range c.texts() {
		if f.Value != "" {
			add(f.Stamp)
		}
	}
	for _, o := range c.Orders {
		add(o.Stamp)
	}
	if c.Cart.Stamp != (Stamp{}) {
		add(c.Cart.Stamp)
	}
	return t
}

func (t stamps) place(s Stamp) int {
	i, _ := slices.BinarySearchFunc(t, s, Stamp.Compare)
	return i
}

func (t stamps) at(i int) Stamp {
	if i < 0 || i >= len(t) {
		return Stamp{}
	}
	return t[i]
}

func (t stamps) deltas() []uint64 {
	out := make([]uint64, 0, 2*len(t))
	var before int64
	for _, s := range t {
		out = append(out, uint64(s.At-before), uint64(s.Tie))
		before = s.At
	}
	return out
}

func stampsOf(deltas []uint64) stamps {
	var t stamps
	var at int64
	for i := 0; i+1 < len(deltas); i += 2 {
		at += int64(deltas[i])
		t = append(t, Stamp{At: at, Tie: uint32(deltas[i+1])})
	}
	return t
}
