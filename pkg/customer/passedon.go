package customer

import (
	"fmt"
	"slices"
	"time"

	"homing/events"
)

// Undoes returns the order of which an event says that it, or some of it, does not stand;
// "": it says nothing of the kind.
func Undoes(d events.Data) string {
	switch d := d.(type) {
	case *events.OrderCancelled:
		return d.Order.ID
	case *events.OrderRefunded:
		return d.Order.ID
	case *events.OrderReturned:
		return d.Order.ID
	}
	return ""
}

// Strays reports whether another record of the same person may have to hear of what an entry
// says, or may have heard before what this one has to know: the entry undoes an order that
// the customer, into whom it is folded, does not have; it says that an order came of a
// recommendation; or it says who a customer is who was told either. See Person.PassOn.
func (c *Customer) Strays(e *Entry) bool {
	switch d := e.Event.Data.(type) {
	case *events.ReferralNoted:
		return d.Side == events.SideFriend && d.State == ReferralUnknown.String()
	case *events.OrderCancelled, *events.OrderRefunded, *events.OrderReturned:
		return !c.placed(Undoes(d))
	case events.CustomerData:
		_, merges := d.(*events.CustomerMerged)
		return (merges || d.Who().Email != "") && (c.friend() || c.astray())
	}
	return false
}

// friend reports whether somebody recommended the shop to the customer.
func (c *Customer) friend() bool {
	return slices.ContainsFunc(c.Referrals, func(r Referral) bool { return !r.Referrer })
}

// astray reports whether some order came to nothing that the customer did not place.
func (c *Customer) astray() bool {
	for i := range c.Untold {
		if c.Untold[i].touched() {
			return true
		}
	}
	return false
}

func (c *Customer) placed(order string) bool {
	_, ok := c.PlacedAt(order)
	return ok
}

// PassOn returns what the records of a person are to be told, in which an order came of a
// recommendation: that it came to nothing, where the shop told that of another id of theirs.
// From a record follows what the customer who recommended the shop is told, see ApplyTelling.
// It follows from the records alone, so it doesn't matter which of them said its part last,
// or when they turned out to be one person.
func (p *Person) PassOn() (out []Entry) {
	for _, m := range p.Members {
		for _, r := range m.Customer.Referred() {
			undone := p.Customer.Undone(r.Order)
			if r.State == ReferralSelf || r.Gone != 0 || undone == 0 {
				continue
			}
			out = append(out, m.noted(r, undoneAs[undone], p.Customer.goneSince(r, undone)))
		}
	}
	return out
}

// noted is what a friend's record is told of their order.
func (m *Record) noted(r Referral, state ReferralState, gone int64) Entry {
	placed, goneAt := r.PlacedAt(), time.UnixMilli(gone).UTC()
	d := &events.ReferralNoted{Side: events.SideFriend, Other: r.Other, Order: r.Order, Mailbox: r.Mailbox, State: state.String(), PlacedAt: &placed, GoneAt: &goneAt}
	return Entry{Key: m.Key, Event: events.Event{
		ID: fmt.Sprintf("referred.%s.%012x.%d.%s", m.Key.Token, About(r.Order), max(gone, r.At), d.State), Source: "/homing/intake",
		Type: d.Type(), Store: m.Key.Store, Time: time.UnixMilli(max(gone, r.At)).UTC(), Data: d,
	}}
}

// undoneAs is what a referral is whose order came to nothing.
var undoneAs = map[Kind]ReferralState{Cancelled: ReferralCancelled, Refunded: ReferralRefunded, Returned: ReferralReturned}

// goneSince returns since when nothing is left of the order of a referral, ms.
func (c *Customer) goneSince(r Referral, undone Kind) int64 {
	if at := c.LastOf(r.Order, undone).UnixMilli(); at > 0 {
		return at
	}
	return r.At // it is forgotten when
}
