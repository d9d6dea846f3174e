package gate

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/problem"
)

// PerDay is how many emails one day of the customer's calendar takes; 0: any number.
type PerDay int

// Validate reports a negative number, and one that could never be reached.
func (n PerDay) Validate() error {
	switch {
	case n < 0:
		return &problem.Problem{Text: fmt.Sprintf("%d is negative; 0 means any number", n)}
	case n > customer.MaxClaims:
		return &problem.Problem{Text: fmt.Sprintf("%d is more than the %d emails that are remembered of a customer, "+
			"and could never be reached; write 0", n, customer.MaxClaims)}
	}
	return nil
}

// dayRoomAt returns the earliest time, now or later, at which the day of the
// customer's calendar has room for one more email. A claim of the touch this does
// not count against it.
func (c *Case) dayRoomAt(claims []customer.Claim, now time.Time, this uint64) time.Time {
	at := now
	for c.Policy.PerDay > 0 && len(c.onDay(c.date(at), claims, now, this)) >= int(c.Policy.PerDay) {
		at = c.date(at).End(c.zone())
	}
	return at
}

// date is what the customer's calendar shows at a time.
func (c *Case) date(t time.Time) localtime.Date { return localtime.DateOf(t.In(c.zone())) }

// onDay returns the claims that use up a day, which is not over yet.
func (c *Case) onDay(day localtime.Date, claims []customer.Claim, now time.Time, this uint64) []customer.Claim {
	return slices.DeleteFunc(Window{Length: longestDay}.Used(claims, now, this), func(k customer.Claim) bool {
		return c.date(time.UnixMilli(k.At)) != day
	})
}

// longestDay is longer than any day ever was.
const longestDay = 50 * time.Hour
