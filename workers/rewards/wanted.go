package rewards

import (
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/points"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted asks whether the ledger still leads to the email. One to which a code is bound is
// paid for already, and that is why the ledger does not.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	known := false
	for _, s := range w.steps() {
		known = known || s.Name == t.Step
	}
	if !known {
		return touch.DropFor(reason.StepRemoved, "the programme has no such email")
	}
	if _, bound := t.OfferIn(in.Customer); bound {
		return touch.Verdict{}
	}
	l := w.Ledger(in)
	for _, x := range w.planned(l, in) {
		switch {
		case x.Step != t.Step || x.Occasion != t.Occasion:
		case in.Now.Before(x.Due):
			return touch.MoveTo(x.Due, "it is too early")
		default:
			return touch.Verdict{}
		}
	}
	return touch.DropFor(reason.PointsChanged, "it is not so any more: "+w.standing(l))
}

// standing says how many points there are.
func (w worker) standing(l points.Ledger) string {
	if !l.Member {
		return "they are not a member"
	}
	s := fmt.Sprintf("%d points", l.Balance)
	if l.Pending > 0 {
		s += fmt.Sprintf(", %d more that cannot be used yet", l.Pending)
	}
	if w.rewards() {
		s += "; " + w.price(l.Next)
	}
	return s
}

// price says what the next reward costs.
func (w worker) price(n points.Next) string {
	if len(w.programme.Rewards) == 1 {
		return fmt.Sprintf("a reward costs %d", n.Costs)
	}
	return fmt.Sprintf("the next reward, at %d, takes %d", n.Points, n.Costs)
}

// Silence says how they stand.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	l := w.Ledger(in)
	switch {
	case !l.Member && w.programme.Asked:
		return reason.InsufficientData, "did not ask to take part"
	case !l.Member:
		return reason.InsufficientData, "nothing brought them any points yet"
	}
	return reason.NotYet, w.standing(l)
}

// Compose binds the code to the reward, and says how they stand.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	l := w.Ledger(in)
	p := &workers.Points{Pending: l.Pending}
	out := workers.Wording{Points: p, Detail: w.standing(l), Orders: in.Customer.OrderCount()}
	next, balance := l.Next, l.Balance
	if terms := w.terms(t.Step); terms != nil {
		out.Offer = terms
		if o, bound := t.OfferIn(in.Customer); bound {
			terms.Points = in.Customer.PaidFor(o)
		} else {
			terms.Points, next = next.Costs, w.programme.After(next)
			balance -= terms.Points
		}
	}
	if w.rewards() {
		p.Reward, p.Needed = next.Costs, max(next.Costs-balance, 0)
	}
	p.Balance = max(balance, 0)
	switch t.Step {
	case Expiring, Soon:
		for _, x := range l.Expiring() {
			if on := x.At.In(zoneOf(in)); on.Format(time.DateOnly) == t.Occasion {
				p.Expiring, p.Day = -x.Points, on.AddDate(0, 0, -1) // the last day on which they are good
			}
		}
	}
	w.sayTier(p, l.Tier(in.Now), t.Step, in)
	return out
}

// sayTier says which tier they are in, and in an email about it what is missing.
func (w worker) sayTier(p *workers.Points, s points.Standing, step string, in workers.Input) {
	p.Tier, p.Next = s.Tier, s.Next
	missing := s.Needed
	switch step {
	case Reached:
	case AtRisk:
		missing, p.Day = s.Keep, s.Until.In(zoneOf(in)).AddDate(0, 0, -1)
	default:
		return
	}
	if w.programme.Tiers.Currency != "" {
		p.Needed, p.Spend = 0, events.Money{Minor: missing, Currency: w.programme.Tiers.Currency}
		return
	}
	p.Needed = int(missing)
}
