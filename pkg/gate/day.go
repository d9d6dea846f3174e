package gate

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
)

// dayRoomAt returns the earliest time on whose day, by the customer's calendar,
// there is room for one more mail.
func (c *Case) dayRoomAt() time.Time {
	at := c.Now
	for c.Policy.PerDay > 0 && c.onDay(c.date(at)) >= c.Policy.PerDay {
		at = c.date(at).End(c.zone())
	}
	return at
}

// date is what the customer's calendar shows at a time.
func (c *Case) date(t time.Time) localtime.Date { return localtime.DateOf(t.In(c.zone())) }

// onDay counts the mails of a day that is not over.
func (c *Case) onDay(day localtime.Date) int {
	n, this := 0, customer.ClaimKey(c.Touch.ID())
	for _, k := range c.Customer.Claims { // newest first
		at := time.UnixMilli(k.At)
		if c.Now.Sub(at) > longestDay {
			break
		}
		if k.Spends() && k.Touch != this && c.date(at) == day {
			n++
		}
	}
	return n
}

// longestDay is more than any day ever had.
const longestDay = 50 * time.Hour
