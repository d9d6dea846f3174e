package birthday

import (
	"fmt"
	"strconv"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/offer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted decides by the birthday and the zone as they are now.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	if t.Step == Reminder {
		return w.wantedReminder(t, in)
	}
	z := in.Location()
	year, err := strconv.Atoi(t.Occasion)
	if err != nil {
		return touch.DropFor(reason.InsufficientData, "the occasion is not a year")
	}
	birthday := localtime.DateOf(t.Due.In(z)).Add(int(w.config.Lead / day)) // if it was never told, it is as planned
	if b, ok := parse(in.Customer.Born()); ok {
		birthday = b.in(year, w.config.LeapDay)
	}
	if at, ok := greeted(t, year, in); ok {
		return touch.DropFor(reason.Bundled, fmt.Sprintf("the customer was greeted on %s, less than %d days ago", localtime.DateOf(at.In(z)), apart/day))
	}
	switch due := w.greets(birthday, z); {
	case in.Now.Before(due):
		return touch.MoveTo(due, fmt.Sprintf("it is not %s yet in %s", w.config.SendAt, z)).On(z)
	case !in.Now.Before(over(birthday, z)):
		return touch.DropFor(reason.Expired, fmt.Sprintf("the day is over in %s", z))
	}
	return touch.Verdict{}
}

// greeted returns when the customer was greeted for the birthday before this one
// or the one after it, if that is not long ago: a birthday was changed, then.
func greeted(t touch.Touch, year int, in workers.Input) (time.Time, bool) {
	for _, y := range []int{year - 1, year + 1} {
		other := t
		other.Occasion = strconv.Itoa(y)
		k, ok := other.ClaimIn(in.Customer)
		if at := time.UnixMilli(k.At); ok && k.Spends() && in.Now.Sub(at) < apart {
			return at, true
		}
	}
	return time.Time{}, false
}

// wantedReminder reminds of a coupon that the greeting brought, that was not
// used and is about to expire.
func (w worker) wantedReminder(t touch.Touch, in workers.Input) touch.Verdict {
	o, v := workers.Unused(greetingOf(t), "the greeting", in, func() touch.Verdict { return w.awaitGreeting(t, in) })
	if v != (touch.Verdict{}) {
		return v
	}
	z := in.Location()
	if due := w.remindsAt(localtime.DateOf(offer.LastGood(time.UnixMilli(o.Expires), z)), z); in.Now.Before(due) {
		return touch.MoveTo(due, "the coupon is good for some days yet").On(z)
	}
	return touch.Verdict{}
}

// awaitGreeting holds the reminder of a greeting that has no outcome: until its
// own time, which moves with the birthday, and then until there is one.
func (w worker) awaitGreeting(t touch.Touch, in workers.Input) touch.Verdict {
	const why = "the greeting has not gone out yet"
	year, err := strconv.Atoi(t.Occasion)
	if b, ok := parse(in.Customer.Born()); ok && err == nil && w.reminds() {
		z := in.Location()
		greets := w.greets(b.in(year, w.config.LeapDay), z)
		if due := w.remindsOf(greets, z); in.Now.Before(due) {
			return touch.MoveTo(due, why).On(z)
		}
	}
	return touch.HoldUntil(in.Now.Add(day), reason.NotYet, why)
}
