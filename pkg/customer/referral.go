package customer

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// MaxReferrals is how many referrals are kept of one customer, on each side: those of
// which something was said last.
const MaxReferrals = 200

// ReferralState is what became of the order of somebody who was referred, by its place in
// events.ReferralStates.
type ReferralState uint8

// The states. Of two that were said at one time the higher one counts: who says it knew
// more.
const (
	ReferralUnknown   ReferralState = iota // the order was not told yet
	ReferralStands                         // it stands
	ReferralAgain                          // it stands, and the friend was referred before
	ReferralReturned                       // nothing is left of it
	ReferralRefunded                       // likewise
	ReferralCancelled                      // likewise
	ReferralSelf                           // the friend is who referred them, or has the same mailbox
)

func (s ReferralState) String() string { return events.ReferralStates[s] }

// Referral is an order of somebody who was referred, with the friend or with who referred
// them.
type Referral struct {
	Referrer bool   // the customer is the one who referred; else the friend
	Other    string // token of the other one
	Order    string // id of the friend's order; with who referred, a hash of it
	Mailbox  string // keyed hash of the friend's mailbox, however it is written; may be empty
	State    ReferralState
	At       int64 // ms: as of when that is so
	Placed   int64 // ms: when the order was placed
	Gone     int64 // ms: since when nothing is left of it; 0: something is
}

// PlacedAt returns when the order was placed.
func (r Referral) PlacedAt() time.Time { return time.UnixMilli(r.Placed).UTC() }

// Friend names who was referred: two ids with one mailbox are one friend.
func (r Referral) Friend() string { return cmp.Or(r.Mailbox, r.Other) }

// Holds returns what counts of a referral whose order can be sent back within a time: the
// state in which the order is, or was then. What becomes of it after that changes nothing.
func (r Referral) Holds(window time.Duration) ReferralState {
	if r.Gone > r.Placed+window.Milliseconds() {
		return ReferralStands
	}
	return r.State
}

func (r Referral) about() string { return fmt.Sprint(r.Referrer, r.Other, " ", r.Order) }

// compareReferrals tells which of two statements about one referral counts.
func compareReferrals(a, b Referral) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.State, b.State), cmp.Compare(b.Placed, a.Placed), cmp.Compare(b.Gone, a.Gone), strings.Compare(a.Mailbox, b.Mailbox))
}

// referred folds what is told of a referral.
func (c *Customer) referred(d *events.ReferralNoted, s Stamp) bool {
	if c.Erased.At != 0 && s.At <= c.Erased.At {
		return false
	}
	r := Referral{Referrer: d.Side == events.SideReferrer, Other: d.Other, Order: d.Order, Mailbox: d.Mailbox, At: s.At, Placed: s.At,
		State: ReferralState(max(slices.Index(events.ReferralStates, d.State), 0))}
	if d.PlacedAt != nil {
		r.Placed = d.PlacedAt.UnixMilli()
	}
	if d.GoneAt != nil {
		r.Gone = d.GoneAt.UnixMilli()
	}
	return c.refer(r)
}

// refer keeps what is said of a referral, and reports whether that is news. Of each
// referral what was said last counts, and of all of a side those that were spoken of last
// stay.
func (c *Customer) refer(r Referral) bool {
	if i := slices.IndexFunc(c.Referrals, func(x Referral) bool { return x.about() == r.about() }); i >= 0 {
		if compareReferrals(r, c.Referrals[i]) <= 0 {
			return false
		}
		c.Referrals = slices.Delete(c.Referrals, i, i+1)
	}
	i, _ := slices.BinarySearchFunc(c.Referrals, r, newestReferralFirst)
	c.Referrals = slices.Insert(c.Referrals, i, r)
	n, last := 0, 0
	for j, x := range c.Referrals {
		if x.Referrer == r.Referrer {
			n, last = n+1, j
		}
	}
	if n > MaxReferrals {
		c.Referrals = slices.Delete(c.Referrals, last, last+1)
		return last != i
	}
	return true
}

func newestReferralFirst(a, b Referral) int {
	return cmp.Or(cmp.Compare(b.At, a.At), strings.Compare(a.about(), b.about()), compareReferrals(b, a))
}

// ReferralsOf returns the referrals of a side, the oldest order first.
func (c *Customer) ReferralsOf(referrer bool) []Referral {
	var out []Referral
	for _, r := range c.Referrals {
		if r.Referrer == referrer {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Referral) int {
		return cmp.Or(cmp.Compare(a.Placed, b.Placed), strings.Compare(a.about(), b.about()))
	})
	return out
}

// CountingReferrals returns for each friend, or for the customer as a friend, the referral
// that counts: that of the first order that stands, or of the last if none does. window is
// how long an order can be sent back. The earliest order comes first.
func (c *Customer) CountingReferrals(referrer bool, window time.Duration) (out []Referral) {
	all := c.Referred()
	if referrer {
		all = c.ReferralsOf(true)
	}
	for _, r := range all {
		i := slices.IndexFunc(out, func(x Referral) bool { return !referrer || x.Friend() == r.Friend() })
		switch {
		case i < 0:
			out = append(out, r)
		case out[i].Holds(window) != ReferralStands:
			out = append(slices.Delete(out, i, i+1), r)
		}
	}
	return out
}

// ToSelf reports whether the other one of a referral is the customer.
func (c *Customer) ToSelf(r Referral) bool {
	return r.State == ReferralSelf || slices.Contains(c.Tokens, r.Other)
}

// Referred returns the referrals of a friend as they are now, the oldest order first. Of
// several orders the first that stands counts, whoever recommended the shop.
func (c *Customer) Referred() []Referral {
	out := c.ReferralsOf(false)
	var at int64
	again := false
	for i := range out {
		r := &out[i]
		if r.State != ReferralSelf {
			c.follow(r)
		}
		at = max(at, r.At)
		if r.At = at; again && r.State == ReferralStands { // it rests on what is known of those before
			r.State = ReferralAgain
		}
		again = again || r.State == ReferralStands
	}
	return out
}

// ApplyTelling is Apply of an entry. It returns, too, what others are to be told of what
// that changed, as entries of theirs: customers who recommended the shop, of the order that
// came of it. They are the same whichever process makes them.
func ApplyTelling(c *Customer, e *Entry) (changed bool, tell []Entry) {
	_, noted := e.Event.Data.(*events.ReferralNoted)
	if len(c.Referrals) == 0 && !noted {
		return Apply(c, e.Event), nil
	}
	before := c.Referred()
	if changed = Apply(c, e.Event); !changed {
		return false, nil
	}
	for _, r := range c.Referred() {
		k, ok := KeyOfToken(e.Key.Store, r.Other)
		if !ok || slices.Contains(before, r) {
			continue
		}
		placed := r.PlacedAt()
		d := &events.ReferralNoted{Side: events.SideReferrer, Other: e.Key.Token, Order: fmt.Sprintf("%012x", About(r.Order)),
			Mailbox: r.Mailbox, State: r.State.String(), PlacedAt: &placed}
		if r.Gone != 0 {
			gone := time.UnixMilli(r.Gone).UTC()
			d.GoneAt = &gone
		}
		tell = append(tell, Entry{Key: k, Event: events.Event{
			ID: fmt.Sprintf("referral.%s.%s.%d.%s", e.Key.Token, d.Order, r.At, d.State), Source: "/homing/intake",
			Type: d.Type(), Store: e.Key.Store, Time: time.UnixMilli(r.At).UTC(), Data: d,
		}})
	}
	return true, tell
}

// follow says what became of the order of a referral, and when.
func (c *Customer) follow(r *Referral) {
	order := r.Order
	o, placed := c.Order(order)
	switch undone := c.Undone(order); {
	case undone != 0:
		r.State, r.Gone = undoneAs[undone], c.goneSince(*r, undone)
		r.At = max(r.At, r.Gone)
		if placed {
			r.Placed = o.Age
		}
	case r.Gone != 0 && !(placed && o.Since().UnixMilli() > r.Gone): // see Person.PassOn
		if placed {
			r.Placed = o.Age
		}
	case placed && !o.Test:
		r.State, r.Placed, r.Gone = ReferralStands, o.Age, 0
		r.At = max(r.At, o.Since().UnixMilli())
	case !placed:
		r.State = ReferralUnknown
		if at, ok := c.PlacedAt(order); ok { // its details are not kept any more
			r.State, r.Placed = ReferralStands, at.UnixMilli()
		}
	}
}

// appendReferrals writes side and state, the strings, and the times of each.
func appendReferrals(b []byte, all []Referral) []byte {
	for _, r := range all {
		said := byte(r.State) << 1
		if r.Referrer {
			said |= 1
		}
		b = appendString(appendString(appendString(append(b, said), r.Other), r.Order), r.Mailbox)
		b = binary.AppendVarint(binary.AppendVarint(binary.AppendVarint(b, r.At), r.At-r.Placed), r.Gone)
	}
	return b
}

func (r *reader) referrals() (out []Referral) {
	for r.rest != "" && !r.bad {
		said := r.byte()
		x := Referral{Referrer: said&1 != 0, State: ReferralState(said >> 1), Other: r.string(), Order: r.string(), Mailbox: r.string()}
		x.At = r.varint()
		x.Placed = x.At - r.varint()
		x.Gone = r.varint()
		if r.bad = r.bad || int(x.State) >= len(events.ReferralStates); !r.bad {
			out = append(out, x)
		}
	}
	return out
}
