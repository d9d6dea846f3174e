package calendar

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/projection"
)

// Lapses are when a store's customers count as lapsed.
type Lapses struct {
	Soonest time.Duration // after the last order
	// Rule returns the rule as of today.
	Rule func(ctx context.Context) (LapseRule, error)
}

// LapseRule is how long after their last order customers have lapsed, between Lapses.Soonest
// and Latest.
type LapseRule struct {
	Latest time.Duration
	After  func(orders int) time.Duration
}

// lapsed is a customer whose lapse is to be told.
type lapsed struct {
	at     time.Time
	placed projection.Placed
	event  events.Event
}

// tellLapses tells who lapsed, of some buckets of a store, not longer ago than
// CatchUp. Who was told is taken out of the index until they order again; whom
// the daily limit leaves over stays there, and is found tomorrow.
func (c *Calendar) tellLapses(ctx context.Context, store string, date time.Time, buckets []uint8) (left int, err error) {
	set, now := *c.o.Stores[store].Lapses, c.o.Scale.Now()
	rule, err := set.Rule(ctx)
	if err != nil {
		return 0, err
	}
	since := now.Add(-c.o.CatchUp)
	all, err := c.o.Customers.Lapsing(ctx, projection.LapseQuery{
		Store: store, Buckets: buckets, From: since, To: now, Soonest: set.Soonest, Latest: rule.Latest, After: rule.After,
	})
	if err != nil {
		return 0, err
	}
	err = c.pages(ctx, all, func(ctx context.Context, xs []candidate) error {
		var found []lapsed
		var forget []projection.Placed
		for i := range xs {
			x := &xs[i]
			who := &x.person.Customer
			if place := customer.PlaceOf(x.own); place.Last != x.Place.Last || x.Place.Orders != 0 && place.Orders != x.Place.Orders || who.LapsedSince() {
				forget = append(forget, x.Placed)
			} else if at := lapseAt(who, rule); !at.After(now) && !at.Before(since) && x.orderedLast() {
				if beforeItWasKnown(who, at) {
					forget = append(forget, x.Placed)
					continue
				}
				found = append(found, lapsed{at, x.Placed, c.lapse(store, x)})
			}
		}
		slices.SortFunc(found, func(a, b lapsed) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.event.ID, b.event.ID)) })
		granted, err := c.grant(ctx, store, date, len(found))
		if err != nil {
			return err
		}
		left += len(found) - granted
		var say []events.Event
		for _, l := range found[:granted] {
			say, forget = append(say, l.event), append(forget, l.placed)
		}
		if err := c.say(ctx, say); err != nil {
			c.giveBack(ctx, store, date, granted) // the same will be found again
			return err
		}
		return c.o.Customers.Forget(ctx, forget)
	})
	return left, err
}

// lapseAt returns when the customer lapses; the far future if they never ordered.
func lapseAt(c *customer.Customer, rule LapseRule) time.Time {
	last := c.LastOrderAt()
	if last.IsZero() {
		return time.Unix(1<<40, 0)
	}
	return last.Add(rule.After(c.OrderCount()))
}

// beforeItWasKnown reports whether the customer had lapsed when an import told of their
// last order: that is of the past.
func beforeItWasKnown(c *customer.Customer, lapsed time.Time) bool {
	o, ok := c.Order(c.LastOrder())
	return ok && o.Imported() && !lapsed.After(time.UnixMilli(o.Brought))
}

// orderedLast reports whether it is under the candidate's id that the person ordered
// last, or, where that order does not count by what was said under another id, under
// which they did so before.
func (x *candidate) orderedLast() bool {
	last := x.person.Customer.LastOrderAt()
	theirs := func(c *customer.Customer) bool { return c.LastOrderAt().Equal(last) }
	for m := range x.person.Members {
		if theirs(&x.person.Members[m].Customer) {
			return x.speaks(theirs)
		}
	}
	newest := time.Time{}
	for m := range x.person.Members {
		if at := x.person.Members[m].Customer.LastOrderAt(); at.After(newest) {
			newest = at
		}
	}
	return x.speaks(func(c *customer.Customer) bool { return c.LastOrderAt().Equal(newest) })
}

func (c *Calendar) lapse(store string, x *candidate) events.Event {
	id, token := x.goesOn()
	who := &x.person.Customer
	last := c.o.Scale.Real(who.LastOrderAt()) // shops speak real time, and so does the calendar
	return c.event(store, fmt.Sprintf("lapse-%s-%012x", token, customer.About(who.LastOrder())),
		&events.CustomerLapsed{Customer: events.Customer{ID: id}, LastOrderAt: &last})
}
