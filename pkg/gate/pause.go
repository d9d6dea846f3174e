package gate

import (
	"slices"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// pause: customers who asked for a pause in their preferences get no marketing before it
// is over.
func pause(c *Case) touch.Verdict {
	if !c.marketing() {
		return touch.Verdict{}
	}
	until := c.Customer.PausedUntil()
	if other := c.recipient().PausedUntil(); other.After(until) {
		until = other
	}
	if !until.After(c.Now) {
		return touch.Verdict{}
	}
	return c.later(until, reason.PreferencesPause, "asked for a pause until "+c.moment(until))
}

// windows are all caps that hold: those of the configuration, and the one that the
// customer set. Who wants more email than the configuration allows gets no more by it.
func (c *Case) windows() []Window { return c.Policy.Windows(c.recipient()) }

// Windows are the caps of a person: those of the configuration, and their own.
func (p *Policy) Windows(who *customer.Customer) []Window {
	own := who.AtMost()
	if own.Limit == 0 {
		return p.Frequency
	}
	return append(slices.Clip([]Window(p.Frequency)), Window{Limit: own.Limit, Length: own.Length()})
}
