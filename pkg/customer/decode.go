package customer

import (
	"encoding/binary"
	"slices"
	"unsafe"

	"homing/events"
	"homing/pkg/reason"
)

// Decode reads what Encode wrote. The customer's strings are parts of data. Of a
// record of the first version it reads the claims: what else there is to know is
// folded again from the timeline, as projection does when the version changes.
func Decode(data string) (Customer, error) {
	var c Customer
	first := false
	var t stamps
	r := reader{rest: data}
	for r.rest != "" {
		tag := r.byte()
		body := reader{rest: r.bytes(int(r.uvarint()))}
		if r.bad {
			return c, corrupt("cut short")
		}
		if tag == tagTexts1 {
			first = true
		}
		if first && tag != tagClaims && tag != tagOpen {
			continue
		}
		switch tag {
		case tagStamps:
			t = body.stamps()
		case tagPlaces:
			body.places(t)
		case tagTexts:
			for _, f := range c.texts() {
				if body.rest == "" {
					break // written by a version that had fewer
				}
				if f.Value = body.string(); f.Value != "" {
					f.Stamp = body.at(t)
				}
			}
		case tagOrders:
			c.Orders = body.orders(t)
		case tagTotals:
			body.totals(totals(c.Orders))
		case tagUntold:
			c.Untold = body.orders(t)
		case tagSeen:
			c.Seen = body.seen()
		case tagLeftOf:
			body.totals(lefts(c.Seen))
		case tagPaidBack:
			for a := range amounts(c.Orders, c.Untold) {
				*a = body.varint()
			}
		case tagPoints:
			c.Adjustments = body.adjustments()
		case tagReferrals:
			c.Referrals = body.referrals()
		case tagClaims:
			body.claims(&c)
		case tagOpen:
			body.open(&c)
		case tagStops:
			c.Stops = map[string]Stop{}
			for body.rest != "" && !body.bad {
				scope := body.string()
				c.Stops[scope] = Stop{At: body.varint(), Said: body.varint()}
			}
		case tagAsked:
			body.asked(&c)
		case tagOpinion:
			c.Opinion = Opinion{Status: body.string(), At: body.varint()}
		case tagBounce:
			c.Bounce = Bounce{At: body.varint(), Address: body.string()}
		case tagCart:
			c.Cart.Value, c.Cart.Stamp = body.cart(t)
		case tagErased:
			c.Erased = Stamp{At: body.varint(), Tie: uint32(body.uvarint())}
		case tagNotes:
			c.Notes = body.notes()
		case tagAnswers:
			c.Answers = body.answers()
		case tagRenewals:
			c.Subscriptions = body.subscriptions()
		case tagOffers:
			for body.rest != "" && !body.bad {
				c.Offers = append(c.Offers, body.offer())
			}
		case tagSunset:
			c.Sunset = body.varint()
		case tagLeft:
			if c.Left = c.Cart; body.rest != "" {
				c.Left.Value, c.Left.Stamp = body.cart(t)
			}
		case tagRivals:
			body.rivals(&c, t)
		case tagClaimsTo:
			body.claimsTo(c.Claims)
		case tagAddresses:
			body.addresses(&c, t)
		case tagAbsorbed:
			for body.rest != "" && !body.bad {
				c.Absorbed = append(c.Absorbed, Absorbed{ID: body.string(), At: body.varint()})
			}
		default:
			return c, corrupt("it was written by a newer version")
		}
		if body.bad || body.rest != "" {
			return c, corrupt("a section is damaged")
		}
	}
	c.toHome()
	c.toAgreed()
	return c, nil
}

// reader takes values off the front of a string. Once something is missing it is
// bad, and all further values are zero.
type reader struct {
	rest string
	bad  bool
	room []Line // for lines, as far as it goes
}

func (r *reader) bytes(n int) string {
	if n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, ""
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) byte() byte {
	if s := r.bytes(1); s != "" {
		return s[0]
	}
	return 0
}

// view lends the string as bytes, for reading.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(view(r.rest))
	if n <= 0 {
		r.bad, r.rest = true, ""
		return 0
	}
	r.rest = r.rest[n:]
	return x
}

func (r *reader) varint() int64 {
	x := r.uvarint()
	return int64(x>>1) ^ -int64(x&1)
}

func (r *reader) uint64() uint64 {
	if s := r.bytes(8); s != "" {
		return getUint64(view(s))
	}
	return 0
}

func (r *reader) string() string { return r.bytes(int(min(r.uvarint(), 1<<30))) }

// count reads how many things of at least so many bytes follow.
func (r *reader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/size) {
		r.bad, r.rest = true, ""
		return 0
	}
	return int(n)
}

func (r *reader) lines() []Line {
	n := r.count(2)
	if n == 0 {
		return nil
	}
	if n > cap(r.room)-len(r.room) {
		r.room = make([]Line, 0, n)
	}
	start := len(r.room)
	r.room = r.room[:start+n]
	out := r.room[start : start+n : start+n]
	for i := range out {
		out[i] = Line{Product: r.string(), Quantity: int(r.uvarint())}
	}
	return out
}

func (r *reader) claims(c *Customer) {
	c.Claims = make([]Claim, 0, len(r.rest)/claimBytes+1)
	for r.rest != "" {
		s := r.bytes(claimBytes)
		if r.bad {
			break
		}
		b := view(s)
		c.Claims = append(c.Claims, Claim{Touch: getUint64(b), State: ClaimState(b[8]), Why: string(reason.Numbered(b[9])), At: int64(uint48(b[10:]))})
	}
}

// open adds the open claims to the settled ones, which come before them.
func (r *reader) open(c *Customer) {
	for r.rest != "" && !r.bad {
		c.Claims = append(c.Claims, Claim{State: Open, Touch: r.uint64(), At: r.varint(), Lease: r.varint(), Owner: r.uint64()})
	}
	slices.SortFunc(c.Claims, newestClaimFirst)
}

// claimsTo adds to the claims where their emails went.
func (r *reader) claimsTo(claims []Claim) {
	for r.rest != "" && !r.bad {
		touch, to := r.uint64(), r.string()
		i := slices.IndexFunc(claims, func(k Claim) bool { return k.Touch == touch })
		if i < 0 {
			r.bad = true
			return
		}
		claims[i].To = to
	}
}

func (r *reader) notes() []Note {
	out := make([]Note, 0, len(r.rest)/noteBytes+1)
	for r.rest != "" {
		s := r.bytes(noteBytes)
		if r.bad {
			break
		}
		b := view(s)
		out = append(out, Note{Kind: NoteKind(b[0]), About: uint48(b[1:]), At: int64(uint48(b[7:]))})
	}
	return out
}

func (r *reader) offer() Offer {
	return Offer{Touch: r.uint64(), Code: r.string(), Percent: int(r.uvarint()),
		Amount: events.Money{Minor: r.varint(), Currency: r.string()}, At: r.varint(), Expires: r.varint()}
}
