package gate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// SetDefault sets how far ahead an email looks for a more important one.
func (p *Pacing) SetDefault() { p.LookAhead = 2 * time.Hour }

// A Rival is another touch of the same customer that is pending and would pass.
type Rival struct {
	Touch    touch.Touch
	Priority int
	At       time.Time // when it would go out: now, or when it falls due
}

// Scarce reports whether the touch, if it were sent now, would take the last
// place in a cap: only then can it be in the way of another.
func (c *Case) Scarce() bool {
	if !c.marketing() || c.yielded() {
		return false
	}
	this := c.Touch.ClaimKey()
	if c.Policy.PerDay > 0 && len(c.onDay(c.date(c.Now), c.recipient().Claims, c.Now, this))+1 >= int(c.Policy.PerDay) {
		return true
	}
	return slices.ContainsFunc(c.windows(), func(w Window) bool {
		return len(w.Used(c.recipient().Claims, c.Now, this))+1 >= w.Limit
	})
}

// yielded reports whether the touch let another go first before it was last put
// back to wait. If it yielded after that, this is the same message delivered again,
// and it yields again.
func (c *Case) yielded() bool {
	return slices.ContainsFunc(c.Customer.Noted(customer.Yielded, c.Touch.ID()), func(n customer.Note) bool {
		return n.At < c.Touch.Wake.UnixMilli()
	})
}

// Yield is asked when no rule objects: if the caps do not have room for both this
// touch and one of a higher priority that falls due within lookAhead, the higher
// one goes first. A touch yields at most once, so that none waits for ever.
func (c *Case) Yield(priority int, rivals []Rival, lookAhead time.Duration) touch.Verdict {
	if lookAhead <= 0 || !c.Scarce() {
		return touch.Verdict{}
	}
	var above []Rival
	for _, r := range rivals {
		if r.Priority > priority && !r.At.After(c.Now.Add(lookAhead)) {
			above = append(above, r)
		}
	}
	// The order among them is the one they will be sent in: by priority, then by time.
	slices.SortFunc(above, func(a, b Rival) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.At.Compare(b.At), cmp.Compare(a.Touch.ID(), b.Touch.ID()))
	})
	without := c.placed(above, nil)
	with := c.placed(above, &customer.Claim{Touch: c.Touch.ClaimKey(), State: customer.Sent, At: c.Now.UnixMilli()})
	for i, r := range above {
		if without[i] && !with[i] {
			return c.later(r.At.Add(afterRival), reason.Yields, fmt.Sprintf("%s.%s of priority %d goes first, at %s",
				r.Touch.Worker, r.Touch.Step, r.Priority, c.moment(r.At)))
		}
	}
	return touch.Verdict{}
}

// afterRival is how long after the rival's time a touch that yielded is judged
// again: by then the rival has its outcome.
const afterRival = 5 * time.Minute

// placed says which of the rivals find room, in their order, after what was sent
// already and the touch that goes first, if one does.
func (c *Case) placed(rivals []Rival, first *customer.Claim) []bool {
	claims := slices.Clone(c.recipient().Claims)
	add := func(k customer.Claim) {
		i, _ := slices.BinarySearchFunc(claims, k, func(a, b customer.Claim) int { return cmp.Compare(b.At, a.At) })
		claims = slices.Insert(claims, i, k)
	}
	if first != nil {
		add(*first)
	}
	out := make([]bool, len(rivals))
	for i, r := range rivals {
		key := r.Touch.ClaimKey()
		if out[i] = c.room(claims, r.At, key); out[i] {
			add(customer.Claim{Touch: key, State: customer.Sent, At: r.At.UnixMilli()})
		}
	}
	return out
}
