package customer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"homing/pkg/reason"
)

// A customer is stored as a row of sections, each a tag, a length and a body, and
// only those that say something. Numbers are varints, strings are preceded by
// their length, and every stamp is written once, since most fields of a customer
// were last said by the same event. Reading and writing a customer is most of
// what taking in an event costs: this is a fifth of the time and two thirds of
// the bytes of CBOR (docs/design/0002).
//
// A reader refuses a tag that it does not know: writing the customer back would
// lose what a newer version said.
const (
	tagStamps = iota + 1 // count; At less the At before it, Tie
	tagTexts1            // of the first version: see Decode
	_                    // orders, and their hashes, as they were before the events of each were joined
	_
	tagClaims    // 16 bytes each: touch, state, reason, at
	tagOpen      // touch, at, lease, owner each
	tagStops     // scope, at each
	tagOpinion   // status, at
	tagBounce    // at, address
	tagCart      // id, place of its stamp, lines
	tagErased    // at, tie
	_            // more about orders
	tagNotes     // 13 bytes each: kind, about, at
	tagOffers    // touch, code, percent, amount, at, expires each
	tagSunset    // at
	tagLeft      // as tagCart; empty: the same as the cart
	tagPlaces    // of the stamps; see stamps.appendPlaces
	tagRivals    // see appendRivals
	tagAddresses // see appendAddresses
	tagAbsorbed  // id, at each
	tagClaimsTo  // of claims whose email went elsewhere: touch, mailbox each
	tagTexts     // in the order of Customer.texts: value, and place of its stamp if there is one
	tagOrders    // count; see appendOrder
	tagUntold    // the same
	tagSeen      // see appendSeen
	tagAsked     // Customer.Asked; then scope and Stop.Back of each that has one
	tagAnswers   // see appendAnswers
	tagTotals    // see appendTotals
	tagRenewals  // subscriptions: see appendSubscriptions
	tagPoints    // see appendAdjustments
	tagPaidBack  // Part.Amount of every statement about pieces, those about untold orders last
	tagLeftOf    // SeenOrder.Left of each, as appendTotals
	tagReferrals // see appendReferrals
)

// ErrRecord is wrapped by every error of Decode.
var ErrRecord = errors.New("not a customer record")

const (
	seenBytes  = 7
	claimBytes = 16
	noteBytes  = 13
)

// Encode returns the bytes a customer is stored as.
func Encode(c *Customer) []byte { return Append(make([]byte, 0, 512), c) }

// Apart returns the customer as they are kept, in memory of their own.
func (c *Customer) Apart() (Customer, error) { return Decode(string(Encode(c))) }

// Append appends to b the bytes a customer is stored as.
func Append(b []byte, c *Customer) []byte {
	t := newStamps(c)
	b = section(b, tagStamps, len(t) > 0, func(b []byte) []byte { return t.append(b) })
	b = section(b, tagPlaces, t.placed(), t.appendPlaces)
	b = section(b, tagTexts, true, func(b []byte) []byte {
		for _, f := range textsToWrite(c) {
			if b = appendString(b, f.Value); f.Value != "" {
				b = t.place(b, f.Stamp)
			}
		}
		return b
	})
	b = section(b, tagOrders, len(c.Orders) > 0, func(b []byte) []byte { return appendOrders(b, c.Orders, t, c.home()) })
	b = section(b, tagTotals, hasTotals(totals(c.Orders)), func(b []byte) []byte { return appendTotals(b, totals(c.Orders)) })
	b = section(b, tagUntold, len(c.Untold) > 0, func(b []byte) []byte { return appendOrders(b, c.Untold, t, c.home()) })
	b = section(b, tagSeen, len(c.Seen) > 0, func(b []byte) []byte { return appendSeen(b, c.Seen) })
	b = section(b, tagLeftOf, hasTotals(lefts(c.Seen)), func(b []byte) []byte { return appendTotals(b, lefts(c.Seen)) })
	b = section(b, tagPaidBack, hasAmounts(c.Orders, c.Untold), func(b []byte) []byte {
		for a := range amounts(c.Orders, c.Untold) {
			b = binary.AppendVarint(b, *a)
		}
		return b
	})
	b = section(b, tagPoints, len(c.Adjustments) > 0, func(b []byte) []byte { return appendAdjustments(b, c.Adjustments) })
	b = section(b, tagReferrals, len(c.Referrals) > 0, func(b []byte) []byte { return appendReferrals(b, c.Referrals) })
	b = appendClaims(b, c.Claims)
	b = section(b, tagStops, c.stops(), func(b []byte) []byte {
		for _, scope := range slices.Sorted(maps.Keys(c.Stops)) {
			if c.Stops[scope].At == 0 {
				continue
			}
			b = binary.AppendVarint(binary.AppendVarint(appendString(b, scope), c.Stops[scope].At), c.Stops[scope].Said)
		}
		return b
	})
	b = section(b, tagAsked, c.Asked != 0 || c.backs(), func(b []byte) []byte {
		b = binary.AppendVarint(b, c.Asked)
		for _, scope := range slices.Sorted(maps.Keys(c.Stops)) {
			if back := c.Stops[scope].Back; back != 0 {
				b = binary.AppendVarint(appendString(b, scope), back)
			}
		}
		return b
	})
	b = section(b, tagOpinion, c.Opinion != Opinion{}, func(b []byte) []byte {
		return binary.AppendVarint(appendString(b, c.Opinion.Status), c.Opinion.At)
	})
	b = section(b, tagBounce, c.Bounce != Bounce{}, func(b []byte) []byte {
		return appendString(binary.AppendVarint(b, c.Bounce.At), c.Bounce.Address)
	})
	b = section(b, tagCart, c.Cart.said(), func(b []byte) []byte { return t.cart(b, c.Cart.Value, c.Cart.Stamp) })
	b = section(b, tagErased, c.Erased != Stamp{}, func(b []byte) []byte {
		return binary.AppendUvarint(binary.AppendVarint(b, c.Erased.At), uint64(c.Erased.Tie))
	})
	b = section(b, tagNotes, len(c.Notes) > 0, func(b []byte) []byte {
		for _, n := range c.Notes {
			b = putUint48(putUint48(append(b, byte(n.Kind)), n.About), uint64(n.At))
		}
		return b
	})
	b = section(b, tagAnswers, len(c.Answers) > 0, func(b []byte) []byte { return appendAnswers(b, c.Answers) })
	b = section(b, tagRenewals, len(c.Subscriptions) > 0, func(b []byte) []byte { return appendSubscriptions(b, c.Subscriptions) })
	b = section(b, tagOffers, len(c.Offers) > 0, func(b []byte) []byte {
		for _, o := range c.Offers {
			b = binary.AppendUvarint(appendString(putUint64(b, o.Touch), o.Code), uint64(o.Percent))
			b = appendString(binary.AppendVarint(b, o.Amount.Minor), o.Amount.Currency)
			b = binary.AppendVarint(binary.AppendVarint(b, o.At), o.Expires)
		}
		return b
	})
	b = section(b, tagSunset, c.Sunset != 0, func(b []byte) []byte { return binary.AppendVarint(b, c.Sunset) })
	b = section(b, tagAddresses, len(c.Addresses) > 0, func(b []byte) []byte { return appendAddresses(b, c, t) })
	b = section(b, tagAbsorbed, len(c.Absorbed) > 0, func(b []byte) []byte {
		for _, a := range c.Absorbed {
			b = binary.AppendVarint(appendString(b, a.ID), a.At)
		}
		return b
	})
	b = section(b, tagLeft, c.Left.said(), func(b []byte) []byte {
		if c.Left.Stamp == c.Cart.Stamp && c.Left.Value.compare(c.Cart.Value) == 0 {
			return b // mostly: nothing was said of it since
		}
		return t.cart(b, c.Left.Value, c.Left.Stamp)
	})
	return section(b, tagRivals, c.rivals(), func(b []byte) []byte { return appendRivals(b, c, t) })
}

// section appends what body writes, with its tag and length before it.
func section(b []byte, tag byte, some bool, body func([]byte) []byte) []byte {
	if !some {
		return b
	}
	const room = 3 // for a length of up to 2 MiB
	b = append(b, tag, 0, 0, 0)
	start := len(b)
	b = body(b)
	n := len(b) - start
	b[start-room] = byte(n) | 0x80
	b[start-room+1] = byte(n>>7) | 0x80
	b[start-room+2] = byte(n >> 14)
	if n < 1<<7 { // most: close the gap
		b[start-room] = byte(n)
		copy(b[start-room+1:], b[start:])
		b = b[:len(b)-2]
	}
	return b
}

func appendLines(b []byte, ls []Line) []byte {
	b = binary.AppendUvarint(b, uint64(len(ls)))
	for _, l := range ls {
		b = binary.AppendUvarint(appendString(b, l.Product), uint64(l.Quantity))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendClaims writes the settled and the open claims in sections of their own.
func appendClaims(b []byte, claims []Claim) []byte {
	open := 0
	for _, k := range claims {
		if k.State == Open {
			open++
		}
	}
	b = section(b, tagClaims, len(claims) > open, func(b []byte) []byte {
		for _, k := range claims {
			if k.State != Open {
				b = putUint48(append(putUint64(b, k.Touch), byte(k.State), reason.Number(reason.Reason(k.Why))), uint64(k.At))
			}
		}
		return b
	})
	elsewhere := slices.ContainsFunc(claims, func(k Claim) bool { return k.To != "" })
	b = section(b, tagOpen, open > 0, func(b []byte) []byte {
		for _, k := range claims {
			if k.State == Open {
				b = binary.AppendVarint(binary.AppendVarint(putUint64(b, k.Touch), k.At), k.Lease)
				b = putUint64(b, k.Owner)
			}
		}
		return b
	})
	return section(b, tagClaimsTo, elsewhere, func(b []byte) []byte {
		for _, k := range claims {
			if k.To != "" {
				b = appendString(putUint64(b, k.Touch), k.To)
			}
		}
		return b
	})
}

func corrupt(what string) error { return fmt.Errorf("%w: %s", ErrRecord, what) }
