package workers

import (
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// The answers to how likely somebody is to recommend the shop, 0 to 10, from which on they
// do, and up to which they do not: the usual ones of NPS.
const (
	promoter  = 9
	Detractor = 6
)

// A Cause is what makes it right to ask somebody for something, and when.
type Cause struct {
	What string
	Due  time.Time
}

// Promoting returns the answers by which a customer would recommend the shop; after is how
// long after one it is right to ask them, and 0 that it never is.
func Promoting(c *customer.Customer, after time.Duration) (out []Cause) {
	for _, a := range c.Answers {
		if score, scale, ok := a.Score(); ok && after > 0 && scale == events.NPS && score >= promoter {
			out = append(out, Cause{fmt.Sprintf("they would recommend the shop: %d of 10", score), a.Time().Add(after)})
		}
	}
	return out
}

// Risen returns that a customer reached a tier of rewards, one of some, or will.
func Risen(in Input, tiers []string, after time.Duration) (out []Cause) {
	if len(tiers) == 0 || in.Ledger == nil {
		return nil
	}
	l, at := in.Ledger(), []time.Time{in.Now}
	if rise, ok := l.Rises(in.Now); ok {
		at = append(at, rise)
	}
	for _, t := range at {
		if s := l.Tier(t); s.Rose && slices.Contains(tiers, s.Tier) {
			out = append(out, Cause{"they reached " + s.Tier, s.Since.Add(after)})
		}
	}
	return out
}

// LastScore returns what the customer last answered to how likely they are to recommend the
// shop, and when; the zero time: they never did.
func LastScore(c *customer.Customer) (at time.Time, score int) {
	for _, a := range c.Answers { // newest first
		if n, scale, ok := a.Score(); ok && scale == events.NPS {
			return a.Time(), n
		}
	}
	return at, 0
}
