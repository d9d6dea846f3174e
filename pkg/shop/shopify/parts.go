package shopify

import (
	"cmp"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

// refund is money that was paid back, in an order.
type refund struct {
	ID        shop.Number `json:"id"`
	CreatedAt string      `json:"created_at"`
	Lines     []struct {
		LineID   shop.Number `json:"line_item_id"`
		Quantity shop.Number `json:"quantity"`
		Line     line        `json:"line_item"`

		Subtotal    shop.Number `json:"subtotal"` // of these pieces, less their discounts
		SubtotalSet set         `json:"subtotal_set"`
		Tax         shop.Number `json:"total_tax"`
		TaxSet      set         `json:"total_tax_set"`
	} `json:"refund_line_items"`
	Transactions []struct {
		Kind     string      `json:"kind"`
		Status   string      `json:"status"`
		Amount   shop.Number `json:"amount"`
		Currency string      `json:"currency"`
	} `json:"transactions"`
}

// fulfilled is a parcel.
type fulfilled struct {
	ID        shop.Number `json:"id"`
	OrderID   shop.Number `json:"order_id"`
	Status    string      `json:"status"`
	Shipment  string      `json:"shipment_status"`
	CreatedAt string      `json:"created_at"`
	UpdatedAt string      `json:"updated_at"`
	Email     string      `json:"email"` // in a message of its own
	Lines     []line      `json:"line_items"`
}

// part is some of a line.
type part struct {
	id, product string
	quantity    shop.Number
}

func (r refund) lines() (out []part) {
	for _, l := range r.Lines {
		p := part{id: l.LineID.ID(), quantity: l.Quantity}
		if l.Line.ID.ID() != "" {
			p.product = l.Line.product()
		}
		out = append(out, p)
	}
	return out
}

func (f fulfilled) lines() (out []part) {
	for _, l := range f.Lines {
		out = append(out, part{l.ID.ID(), l.product(), l.Quantity})
	}
	return out
}

// paidBack is how much was paid back for the items of a refund, in the currency of the
// order's total: what they cost the customer, or all of the money if that is less. Without
// any money, it is what an edit took out before it was paid. The zero Money: it does not say.
func (o *shopifyOrder) paidBack(r refund) events.Money {
	out := events.Money{Currency: o.money(o.TotalSet, o.Total).Currency}
	for _, l := range r.Lines {
		cost, tax := o.money(l.SubtotalSet, l.Subtotal), o.money(l.TaxSet, l.Tax)
		if o.TaxesIncluded {
			tax = events.Money{Currency: out.Currency}
		}
		if out.Currency == "" || cost.Currency != out.Currency || tax.Currency != out.Currency {
			return events.Money{}
		}
		out.Minor += cost.Minor + tax.Minor
	}
	if m, ok := r.money(out.Currency); ok {
		out.Minor = min(out.Minor, m.Minor)
	}
	if out.Minor == 0 {
		return events.Money{}
	}
	return out
}

// money is all that was paid back with a refund, shipping included, if it was in a currency.
func (r refund) money(currency string) (events.Money, bool) {
	var sum []shop.Number
	for _, x := range r.Transactions {
		switch {
		case x.Kind != "refund" || x.Status != "success":
		case x.Currency != currency:
			return events.Money{}, false
		default:
			sum = append(sum, x.Amount)
		}
	}
	return shop.NewAmounts(currency).Money(shop.Sum(sum...)), len(sum) > 0
}

// changed adds up pieces by product.
func (o *shopifyOrder) changed(parts []part) []events.ChangedItem {
	var out []events.ChangedItem
	for _, p := range parts {
		pieces := p.quantity.Pieces()
		if pieces == 0 {
			continue
		}
		for _, l := range o.Lines { // the order knows better: a product may have been deleted since
			if p.id != "" && l.ID.ID() == p.id {
				p.product = l.product()
			}
		}
		if p.product != "" {
			out = shop.AddPieces(out, p.product, pieces)
		}
	}
	return out
}

// tellLeft tells what has left the shop and what has arrived: parcel by parcel until
// all has.
func (o *shopifyOrder) tellLeft(t *shop.Teller, who events.Customer) error {
	id := o.ID.ID()
	var left, arrived time.Time
	all := o.Fulfillment == "fulfilled"
	allArrived := all
	for _, f := range o.Fulfillments {
		if f.Status != "success" {
			continue
		}
		items := o.changed(f.lines())
		if left = latest(left, shop.Moment(f.CreatedAt)); !all && len(items) > 0 {
			if err := f.tellFulfilled(t, who, id, items); err != nil {
				return err
			}
		}
		if f.Shipment != "delivered" {
			allArrived = false
			continue
		}
		arrived = latest(arrived, shop.First(shop.Moment(f.UpdatedAt), shop.Moment(f.CreatedAt)))
		if len(items) > 0 {
			if err := f.tellDelivered(t, who, id, items); err != nil {
				return err
			}
		}
	}
	if all && !left.IsZero() {
		if err := t.Tell(id, left, &events.OrderFulfilled{Customer: who, Order: events.OrderChange{ID: id}}); err != nil {
			return err
		}
	}
	if allArrived && !arrived.IsZero() {
		return t.Tell(id, arrived, &events.OrderDelivered{Customer: who, Order: events.OrderChange{ID: id}})
	}
	return nil
}

func (f fulfilled) tellFulfilled(t *shop.Teller, who events.Customer, id string, items []events.ChangedItem) error {
	at := shop.First(shop.Moment(f.CreatedAt), shop.Moment(f.UpdatedAt))
	if at.IsZero() {
		return nil
	}
	return t.Tell(id, at, &events.OrderFulfilled{Customer: who, Order: events.OrderChange{ID: id, Items: items}})
}

func (f fulfilled) tellDelivered(t *shop.Teller, who events.Customer, id string, items []events.ChangedItem) error {
	at := shop.First(shop.Moment(f.UpdatedAt), shop.Moment(f.CreatedAt))
	if at.IsZero() {
		return nil
	}
	return t.Tell(id, at, &events.OrderDelivered{Customer: who, Order: events.OrderChange{ID: id, Items: items}})
}

func latest(ts ...time.Time) (last time.Time) {
	for _, t := range ts {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// fulfillment tells one parcel. It says an address, and no customer.
func fulfillment(t *shop.Teller, m shop.Message) error {
	var f fulfilled
	if err := t.Read(m.Body, &f); err != nil {
		return err
	}
	id := f.OrderID.ID()
	if id == "" {
		return lacks("order_id")
	}
	who := events.Customer{Email: t.Email("email", f.Email)}
	items := new(shopifyOrder).changed(f.lines())
	switch {
	case f.Status != "success":
		t.Ignore("a parcel that is " + strings.ToLower(cmp.Or(f.Status, "in no status")))
		return nil
	case who.Email == "" || len(items) == 0:
		t.Ignore("a parcel without an address; orders/updated says it with the customer")
		return nil
	}
	if f.CreatedAt == "" {
		f.CreatedAt = m.At.Format(time.RFC3339Nano)
	}
	if err := f.tellFulfilled(t, who, id, items); err != nil {
		return err
	}
	if f.Shipment == "delivered" {
		return f.tellDelivered(t, who, id, items)
	}
	return nil
}
