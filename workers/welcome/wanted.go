package welcome

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted asks whether they still belong to those who are new here.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	place := workers.Place(w.series, t.Step)
	if place < 0 {
		return touch.DropFor(reason.StepRemoved, "the series has no such step")
	}
	c := in.Customer
	at, left, known := c.Joined()
	if !known {
		return touch.DropFor(reason.Unsubscribed, "said no since")
	}
	if w.rejoined(at, left) {
		return touch.DropFor(reason.NotNew, "left on "+occasion(left)+", and was back within "+localtime.FormatDuration(w.config.RejoinedAfter))
	}
	if o, bought := since(c, at); bought {
		return touch.DropFor(reason.Purchased, "order "+o+" was placed since they joined")
	}
	if on, sent := w.sentBefore(t, c, at); sent {
		return touch.DropFor(reason.NotNew, "this email went out when they were taken to have joined on "+on)
	}
	if due := at.Add(w.series[place].After); in.Now.Before(due) {
		return touch.MoveTo(due, "the wait after they joined is not over")
	}
	if t.Step == Reminder {
		await := func() touch.Verdict {
			return touch.HoldUntil(in.Now.Add(day), reason.NotYet, "the greeting has not gone out yet")
		}
		if _, v := workers.Unused(stepOf(t, Greeting), "the greeting", in, await); v != (touch.Verdict{}) {
			return v
		}
		if o, bought := before(c, at); bought { // which was told after the greeting
			return touch.DropFor(reason.Purchased, "the code is for a first order, and order "+o+" was placed before they joined")
		}
	}
	settled := func(step string) bool {
		k, ok := stepOf(t, step).ClaimIn(c)
		return ok && k.State != customer.Open
	}
	return workers.InTurn(w.series, t.Step, at, expires, settled, in.Now)
}

// sentBefore reports whether the email went out for another day on which the customer was
// taken to have joined, within the time after which they would be greeted again.
func (w worker) sentBefore(t touch.Touch, c *customer.Customer, joined time.Time) (on string, sent bool) {
	if len(c.Claims) == 0 {
		return "", false
	}
	this := t.Occasion
	for d := -w.config.RejoinedAfter; d <= day; d += day {
		if t.Occasion = occasion(joined.Add(d)); t.Occasion == this {
			continue
		}
		if k, ok := t.ClaimIn(c); ok && k.Spends() {
			return t.Occasion, true
		}
	}
	return "", false
}
