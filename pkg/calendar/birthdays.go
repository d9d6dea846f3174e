package calendar

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/projection"
)

// Birthdays are how a store's birthdays are told.
type Birthdays struct {
	Lead time.Duration // how long before the day it is to be known
}

const (
	// notice is how long before the customer's date begins it is told at the
	// latest, in addition to the lead.
	notice = 36 * time.Hour
	// earliestZone is how long before midnight in UTC a date begins somewhere,
	// latestZone how long it lasts after its end in UTC.
	earliestZone = 14 * time.Hour
	latestZone   = 12 * time.Hour
	// untilNext is the longest time from a day's sweep to the next: an hour for
	// the slot, and one that clocks may be put back.
	untilNext = 26 * time.Hour
)

// leapDay is 29 February as a day of a leap year.
const leapDay = 31 + 29

// days returns which days of the year are birthdays that must be told now, and
// the date each falls on: from those that are not over everywhere to those that
// the next sweep would tell too late to somebody. In a year without one, 29
// February is told in time for the 28th and until 1 March is over: which of the
// two it is the worker decides.
func (b Birthdays) days(now time.Time) map[int]birthday {
	out := map[int]birthday{}
	end := dateOf(now.Add(b.Lead + notice + earliestZone + untilNext).UTC())
	for date := dateOf(now.Add(-latestZone).UTC()); !date.After(end); date = date.AddDate(0, 0, 1) {
		day := customer.DayOfYear(date)
		out[day] = birthday{date.Year(), date}
		switch march := time.Date(date.Year(), time.March, 1, 0, 0, 0, 0, time.UTC); {
		case march.YearDay() == leapDay+1: // a leap year
		case day == leapDay-1, day == leapDay+1:
			out[leapDay] = birthday{date.Year(), march}
		}
	}
	return out
}

// birthday is one of a year.
type birthday struct {
	year int
	last time.Time // the date it falls on, or the later of the two it may fall on
}

// tellBirthdays tells the birthdays that come near in some buckets of a store.
func (c *Calendar) tellBirthdays(ctx context.Context, store string, buckets []uint8) error {
	set, now := c.o.Stores[store], c.o.Scale.Now()
	days := set.Birthdays.days(now)
	all, err := c.o.Customers.Birthdays(ctx, store, buckets, slices.Collect(maps.Keys(days)))
	if err != nil {
		return err
	}
	var untold []projection.Placed
	for _, p := range all {
		if year := days[p.Place.Birthday].year; p.Told < year {
			p.Told = year
			untold = append(untold, p)
		}
	}
	return c.pages(ctx, untold, func(ctx context.Context, xs []candidate) error {
		var say []events.Event
		var told, stale []projection.Placed
		for i := range xs {
			x := &xs[i]
			on := x.Place.Birthday
			born := func(c *customer.Customer) bool { return customer.PlaceOf(c).Birthday == on }
			if !born(x.own) {
				stale = append(stale, x.Placed)
				continue
			}
			b := days[on]
			switch who := &x.person.Customer; {
			case customer.DayOfBirth(who.Born()) != on || !x.speaks(born):
				continue // another of their ids says so, or has another day since
			case b.last.Before(dateOf(now.In(who.Location(set.Zone)))):
				continue // over
			}
			id, token := x.goesOn()
			told = append(told, x.Placed)
			say = append(say, c.event(store, fmt.Sprintf("birthday-%s-%d", token, b.year),
				&events.CustomerBirthday{Customer: events.Customer{ID: id}, Year: b.year}))
		}
		if err := c.say(ctx, say); err != nil {
			return err
		}
		if err := c.o.Customers.Tell(ctx, told); err != nil {
			return err
		}
		return c.o.Customers.Forget(ctx, stale)
	})
}
