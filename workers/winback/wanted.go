package winback

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted asks the rules in their order.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	place := workers.Place(w.config.Steps, t.Step)
	if place < 0 || t.Snapshot == nil {
		return touch.DropFor(reason.StepRemoved, "the series has no such step")
	}
	e := episodeOf(in.Customer, t, w.config.Steps[place].After)
	if o, ok := e.ended(); ok {
		return touch.DropFor(reason.Purchased, "order "+o.ID+" was placed since")
	}
	if e.customer.Asleep() {
		return touch.DropFor(reason.Sunset, "the customer had the last word of an episode, and did not react")
	}
	if due := e.lapsed.Add(w.config.Steps[place].After); in.Now.Before(due) {
		return touch.MoveTo(due, "the wait after the lapse is not over")
	}
	if k, ok := e.claim(t.Step); ok && k.Spends() && k.Touch != t.ClaimKey() {
		return touch.DropFor(reason.Bundled, "it was sent when another order was the last one")
	}
	settled := func(step string) bool {
		k, ok := e.claim(step)
		return ok && k.State != customer.Open
	}
	return workers.InTurn(w.config.Steps, t.Step, e.lapsed, expires, settled, in.Now)
}

// episode is one absence of a customer, and the emails that follow from it.
type episode struct {
	touch    touch.Touch // one of them
	customer *customer.Customer
	lapsed   time.Time // what the steps' delays count from
}

func episodeOf(c *customer.Customer, t touch.Touch, after time.Duration) episode {
	lapsed, told := lapsedAt(c, t.Snapshot.PlacedAt)
	if !told || cut(c, t.Snapshot.PlacedAt) {
		lapsed = t.Due.Add(-after)
	}
	return episode{t, c, lapsed}
}

// ended returns an order that ends the episode: one placed since the lapse, even
// if it was cancelled, since the customer is back; or one that was not cancelled and is later
// than the order the episode is about, for then there was no such lapse.
func (e episode) ended() (*customer.Order, bool) {
	for o := range e.customer.Placed() {
		at := o.PlacedAt()
		later := at.After(e.touch.Snapshot.PlacedAt) && !o.Whole(customer.Cancelled)
		if later || !at.Before(e.lapsed) {
			return o, true
		}
	}
	return nil, false
}

// claim returns what became of a step of the episode, also where another order
// counted as the last one when it was planned; an email that went out, or is just
// going, before one that was dropped.
func (e episode) claim(step string) (customer.Claim, bool) {
	var best customer.Claim
	found := false
	look := func(occasion string) {
		t := e.touch
		t.Step, t.Occasion = step, occasion
		k, ok := t.ClaimIn(e.customer)
		if ok && k.At >= e.lapsed.UnixMilli() && (!found || k.Spends() && !best.Spends()) {
			best, found = k, true
		}
	}
	look(e.touch.Occasion)
	look(noOrder)
	for o := range e.customer.Placed() {
		look(occasion(o.ID))
	}
	return best, found
}
