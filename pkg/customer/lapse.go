package customer

import (
	"slices"
	"time"

	"homing/events"
)

// LapsedSince reports whether it was said that the customer lapsed, by the shop or the calendar,
// since their last order that was not cancelled.
func (c *Customer) LapsedSince() bool {
	last := c.LastOrderAt()
	return slices.ContainsFunc(c.Notes, func(n Note) bool {
		return n.Kind == Lapsed && !n.Time().Before(last) && !c.disproves(n)
	})
}

// Lapses returns when it was said, after a time, that the customer lapsed, oldest
// first. What their orders disprove is left out.
func (c *Customer) Lapses(after time.Time) []time.Time {
	var out []time.Time
	for _, n := range c.Notes {
		if n.Kind == Lapsed && n.At > after.UnixMilli() && !c.disproves(n) {
			out = append(out, n.Time())
		}
	}
	slices.Reverse(out)
	return out
}

// How far what a shop says about a lapse may be off.
const (
	lastOrderOff = 24 * time.Hour     // it may say the day alone of the last order, and by other clocks
	listOld      = 7 * 24 * time.Hour // and draw its list so long before it says so
)

// disproves reports whether the orders show that there was no such lapse when it was
// said: there is a later one than the last order that the shop spoke of; or, where it
// spoke of none, one of the days before.
func (c *Customer) disproves(lapse Note) bool {
	after := lapse.At - listOld.Milliseconds()
	if lapse.About != 0 {
		after = int64(lapse.About) + lastOrderOff.Milliseconds()
	}
	known := func(counts bool, at int64) bool { return counts && at > after && at <= lapse.At }
	for i := range c.Orders {
		if known(c.Orders[i].Counts(), c.Orders[i].Age) {
			return true
		}
	}
	for i := range c.Seen {
		if known(c.Seen[i].counts(), c.Seen[i].Age) {
			return true
		}
	}
	return false
}

// lapsed notes that the customer lapsed, and which order the shop says was the last.
func (c *Customer) lapsed(d *events.CustomerLapsed, s Stamp) bool {
	n := Note{Kind: Lapsed, At: s.At}
	if d.LastOrderAt != nil {
		n.About = uint64(max(d.LastOrderAt.UnixMilli(), 1)) & (1<<48 - 1)
	}
	return c.remember(n)
}
