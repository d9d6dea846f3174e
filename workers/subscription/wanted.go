package subscription

import (
	"fmt"
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted asks how the subscription is now.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	if !slices.ContainsFunc(w.steps(), func(s touch.Step) bool { return s.Name == t.Step }) {
		return touch.DropFor(reason.StepRemoved, "the configuration has no such step")
	}
	if t.Snapshot == nil || t.Snapshot.Subscription == nil {
		return touch.DropFor(reason.InsufficientData, "it names no subscription")
	}
	s, known := in.Customer.Subscription(t.Snapshot.Subscription.ID)
	switch {
	case !known:
		return touch.DropFor(reason.InsufficientData, "nothing is known of the subscription any more")
	case t.Step == ComeBack:
		return w.back(t, &s, in)
	case s.Standing() == customer.IsCancelled:
		return touch.DropFor(reason.Cancelled, "the subscription was cancelled on "+on(s.Cancelled, in))
	case s.Standing() == customer.IsPaused:
		return touch.DropFor(reason.NotRenewing, "the subscription was paused on "+on(s.Paused, in))
	case t.Step == Renewal:
		return w.renews(t, &s, in)
	}
	return w.owes(t, &s, in)
}

func on(at int64, in workers.Input) string {
	return localtime.DateOf(time.UnixMilli(at).In(in.Location())).String()
}

// renews judges a reminder of a renewal.
func (w worker) renews(t touch.Touch, s *customer.Subscription, in workers.Input) touch.Verdict {
	next := s.RenewsAt()
	switch {
	case next.IsZero():
		return touch.DropFor(reason.NotRenewing, "nobody says any more when it renews")
	case renewal(s, next) != t.Occasion:
		return touch.DropFor(reason.NotRenewing, "it was skipped, was moved or has renewed: it renews on "+on(s.Renews.Value, in))
	case !in.Now.Before(next):
		return touch.DropFor(reason.Expired, "it has renewed, or ought to have, on "+on(s.Renews.Value, in))
	}
	due, ok := w.remindsAt(s, in)
	if !ok {
		return touch.DropFor(reason.NotRenewing, "of a subscription that renews so often nobody is reminded (renewals), or it started or went on after the reminder's time")
	}
	if in.Now.Before(due) {
		v := touch.MoveTo(due, "it is too early to remind of a renewal on "+on(s.Renews.Value, in))
		return v.On(in.Location())
	}
	for d := -moved; d <= moved; d++ {
		near := next.AddDate(0, 0, d)
		if spent(t, renewal(s, near), in) && d != 0 {
			return touch.DropFor(reason.Bundled, "they were reminded when it was to renew on "+on(near.UnixMilli(), in))
		}
	}
	return touch.Verdict{}
}

// spent reports whether an email of the same step went out on another occasion.
func spent(t touch.Touch, occasion string, in workers.Input) bool {
	t.Occasion = occasion
	k, ok := t.ClaimIn(in.Customer)
	return ok && k.Spends()
}

// owes judges an email about a renewal that could not be charged.
func (w worker) owes(t touch.Touch, s *customer.Subscription, in workers.Input) touch.Verdict {
	i := slices.IndexFunc(s.Unpaid, func(at int64) bool { return unpaid(s, at) == t.Occasion })
	if i < 0 {
		return touch.DropFor(reason.Paid, "it was paid, or went on, on "+on(s.Active, in))
	}
	if order, ok := paidBy(in.Customer, s); ok {
		return touch.DropFor(reason.Paid, "order "+order+" brought what it is for")
	}
	if i > 0 || slices.ContainsFunc(s.Unpaid, func(at int64) bool { return unpaid(s, at) != t.Occasion && spent(t, unpaid(s, at), in) }) {
		return touch.DropFor(reason.Bundled, "another attempt failed for the same renewal, and has this email")
	}
	first := time.UnixMilli(s.Unpaid[0])
	if t.Step == Payment {
		return touch.Verdict{}
	}
	if due := first.Add(w.config.PaymentAgain); in.Now.Before(due) {
		return touch.MoveTo(due, "the wait since it could not be charged is not over")
	}
	steps := []workers.StepConfig{{Template: Name + "/" + Payment}, {Template: Name + "/" + PaymentAgain, After: w.config.PaymentAgain}}
	settled := func(step string) bool {
		earlier := t
		earlier.Step = step
		k, ok := earlier.ClaimIn(in.Customer)
		return ok && k.State != customer.Open
	}
	return workers.InTurn(steps, t.Step, first, paymentExpires, settled, in.Now)
}

// paidBy returns an order that brought a product of a subscription, as one, since it could
// not be charged: shops that tell the order and not the renewal were paid, too.
func paidBy(c *customer.Customer, s *customer.Subscription) (order string, ok bool) {
	for o := range c.Placed() {
		if o.PlacedAt().UnixMilli() <= s.Unpaid[0] || !o.Counts() {
			continue
		}
		for _, l := range o.Lines {
			if l.Subscription && s.Has(l.Product) {
				return o.ID, true
			}
		}
	}
	return "", false
}

// back judges an email that asks somebody back.
func (w worker) back(t touch.Touch, s *customer.Subscription, in workers.Input) touch.Verdict {
	c := in.Customer
	due := w.asksBack(s)
	switch {
	case s.Standing() != customer.IsCancelled:
		return touch.DropFor(reason.Purchased, "they subscribed again on "+on(s.Active, in))
	case due.IsZero():
		return touch.DropFor(reason.Cancelled, "nobody is asked back whose subscription was cancelled for this: "+s.Reason())
	case spell(s) != t.Occasion:
		return touch.DropFor(reason.Bundled, "it was active later than was known, and another email follows")
	}
	for _, o := range c.Subscriptions {
		if o.Standing() != customer.IsCancelled {
			return touch.DropFor(reason.Purchased, fmt.Sprintf("they have another subscription, %s", o.ID))
		}
	}
	if last := c.LastOrderAt(); last.UnixMilli() > s.Cancelled {
		return touch.DropFor(reason.Purchased, "order "+c.LastOrder()+" was placed since")
	}
	if c.Complains() {
		return touch.DropFor(reason.ComplaintOpen, "a complaint of theirs is open")
	}
	if in.Now.Before(due) {
		return touch.MoveTo(due, "the wait after it ended is not over")
	}
	for i := range c.Subscriptions {
		o := &c.Subscriptions[i]
		u := t
		u.Occasion = spell(o)
		if k, ok := u.ClaimIn(c); ok && o.ID != s.ID && k.Spends() && in.Now.Sub(time.UnixMilli(k.At)) < askedOnce {
			return touch.DropFor(reason.Bundled, "they were asked back in the last thirty days, about subscription "+o.ID)
		}
	}
	return touch.Verdict{}
}

// Silence says of a subscription why nobody is reminded of its renewal.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	for i := range in.Customer.Subscriptions {
		s := &in.Customer.Subscriptions[i]
		if s.Standing() != customer.IsActive {
			continue
		}
		if _, ok := w.config.rule(s, in.Customer.Country.Value); !ok {
			return reason.NotRenewing, fmt.Sprintf("subscription %s renews every %d days, too often to be reminded of (renewals)", s.ID, s.Days.Value)
		}
		if s.RenewsAt().IsZero() {
			return reason.InsufficientData, "the shop does not say when subscription " + s.ID + " renews (next_renewal_at)"
		}
	}
	return "", ""
}
