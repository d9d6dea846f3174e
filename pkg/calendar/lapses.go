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

// Lapses are when a store's customers count as lapsed; see customer.LapseAt.
type Lapses struct {
	Days  int
	Times float64
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
	rule, now := *c.o.Stores[store].Lapses, c.o.Scale.Now()
	since := now.Add(-c.o.CatchUp)
	all, err := c.o.Customers.Lapsing(ctx, projection.LapseQuery{
		Store: store, Buckets: buckets, Days: rule.Days, Times: rule.Times, From: since, To: now,
	})
	if err != nil {
		return 0, err
	}
	err = c.pages(ctx, all, func(ctx context.Context, ps []projection.Placed, rs []customer.Record) error {
		var found []lapsed
		var forget []projection.Placed
		for i, p := range ps {
			r := &rs[i]
			if place := customer.PlaceOf(&r.Customer); place.Last != p.Place.Last || place.Pace != p.Place.Pace || r.Customer.LapsedSince() {
				forget = append(forget, p)
			} else if at := r.Customer.LapseAt(rule.Days, rule.Times); !at.After(now) && !at.Before(since) {
				found = append(found, lapsed{at, p, c.lapse(store, r)})
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

func (c *Calendar) lapse(store string, r *customer.Record) events.Event {
	last := c.o.Scale.Real(r.Customer.LastOrderAt()) // shops speak real time, and so does the calendar
	return c.event(store, fmt.Sprintf("lapse-%s-%012x", r.Key.Token, customer.About(r.Customer.LastOrder())),
		&events.CustomerLapsed{Customer: events.Customer{ID: r.Customer.ID.Value}, LastOrderAt: &last})
}
