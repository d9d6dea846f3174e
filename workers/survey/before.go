package survey

import (
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/reviewrequest"
	"homing/workers/service"
)

// patience is how long service's follow-up waits for a survey that does not get out, for a
// cap or because it was never planned.
const patience = 2 * day

// GoesBefore has a review request wait for what the customer says of the order, and takes
// the place of service's follow-up.
func (w worker) GoesBefore(t touch.Touch, in workers.Input) touch.Verdict {
	switch {
	case t.Snapshot == nil:
	case t.Worker == reviewrequest.Name && w.asks(Order):
		return w.beforeReview(t, in)
	case t.Worker == service.Name && t.Step == service.FollowUp && w.asks(Complaint):
		return w.insteadOfFollowUp(t, in)
	}
	return touch.Verdict{}
}

// own is the worker's own touch on the occasion of another one's.
func own(t touch.Touch, step string) touch.Touch {
	t.Worker, t.Step = Name, step
	return t
}

// beforeReview: an unhappy answer stops review requests, any other lets them go out from
// the day after. Without an answer they wait for it, and go on then.
func (w worker) beforeReview(t touch.Touch, in workers.Input) touch.Verdict {
	c, order := in.Customer, t.Snapshot.Order
	if a, ok := answer(in, Order, events.CSAT, order); ok {
		if score, scale, _ := a.Score(); scale == events.CSAT && score <= unhappy {
			return touch.DropFor(reason.Unhappy, "they are not happy with the order")
		}
		return hold(in, a.Time().Add(day), "they answered the survey within a day")
	}
	if t.Step != reviewrequest.Ask {
		return touch.Verdict{}
	}
	at, _ := w.arrival().Of(order, t.Snapshot.PlacedAt, c)
	ask := own(t, Order)
	switch k, claimed := ask.ClaimIn(c); {
	case claimed && k.State == customer.Dropped:
		return touch.Verdict{}
	case claimed && k.State == customer.Open:
		return hold(in, in.Now.Add(soon), "the survey about the order is on its way")
	case claimed:
		at = time.UnixMilli(k.At)
	case w.another(ask, in).Action == touch.Drop:
		return touch.Verdict{} // no survey will come
	}
	return hold(in, at.Add(w.config.ReviewsWait), "the survey about the order comes first, and is waited for up to "+localtime.FormatDuration(w.config.ReviewsWait))
}

// insteadOfFollowUp: who gets the question gets no follow-up, and everybody else does.
func (w worker) insteadOfFollowUp(t touch.Touch, in workers.Input) touch.Verdict {
	closed, ok := workers.Closing(t)
	if !ok {
		return touch.Verdict{}
	}
	due := closed.Add(w.config.AfterComplaint)
	switch k, claimed := own(t, Complaint).ClaimIn(in.Customer); {
	case claimed && k.State == customer.Dropped, !claimed && !in.Now.Before(due.Add(patience)):
		return touch.Verdict{}
	case claimed && k.State != customer.Open:
		return touch.DropFor(reason.Bundled, "the survey asked whether it was solved")
	}
	// Each look is a fact. The longer it has not come, the less likely it is to come soon.
	next := in.Now.Add(max(soon, in.Now.Sub(due)))
	if next.Before(due) {
		next = due.Add(soon)
	}
	if end := due.Add(patience); end.Before(next) {
		next = end
	}
	return hold(in, next, "the survey after the complaint comes first")
}

// hold holds a touch until a time that is yet to come.
func hold(in workers.Input, until time.Time, detail string) touch.Verdict {
	if !in.Now.Before(until) {
		return touch.Verdict{}
	}
	return touch.HoldUntil(until, reason.NotYet, detail)
}
