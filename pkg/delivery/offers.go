package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/touch"
)

// bind gives the mail its offer: the one that is bound to the touch already, so
// that a mail that is sent once more has the same code, or else a new one, which
// is folded into the customer, put on the timeline and marked before anything is
// rendered. moved says that someone else wrote the customer meanwhile; they are
// loaded anew, and nothing is bound.
func (d *Delivery) bind(ctx context.Context, a *attempt) (moved bool, err error) {
	c, terms := &a.record.Customer, a.wording.Offer
	a.offer = nil
	if a.wording.OfferOf != "" {
		a.offer = d.good(c, customer.ClaimKey(a.wording.OfferOf))
	}
	if a.offer != nil || terms == nil {
		return false, nil
	}
	if bound, ok := c.OfferOf(a.key); ok {
		if a.offer = d.good(c, a.key); a.offer == nil {
			return false, errRanOut
		}
		return false, d.issueAgain(ctx, a, bound, terms)
	}
	if d.capped(a) {
		return false, nil
	}
	code, err := d.code(ctx, a, terms)
	if err != nil {
		return false, err
	}
	now := d.o.Scale.Now().UTC().Truncate(time.Millisecond)
	f := d.issue(a, terms, code, now, terms.Expiry(now, c.Location(a.store.Zone)))
	if !customer.Apply(c, f) {
		return false, nil // twenty newer offers: the clock was turned back
	}
	saved, err := d.o.Customers.Save(ctx, saving(&a.record))
	if err != nil {
		return false, err // it may have been written all the same; the next round sees
	}
	if !saved[0] {
		return true, d.load(ctx, a)
	}
	d.taken.Delete(a.id)
	a.offer = d.good(c, a.key)
	return false, d.put(ctx, a, f)
}

// errRanOut says that the code which was bound to a touch is worth nothing any
// more, since the mail waited too long: it makes no sense without.
var errRanOut = errors.New("the code that was bound to it ran out while it waited")

// code returns a code for a touch that has none.
func (d *Delivery) code(ctx context.Context, a *attempt, terms *offer.Terms) (string, error) {
	switch terms.Code {
	case offer.Static:
		return terms.Value, nil
	case offer.Mint:
		return offer.NewCode(terms.Value, rand.Reader)
	}
	// One of another list is worth something else: it is lost, not made good.
	if had, ok := d.taken.Load(a.id); ok && had.(taken).list == terms.List {
		return had.(taken).code, nil
	}
	store := a.touch.Customer.Store
	code, err := d.o.Codes.Take(ctx, store, terms.List)
	switch {
	case errors.Is(err, offer.ErrNoCode):
		return "", &noCodeError{terms.List, err}
	case err != nil:
		return "", err
	}
	d.works(ctx, a, touch.NoOfferCode, listOf(terms.List))
	d.taken.Store(a.id, taken{terms.List, code})
	return code, nil
}

// noCodeError says which list of codes is empty.
type noCodeError struct {
	list string
	err  error
}

func (e *noCodeError) Error() string  { return e.err.Error() }
func (e *noCodeError) Unwrap() error  { return e.err }
func (e *noCodeError) detail() string { return listOf(e.list) }

// listOf names a list of codes to a person.
func listOf(list string) string { return "list " + list }

// taken is a code in hand, and the list that it is from.
type taken struct{ list, code string }

// issue returns the fact that a code was bound. Its id says when: where Redis lost
// a binding that the timeline has, another follows, and both must stand there.
func (d *Delivery) issue(a *attempt, terms *offer.Terms, code string, at, expires time.Time) events.Event {
	expires = expires.UTC()
	return events.Event{
		ID: fmt.Sprintf("%s.offer-%d", a.id, at.UnixMilli()), Source: "/homing/delivery", Type: events.TypeOfferIssued, Store: a.touch.Customer.Store, Time: at,
		Data: &events.OfferIssued{
			Touch: a.id, Worker: a.touch.Worker, Customer: a.touch.Customer.Token, Code: code, Kind: terms.Code, List: terms.List,
			Percent: terms.Percent, Amount: terms.Amount, ExpiresAt: &expires,
		},
	}
}

// issueAgain makes sure of the fact of an offer that was bound in an earlier
// round, which may have ended before the fact was on the timeline. A second one
// changes nothing, so where there is doubt it is said again.
func (d *Delivery) issueAgain(ctx context.Context, a *attempt, bound customer.Offer, terms *offer.Terms) error {
	if _, ok := d.issued.Load(a.id); ok || a.touch.Issued {
		return nil
	}
	said := *terms
	said.Percent, said.Amount = bound.Percent, bound.Amount // the configuration may have changed since
	return d.put(ctx, a, d.issue(a, &said, bound.Code, time.UnixMilli(bound.At).UTC(), time.UnixMilli(bound.Expires)))
}

func (d *Delivery) put(ctx context.Context, a *attempt, f events.Event) error {
	if err := d.append(context.WithoutCancel(ctx), a, f); err != nil {
		return err
	}
	d.issued.Store(a.id, true)
	a.touch.Issued = true
	return nil
}

// good returns the offer that is bound to a touch, unless it has expired.
func (d *Delivery) good(c *customer.Customer, key uint64) *customer.Offer {
	o, ok := c.OfferOf(key)
	if !ok || o.Expires != 0 && d.o.Scale.Now().UnixMilli() >= o.Expires {
		return nil
	}
	return &o
}

// capped reports whether the customer has had all the offers they may have: then
// the mail goes out without.
func (d *Delivery) capped(a *attempt) bool {
	limit := a.store.Offers
	if limit.Limit == 0 {
		return false
	}
	since, had := d.o.Scale.Now().Add(-limit.Window).UnixMilli(), 0
	for _, o := range a.record.Customer.Offers {
		if o.At > since {
			had++
		}
	}
	return had >= limit.Limit
}

// unneeded gives a code back that was taken for a touch which is not sent now,
// unless it was bound after all.
func (d *Delivery) unneeded(a *attempt) {
	had, ok := d.taken.LoadAndDelete(a.id)
	if _, bound := a.record.Customer.OfferOf(a.key); !ok || bound {
		return
	}
	d.o.Codes.GiveBack(a.touch.Customer.Store, had.(taken).list, had.(taken).code)
}

// letGo forgets what is known of a touch that is no longer in hand.
func (d *Delivery) letGo(a *attempt) {
	d.unsent.forget(a.id)
	d.taken.Delete(a.id)
	d.issued.Delete(a.id)
}
