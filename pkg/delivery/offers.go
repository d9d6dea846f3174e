package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// bind is the stage in which the message gets its offer: the one that is bound to
// the touch already, so that a message that is sent again has the same code, or
// else a new one, which is folded into the customer, put on the timeline and marked
// before anything is rendered. Nothing is bound when someone else changed the
// customer in the meantime.
func (d *Delivery) bind(ctx context.Context, a *attempt) Decision {
	c, terms := &a.person.Customer, a.wording.Offer
	a.offer = nil
	if a.wording.OfferOf != "" {
		a.offer = d.good(d.offerOf(c, a.wording.OfferOf))
	}
	if a.offer != nil || terms == nil {
		return Decision{}
	}
	if bound, ok := a.touch.OfferIn(c); ok {
		if a.offer = d.good(bound, true); a.offer == nil {
			return d.verdict(a, touch.DropFor(reason.Expired, ranOut))
		}
		if _, own := a.record.Customer.OfferOf(a.key); !own {
			return Decision{} // it was bound under another id, and issued with it
		}
		return d.issueAgain(ctx, a, bound, terms)
	}
	if terms.Points == 0 && !terms.Personal && d.capped(a) { // what is paid for, or for others, is no present
		return Decision{}
	}
	if to, err := d.personOf(a).Offered(terms.Segments, d.o.Scale.Now()); err != nil {
		return waitFor(err)
	} else if !to {
		return Decision{}
	}
	code, err := d.code(ctx, a, terms)
	if errors.Is(err, offer.ErrNoCode) {
		d.failed(ctx, a.touch.Customer.Store, reason.NoOfferCode, listOf(terms.List), err)
		return setAside(parked, reason.NoOfferCode)
	} else if err != nil {
		return waitFor(err)
	}
	now := d.o.Scale.Now().UTC().Truncate(time.Millisecond)
	if terms.Personal {
		if err := d.o.Take(ctx, []customer.Entry{d.passedOn(a, code, now)}); err != nil {
			return waitFor(err)
		}
	}
	f := d.issue(a, terms, code, now, terms.Expiry(now, c.Location(a.store.Zone)))
	a.detach()
	if !customer.Apply(&a.record.Customer, f) {
		return Decision{} // twenty newer offers: the clock was turned back
	}
	saved, err := d.o.Customers.Save(ctx, saving(&a.record))
	if err != nil {
		return waitFor(err) // it may have been written all the same; the next attempt sees
	}
	if !saved[0] {
		if err := d.load(ctx, a); err != nil {
			return waitFor(err)
		}
		return judgeAgain
	}
	d.memory.note(a.id, func(m *memo) { m.code = nil })
	bound, ok := a.record.Customer.OfferOf(a.key)
	c.Offers = slices.Clone(c.Offers)
	c.Bind(bound)
	a.offer = d.good(bound, ok)
	return d.issued(ctx, a, f)
}

// ranOut says that the code which was bound to a touch is worth nothing any more:
// its message makes no sense without it.
const ranOut = "the code that was bound to it ran out while it waited"

// code returns a code for a touch that has none.
func (d *Delivery) code(ctx context.Context, a *attempt, terms *offer.Terms) (string, error) {
	switch terms.Kind {
	case offer.Static:
		return terms.Value, nil
	case offer.Mint:
		return offer.NewCode(terms.Value, rand.Reader)
	}
	// One of another list is worth something else: it is lost, not made good.
	if had := d.memory.recall(a.id).code; had != nil && had.list == terms.List {
		return had.code, nil
	}
	code, err := d.o.Codes.Take(ctx, a.touch.Customer.Store, terms.List)
	if err != nil {
		return "", err
	}
	d.works(ctx, a, reason.NoOfferCode, listOf(terms.List))
	d.memory.note(a.id, func(m *memo) { m.code = &taken{terms.List, code} })
	return code, nil
}

// listOf names a list of codes to a person.
func listOf(list string) string { return "list " + list }

// taken is a code, and the list that it is from.
type taken struct{ list, code string }

// issue returns the fact that a code was bound. Its id says when: where Redis lost
// a binding that the timeline has, another follows, and both must be kept.
func (d *Delivery) issue(a *attempt, terms *offer.Terms, code string, at, expires time.Time) events.Event {
	expires = expires.UTC()
	return events.Event{
		ID: fmt.Sprintf("%s.offer-%d", a.id, at.UnixMilli()), Source: "/homing/delivery", Type: events.TypeOfferIssued, Store: a.touch.Customer.Store, Time: at,
		Data: &events.OfferIssued{
			Touch: a.id, Worker: a.touch.Worker, Customer: a.touch.Customer.Token, Code: code, Kind: terms.Kind, List: terms.List,
			Percent: terms.Percent, Amount: terms.Amount, ExpiresAt: &expires,
			Points: terms.Points, Personal: terms.Personal,
		},
	}
}

// passedOn says whose a code is that its customer passes on, so that they are found when
// somebody else uses it. It comes before the code is bound: whoever uses it, it is known.
func (d *Delivery) passedOn(a *attempt, code string, at time.Time) customer.Entry {
	k := d.o.Code(a.touch.Customer.Store, code)
	return customer.Entry{Key: k, Event: events.Event{
		ID: "code." + k.Token + "." + a.touch.Customer.Token, Source: "/homing/delivery", Type: events.TypePersonLinked, Store: k.Store, Time: at,
		Data: &events.PersonLinked{Customer: a.touch.Customer.Token},
	}}
}

// issueAgain makes sure of the fact of an offer that was bound in an earlier
// attempt, which may have ended before the fact was on the timeline. A second one
// changes nothing, so where there is doubt it is told again.
func (d *Delivery) issueAgain(ctx context.Context, a *attempt, bound customer.Offer, terms *offer.Terms) Decision {
	if a.touch.Issued || d.memory.recall(a.id).issued {
		return Decision{}
	}
	said := *terms
	said.Percent, said.Amount = bound.Percent, bound.Amount // the configuration may have changed since
	return d.issued(ctx, a, d.issue(a, &said, bound.Code, time.UnixMilli(bound.At).UTC(), time.UnixMilli(bound.Expires)))
}

// issued makes sure that the fact of an offer is on the timeline.
func (d *Delivery) issued(ctx context.Context, a *attempt, f events.Event) Decision {
	ctx = context.WithoutCancel(ctx)
	x, err := d.append(ctx, a, f)
	if err == nil {
		err = d.o.Customers.MarkIn(ctx, x.epoch, []customer.Entry{x.Entry})
	}
	if err != nil {
		return waitFor(err)
	}
	d.memory.note(a.id, func(m *memo) { m.issued = true })
	a.touch.Issued = true
	return Decision{}
}

// offerOf returns the offer that is bound to a touch, under whichever id of the person.
func (d *Delivery) offerOf(c *customer.Customer, id string) (customer.Offer, bool) {
	o, ok := c.OfferOf(customer.ClaimKey(id))
	if t, err := touchOf(id); !ok && err == nil {
		return t.OfferIn(c)
	}
	return o, ok
}

// good returns an offer, unless it has expired.
func (d *Delivery) good(o customer.Offer, ok bool) *customer.Offer {
	if !ok || o.Expires != 0 && d.o.Scale.Now().UnixMilli() >= o.Expires {
		return nil
	}
	return &o
}

// capped reports whether the customer has had all the offers they may have: then
// the message goes out without one.
func (d *Delivery) capped(a *attempt) bool {
	limit := a.store.Offers
	if limit.Limit == 0 {
		return false
	}
	since, had := d.o.Scale.Now().Add(-limit.Window).UnixMilli(), 0
	for _, o := range a.person.Customer.Offers {
		if o.At > since {
			had++
		}
	}
	return had >= limit.Limit
}
