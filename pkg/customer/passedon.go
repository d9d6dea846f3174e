package customer

import (
	"slices"

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

// Strays reports whether an entry undoes an order that its customer does not have: it may
// have been placed under another id of theirs.
func (c *Customer) Strays(e *Entry) bool {
	if e.Event.Copy {
		return false
	}
	order := Undoes(e.Event.Data)
	if order == "" {
		return false
	}
	_, placed := c.PlacedAt(order)
	return !placed
}

// PassOn returns copies of an entry that strays, for those other records of the person in
// which its order came of a recommendation. From a record follows what the customer who
// recommended the shop is told, see ApplyTelling: so it has to be told, too. For the person
// a copy changes nothing: what has one source and id counts once.
func (p *Person) PassOn(e Entry) (out []Entry) {
	order := Undoes(e.Event.Data)
	for _, r := range p.Members {
		if r.Key == e.Key || !slices.ContainsFunc(r.Customer.Referrals, func(x Referral) bool { return !x.Referrer && x.Order == order }) {
			continue
		}
		x := e
		x.Key, x.Event.Copy, x.Event.Data = r.Key, true, undoneUnder(r.Customer.ID.Value, e.Event.Data)
		out = append(out, x)
	}
	return out
}

// undoneUnder is what undoes an order, told of another id, and of nothing else about them.
func undoneUnder(id string, d events.Data) events.Data {
	who := events.Customer{ID: id}
	switch d := d.(type) {
	case *events.OrderCancelled:
		return &events.OrderCancelled{Customer: who, Order: d.Order}
	case *events.OrderRefunded:
		return &events.OrderRefunded{Customer: who, Order: d.Order}
	case *events.OrderReturned:
		return &events.OrderReturned{Customer: who, Order: d.Order}
	}
	return d
}
