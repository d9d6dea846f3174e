package customer

import (
	"slices"
	"time"
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
	said := c.LastNoted(Lapsed)
	return !said.IsZero() && !said.Before(c.LastOrderAt())
}
