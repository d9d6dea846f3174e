package customer

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"homing/events"
	"homing/pkg/reason"
)

// ClaimState says how far a touch has come. A higher state wins over a lower one.
type ClaimState uint8

// The states of a claim. All but Open are settled: the touch has its outcome.
const (
	Open      ClaimState = iota + 1 // someone is sending it, until the lease ends
	Dropped                         // decided: never sent
	Uncertain                       // handed to the relay, whose answer never came
	Sent                            // accepted by the relay
)

// Claim is the right to send one touch, and later what became of it.
type Claim struct {
	Touch uint64 // ClaimKey of the touch id
	State ClaimState

	Elsewhere bool // of a person: it takes no place in theirs; see Person

	At    int64  // ms, business time: when it was claimed, then when it was settled
	Why   string // dropped only: the reason
	Owner uint64 // open only: which sender
	Lease int64  // open only: ms of real time until which the owner may be sending
	// To is the token of the mailbox where the email went, if that is not the
	// customer's home: the address of an order. It takes a place in that mailbox's caps.
	To string
}

// ClaimKey returns what a touch is known by among a customer's claims: eight
// bytes of the SHA-256 of its id.
func ClaimKey(touch string) uint64 {
	var room [160]byte // most ids are shorter, and are copied to no heap
	return ClaimKeyOf(append(room[:0], touch...))
}

// ClaimKeyOf is ClaimKey of an id that somebody put together.
func ClaimKeyOf(touch []byte) uint64 {
	h := sha256.Sum256(touch)
	return binary.BigEndian.Uint64(h[:8])
}

// Went returns the token of the mailbox where an email of a person went, if that isn't
// the person's own.
func (k Claim) Went() string {
	if k.Elsewhere {
		return k.To
	}
	return ""
}

// Spends reports whether the claim takes a place in the frequency caps.
func (k Claim) Spends() bool { return k.State != Dropped && !k.Elsewhere }

// Bundled reports whether another touch's email took the touch over; its claim has the
// same time.
func (k Claim) Bundled() bool { return k.State == Dropped && k.Why == string(reason.Bundled) }

// Claimed returns the claim on a touch.
func (c *Customer) Claimed(key uint64) (Claim, bool) {
	for i := range c.Claims {
		if c.Claims[i].Touch == key {
			return c.Claims[i], true
		}
	}
	return Claim{}, false
}

// Settle takes a claim over where it says more than what is held, and reports
// whether it did: a settled claim beats an open one, sent beats uncertain beats
// dropped, and of two equal outcomes the earlier stays.
func (c *Customer) Settle(k Claim) bool {
	old, ok := c.Claimed(k.Touch)
	if ok && (old.State > k.State || old.State == k.State && (old.At < k.At || old.At == k.At && old.Why <= k.Why)) {
		return false
	}
	c.SetClaim(k)
	_, kept := c.Claimed(k.Touch)
	return kept // not if it is older than all of the MaxClaims of its sort
}

// SetClaim replaces any claim on the same touch by k. It is for the
// owner of an open claim; what facts say goes through Settle.
func (c *Customer) SetClaim(k Claim) {
	c.Release(k.Touch)
	i, _ := slices.BinarySearchFunc(c.Claims, k, newestClaimFirst)
	c.Claims = slices.Insert(c.Claims, i, k)
	// Those that count for the caps and those that were dropped have room of their
	// own. However much is dropped, the caps count right; and however much was sent,
	// what an email took over is known to be bundled with it.
	n, oldest := 0, 0
	for j, o := range c.Claims {
		if o.Spends() == k.Spends() && o.State != Open { // what is under way is never pushed out
			n, oldest = n+1, j
		}
	}
	if n > MaxClaims {
		c.Claims = slices.Delete(c.Claims, oldest, oldest+1)
	}
}

// With returns a customer who has a claim more, and is the same otherwise.
func (c *Customer) With(k Claim) *Customer {
	other := *c
	other.Claims = slices.Clone(c.Claims)
	other.SetClaim(k)
	return &other
}

// Without returns a customer without some claims, who is the same otherwise: c, if there are
// none of these.
func (c *Customer) Without(is func(Claim) bool) *Customer {
	if !slices.ContainsFunc(c.Claims, is) {
		return c
	}
	other := *c
	other.Claims = slices.DeleteFunc(slices.Clone(c.Claims), is)
	return &other
}

// Release removes the claim on a touch: it is free again.
func (c *Customer) Release(key uint64) {
	c.Claims = slices.DeleteFunc(c.Claims, func(k Claim) bool { return k.Touch == key })
}

func newestClaimFirst(a, b Claim) int {
	return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(a.Touch, b.Touch))
}

// ends says which outcome a fact reports, by its action.
var ends = map[string]ClaimState{
	events.ActionSent: Sent, events.ActionUncertain: Uncertain, events.ActionDropped: Dropped,
}

// fact folds what Homing did about one touch.
func (c *Customer) fact(f events.Fact, s Stamp) bool {
	b, action := f.Body(), f.Type().Action()
	if action == events.ActionHeld {
		return b.Reason == string(reason.Yields) && s.At > c.Erased.At && c.note(Yielded, b.Touch, s)
	}
	k := Claim{Touch: ClaimKey(b.Touch), State: ends[action], At: s.At, To: b.To}
	if k.State == Dropped {
		k.Why = b.Reason
	}
	changed := c.Settle(k)
	for _, touch := range b.Bundles {
		changed = c.Settle(Claim{Touch: ClaimKey(touch), State: Dropped, At: s.At, Why: string(reason.Bundled)}) || changed
	}
	if b.Sunset && s.At > c.Erased.At {
		changed = c.sunset(s.At) || changed
	}
	if b.Refuses != "" && s.At > c.Erased.At {
		changed = c.stop(b.Refuses, Stop{At: s.At, Said: s.At}) || changed
	}
	if b.Bounced != "" && s.At > c.Erased.At {
		changed = c.bounce(Bounce{At: s.At, Address: b.Bounced}) || changed
	}
	return changed
}

func (c *Customer) bounce(b Bounce) bool {
	if b.At < c.Bounce.At || b.At == c.Bounce.At && b.Address <= c.Bounce.Address {
		return false
	}
	c.Bounce = b
	return true
}
