package customer

import (
	"slices"
	"time"

	"homing/events"
)

// Pace returns the median of the intervals between the customer's orders that were
// not cancelled, newest first as far as their details are kept; 0 with fewer than two
// intervals. One long pause, or two orders on a day, do not change it much.
func (c *Customer) Pace() time.Duration {
	if len(c.Orders) < 3 {
		return 0 // most customers
	}
	var room [MaxOrders]int64
	gaps, before := room[:0], int64(0)
	for i := range c.Orders {
		o := &c.Orders[i]
		if !o.Counts() {
			continue
		}
		if before != 0 {
			gaps = append(gaps, before-o.Age)
		}
		before = o.Age
	}
	if len(gaps) < 2 {
		return 0
	}
	slices.Sort(gaps)
	mid := len(gaps) / 2
	median := gaps[mid]
	if len(gaps)%2 == 0 {
		median = (gaps[mid-1] + gaps[mid]) / 2
	}
	return time.Duration(median) * time.Millisecond
}

// LapseAt returns when the customer has lapsed if they do not order before: some
// days after the last order that was not cancelled, or, if that is later, times as long
// after it as they usually take. The zero time if there is no such order.
func (c *Customer) LapseAt(days int, times float64) time.Time {
	last := c.LastOrderAt()
	if last.IsZero() {
		return last
	}
	return last.Add(lapseAfter(days, times, c.Pace()))
}

func lapseAfter(days int, times float64, pace time.Duration) time.Duration {
	return max(time.Duration(days)*24*time.Hour, time.Duration(times*float64(pace)))
}

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
