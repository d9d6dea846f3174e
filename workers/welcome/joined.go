package welcome

import (
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/workers"
)

// joined returns when the customer joined, if that is to be greeted.
func (w worker) joined(in workers.Input) (time.Time, bool) {
	at, left, known := in.Customer.Joined()
	return at, known && !w.rejoined(at, left)
}

func (w worker) rejoined(at, left time.Time) bool {
	return !left.IsZero() && at.Sub(left) < w.config.RejoinedAfter
}

// occasion names a membership by the day on which it began.
func occasion(joined time.Time) string { return joined.UTC().Format(time.DateOnly) }

// before returns the last order that the customer placed before they joined, or with it.
func before(c *customer.Customer, joined time.Time) (order string, bought bool) {
	for o := range c.Placed() {
		if !o.PlacedAt().After(joined.Add(checkout)) && o.Counts() {
			return o.ID, true
		}
	}
	return "", false
}

// since returns the order that ends the series: one that was placed after they joined,
// and not with it.
func since(c *customer.Customer, joined time.Time) (order string, bought bool) {
	for o := range c.Placed() {
		if o.PlacedAt().After(joined.Add(checkout)) {
			order, bought = o.ID, true
		}
	}
	return order, bought
}

// Silence says why somebody who said yes is not greeted.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	c := in.Customer
	at, left, known := c.Joined()
	switch {
	case !known && c.SaidYes() && !c.Unsubscribed(events.ScopeAll):
		return reason.InsufficientData, "the shop told that they said yes to email, and not when"
	case known && w.rejoined(at, left):
		return reason.NotNew, fmt.Sprintf("left on %s, and was back on %s", localtime.DateOf(left.In(in.Location())), localtime.DateOf(at.In(in.Location())))
	}
	return "", ""
}
