package advocacy

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/referral"
)

// causes returns all that leads to a question, or led to it, the earliest first.
func (w worker) causes(step string, in workers.Input) []workers.Cause {
	var stars []workers.Cause
	for _, n := range in.Customer.Notes {
		if n.Kind == customer.Praised && w.config.StarsAfter > 0 {
			stars = append(stars, workers.Cause{What: "a review of five stars", Due: n.Time().Add(w.config.StarsAfter)})
		}
	}
	others := slices.Concat(workers.Promoting(in.Customer, w.config.PromoterAfter), workers.Risen(in, w.config.Tiers, w.config.TierAfter))
	out := map[string][]workers.Cause{Photo: stars, Community: others}[step]
	if w.page(Photo) == "" || w.page(Community) == "" {
		out = slices.Concat(stars, others)
	}
	slices.SortStableFunc(out, func(a, b workers.Cause) int { return a.Due.Compare(b.Due) })
	return out
}

// Plan plans the questions to which the customer's state leads: each that of the earliest
// cause for which it is not too late. It has a place in each half of a year, so that no
// further cause puts it off.
func (w worker) Plan(in workers.Input) (out []touch.Touch) {
	for _, s := range w.steps() {
		t := touch.Touch{Worker: Name, Step: s.Name, Customer: in.Key, Snapshot: &touch.Snapshot{}}
		for _, x := range w.causes(s.Name, in) {
			t.Occasion, t.Due = workers.HalfYear(x.Due), x.Due
			if in.Now.After(x.Due.Add(expires)) || x.Due.Before(workers.LastOfHalves(t, in).Add(w.config.Every)) {
				continue
			}
			out = append(out, t)
			break
		}
	}
	return out
}

// Wanted asks customers who still like the shop, one thing at a time.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	if w.page(t.Step) == "" {
		return touch.DropFor(reason.StepRemoved, "the programme has no such email")
	}
	if in.Customer.Complains() {
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	}
	if last, score := workers.LastScore(in.Customer); score <= workers.Detractor && !last.IsZero() {
		return touch.DropFor(reason.Unhappy, fmt.Sprintf("they last said that they would not recommend the shop: %d of 10", score))
	}
	all := w.causes(t.Step, in)
	i := slices.IndexFunc(all, func(x workers.Cause) bool { return workers.HalfYear(x.Due) == t.Occasion })
	switch {
	case i < 0:
		return touch.DropFor(reason.InsufficientData, "what led to it is not so any more")
	case in.Now.Before(all[i].Due):
		return touch.MoveTo(all[i].Due, "it is too early: "+all[i].What)
	}
	if last := workers.LastOfHalves(t, in); in.Now.Before(last.Add(w.config.Every)) {
		return touch.DropFor(reason.AskedLately, "they were asked the same on "+localtime.DateOf(last.In(in.Location())).String())
	}
	return w.another(t, in)
}

// another holds a question back for a while after another one of those that ask a favour.
func (w worker) another(t touch.Touch, in workers.Input) touch.Verdict {
	for _, o := range []touch.Touch{{Worker: Name, Step: Photo}, {Worker: Name, Step: Community}, {Worker: referral.Name, Step: referral.Invitation}} {
		if o.Worker == t.Worker && o.Step == t.Step {
			continue
		}
		o.Customer = t.Customer
		last := workers.LastOfHalves(o, in)
		if until := last.Add(w.config.Apart); !last.IsZero() && in.Now.Before(until) {
			return touch.HoldUntil(until, reason.NotYet, "they were asked for something else on "+localtime.DateOf(last.In(in.Location())).String())
		}
	}
	return touch.Verdict{}
}

// Compose says where the email leads.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	out := workers.Wording{Link: w.page(t.Step), Orders: in.Customer.OrderCount()}
	for _, x := range w.causes(t.Step, in) {
		if workers.HalfYear(x.Due) == t.Occasion {
			out.Detail = x.What
			break
		}
	}
	return out
}

// Silence says what led to a question last, if anything did.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	var last workers.Cause
	for _, s := range w.steps() {
		for _, x := range w.causes(s.Name, in) {
			if x.Due.After(last.Due) {
				last = x
			}
		}
	}
	if last.Due.IsZero() {
		return reason.InsufficientData, "no review of five stars, no answer of 9 or 10, no tier that leads to a question"
	}
	return reason.NotYet, last.What + " of " + last.Due.UTC().Format(time.DateOnly)
}
