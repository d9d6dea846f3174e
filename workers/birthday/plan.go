package birthday

import (
	"strconv"
	"time"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/offer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans the greeting of the birthday that the event makes near, and the
// reminder of its coupon.
func (w worker) Plan(in workers.Input) []touch.Touch {
	if !concerns(in.Event) {
		return nil
	}
	z := in.Location()
	birthday, ok := w.coming(in, localtime.DateOf(in.Event.Heard().In(z)))
	if !ok || !in.Now.Before(over(birthday, z)) {
		return nil
	}
	due := w.greets(birthday, z)
	if _, told := in.Event.Data.(*events.CustomerBirthday); !told && due.Sub(in.Event.Heard()) > near {
		return nil // the calendar will say when it is near
	}
	t := touch.Touch{Worker: Name, Step: Greeting, Customer: in.Key, Occasion: strconv.Itoa(birthday.Year), Due: due, Zone: z.String(), Snapshot: &touch.Snapshot{}}
	out := []touch.Touch{t}
	if w.reminds() {
		leaves := due // if nothing holds it up; Wanted knows
		if in.Now.After(due) {
			leaves = in.Now
		}
		t.Step, t.Due = Reminder, w.remindsOf(leaves, z)
		if o, ok := greetingOf(t).OfferIn(in.Customer); ok {
			t.Due = w.remindsAt(localtime.DateOf(offer.LastGood(time.UnixMilli(o.Expires), z)), z)
		}
		out = append(out, t)
	}
	return out
}

// coming returns the birthday that an event of some day makes near.
func (w worker) coming(in workers.Input, today localtime.Date) (localtime.Date, bool) {
	told, announced := in.Event.Data.(*events.CustomerBirthday)
	b, known := parse(in.Customer.Born())
	if !known {
		return today, announced // the shop keeps the dates to itself: it says so on the day
	}
	if announced {
		if d := b.in(told.Year, w.config.LeapDay); today.Until(d) >= 0 && today.Until(d) < 366 {
			return d, true
		}
	}
	next := b.in(today.Year, w.config.LeapDay)
	if today.Until(next) < 0 {
		next = b.in(today.Year+1, w.config.LeapDay)
	}
	return next, today.Until(next) < 183 // else it was the one before: an announcement that comes late, or again
}

// greets returns when a birthday is greeted.
func (w worker) greets(birthday localtime.Date, z *time.Location) time.Time {
	return birthday.Add(-int(w.config.Lead/day)).At(w.config.SendAt, z)
}

// over returns when a birthday is over.
func over(birthday localtime.Date, z *time.Location) time.Time { return birthday.Add(1).At(0, z) }

// remindsAt returns when a customer is reminded of a coupon by its last day.
func (w worker) remindsAt(last localtime.Date, z *time.Location) time.Time {
	return last.Add(-int(w.config.ReminderBeforeExpiry/day)).At(w.config.SendAt, z)
}

// remindsOf returns when a customer is reminded of the coupon of a greeting that
// leaves at its time.
func (w worker) remindsOf(greets time.Time, z *time.Location) time.Time {
	return w.remindsAt(localtime.DateOf(greets.In(z)).Add(int(w.config.Offer.Valid/day)), z)
}
