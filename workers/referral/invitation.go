package referral

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// causes returns all that leads to an invitation, or led to one, the earliest first.
func (w worker) causes(in workers.Input) []workers.Cause {
	out := slices.Concat(workers.Promoting(in.Customer, w.config.PromoterAfter), workers.Risen(in, w.config.Tiers, w.config.TierAfter))
	if n := w.config.Order; n > 0 {
		if times := in.Customer.StandingTimes(); len(times) >= n {
			slices.SortFunc(times, time.Time.Compare)
			out = append(out, workers.Cause{What: fmt.Sprintf("order %d of theirs", n), Due: times[n-1].Add(w.config.OrderAfter)})
		}
	}
	slices.SortStableFunc(out, func(a, b workers.Cause) int { return a.Due.Compare(b.Due) })
	return out
}

// invitation is the one to which the customer's state leads: that of the earliest cause for
// which it is not too late. It has a place in each half of a year, so that no further cause
// puts it off.
func (w worker) invitation(in workers.Input) (touch.Touch, bool) {
	t := touch.Touch{Worker: Name, Step: Invitation, Customer: in.Key, Snapshot: &touch.Snapshot{}}
	for _, x := range w.causes(in) {
		t.Occasion, t.Due = workers.HalfYear(x.Due), x.Due
		if in.Now.After(x.Due.Add(expires)) || x.Due.Before(workers.LastOfHalves(t, in).Add(w.config.Every)) {
			continue
		}
		return t, true
	}
	return t, false
}

// wantedInvitation invites customers who have ordered, and have nothing against the shop.
func (w worker) wantedInvitation(t touch.Touch, in workers.Input) touch.Verdict {
	c := in.Customer
	if c.Complains() {
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	}
	if last, score := workers.LastScore(c); score <= workers.Detractor && !last.IsZero() {
		return touch.DropFor(reason.Unhappy, fmt.Sprintf("they last said that they would not recommend the shop: %d of 10", score))
	}
	if len(c.StandingTimes()) == 0 {
		return touch.DropFor(reason.InsufficientData, "no order of theirs stands")
	}
	x, ok := w.causeOf(t, in)
	if !ok {
		return touch.DropFor(reason.InsufficientData, "what led to it is not so any more")
	}
	if in.Now.Before(x.Due) {
		return touch.MoveTo(x.Due, "it is too early: "+x.What)
	}
	if last := workers.LastOfHalves(t, in); !last.IsZero() && in.Now.Before(last.Add(w.config.Every)) {
		return touch.DropFor(reason.AskedLately, "they were invited on "+localtime.DateOf(last.In(in.Location())).String())
	}
	return touch.Verdict{}
}

// causeOf returns the earliest cause of an invitation.
func (w worker) causeOf(t touch.Touch, in workers.Input) (workers.Cause, bool) {
	for _, x := range w.causes(in) {
		if workers.HalfYear(x.Due) == t.Occasion {
			return x, true
		}
	}
	return workers.Cause{}, false
}

// Silence says what is missing for an invitation.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	if causes := w.causes(in); len(causes) > 0 {
		return reason.NotYet, causes[len(causes)-1].What
	}
	if n := w.config.Order; n > 0 {
		return reason.InsufficientData, fmt.Sprintf("%d orders stand, and order %d leads to an invitation", len(in.Customer.StandingTimes()), n)
	}
	return reason.InsufficientData, "nothing has led to an invitation"
}
