package survey

import (
	"fmt"
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

// Wanted asks whether there is still something to ask.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	switch {
	case t.Snapshot == nil:
		return touch.DropFor(reason.InsufficientData, "what it is about is not known any more")
	case t.Step == Order:
		return w.wantedOrder(t, in)
	case t.Step == Shop:
		return w.wantedShop(t, in)
	case t.Step == Complaint:
		return w.wantedComplaint(t, in)
	}
	return touch.DropFor(reason.StepRemoved, "there is no such question")
}

// wantedOrder asks about an order that stands, arrived some days ago, and of which nothing
// was said or asked yet.
func (w worker) wantedOrder(t touch.Touch, in workers.Input) touch.Verdict {
	c, order := in.Customer, t.Snapshot.Order
	if v := workers.Standing(t, in); v.Action != touch.Send {
		return v
	}
	if _, ok := answer(in, Order, events.CSAT, order); ok {
		return touch.DropFor(reason.Answered, "they said how happy they are with the order")
	}
	at, by := w.arrival().Of(order, t.Snapshot.PlacedAt, c)
	if in.Now.Before(at) {
		return touch.MoveTo(at, "the wait after the order is not over; "+by.String())
	}
	switch {
	case w.tooOld(order, t.Snapshot.PlacedAt, at, c):
		return touch.DropFor(reason.Expired, "asked more than "+localtime.FormatDuration(w.config.MaxOrderAge)+" after the order")
	case c.ComplaintOpen(order):
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	case in.Now.After(at.Add(worth)):
		return touch.DropFor(reason.Expired, "right at "+at.UTC().Format("2006-01-02 15:04 MST")+", worth sending for "+localtime.FormatDuration(worth))
	}
	review := t
	review.Worker, review.Step = reviewrequest.Name, reviewrequest.Ask
	if k, ok := review.ClaimIn(c); ok && (k.State != customer.Dropped || k.Bundled()) {
		return touch.DropFor(reason.Bundled, "they were asked for a review of the order")
	}
	return w.another(t, in)
}

// answer returns what was last answered, by the customer or by who answers to the address
// in question.
func answer(in workers.Input, of, question, order string) (customer.Answer, bool) {
	a, ok := in.Customer.Answer(of, question, order)
	if r := in.Recipient; r != nil {
		if b, also := r.Answer(of, question, order); also && b.At >= a.At {
			return b, true
		}
	}
	return a, ok
}

// another holds back or drops a question about an order while or after one about another
// order of theirs is asked.
func (w worker) another(t touch.Touch, in workers.Input) touch.Verdict {
	c := in.Customer
	if len(c.Claims) == 0 {
		return touch.Verdict{}
	}
	for o := range c.Placed() {
		if o.ID == t.Snapshot.Order {
			continue
		}
		k, ok := workers.About(t, o.ID).ClaimIn(c)
		switch {
		case !ok || k.State == customer.Dropped || k.Went() != in.To:
		case k.State == customer.Open:
			return touch.HoldUntil(in.Now.Add(soon), reason.NotYet, "the question about another order is on its way")
		case in.Now.Sub(time.UnixMilli(k.At)) < w.config.AskAgainAfter:
			return touch.DropFor(reason.Bundled, "they were asked about another order within "+localtime.FormatDuration(w.config.AskAgainAfter))
		}
	}
	return touch.Verdict{}
}

// wantedShop asks about the shop those who know it, and have not been asked for long.
func (w worker) wantedShop(t touch.Touch, in workers.Input) touch.Verdict {
	c := in.Customer
	if n := len(c.StandingTimes()); n < w.config.ShopOrders {
		return touch.DropFor(reason.InsufficientData, fmt.Sprintf("%d orders stand, and %d are needed to know the shop", n, w.config.ShopOrders))
	}
	if c.Complains() {
		return touch.DropFor(reason.ComplaintOpen, "a complaint is open")
	}
	if last := w.askedShop(t, in); !last.IsZero() && in.Now.Before(last.Add(w.config.ShopEvery)) {
		return touch.MoveTo(last.Add(w.config.ShopEvery), "they were asked about the shop, or spoke of it, on "+localtime.DateOf(last.In(in.Location())).String())
	}
	return touch.Verdict{}
}

// wantedComplaint asks whether what was closed was solved, unless service asked already.
func (w worker) wantedComplaint(t touch.Touch, in workers.Input) touch.Verdict {
	v := workers.AfterClosing(t, in, onceIn, func(closed time.Time) time.Time { return closed.Add(w.config.AfterComplaint) })
	if v.Action != touch.Send {
		return v
	}
	c := in.Customer
	closed, _ := workers.Closing(t)
	if a, ok := answer(in, Complaint, events.QuestionSolved, t.Snapshot.Order); ok && a.Time().After(closed) {
		return touch.DropFor(reason.Answered, "they said whether it was solved")
	}
	follow := t
	follow.Worker, follow.Step = service.Name, service.FollowUp
	if k, ok := follow.ClaimIn(c); ok && k.State != customer.Dropped {
		return touch.DropFor(reason.Bundled, "the follow-up of service went out first")
	}
	return touch.Verdict{}
}
