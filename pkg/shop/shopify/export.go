package shopify

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

// OpenExport reads a CSV that Shopify's admin exports: of orders or of customers.
func OpenExport(r io.Reader, e shop.Export) (shop.Source, error) {
	t, err := shop.OpenTable(r)
	if err != nil {
		return nil, err
	}
	switch {
	case t.Has("Accepts Email Marketing", "Customer ID"):
		return shop.RecordsOf(t, "", e, customerRow), nil
	case t.Has("Lineitem name"):
		if lacks := t.Lacks("Name", "Email", "Created at", "Total", "Lineitem quantity"); lacks != "" {
			return nil, fmt.Errorf("the column %q is missing; export orders from Shopify again, and leave its columns as they are", lacks)
		}
		return shop.RecordsOf(t, "Name", e, orderRows), nil
	}
	return nil, errors.New("neither an export of orders (Lineitem name) nor of customers (Customer ID, Accepts Email Marketing) of Shopify; a file of your own is for `homing import csv`")
}

// exported is one order of an export: what is said of it is in its first row, and each
// row has a line of it.
type exported struct {
	*shop.Teller
	e                *shop.Export
	row              shop.Row
	id               string
	created          time.Time
	paid, left, gone time.Time // paid, fulfilled, cancelled; zero: not
	amounts          shop.Amounts
}

// orderRows maps the rows of an order.
func orderRows(e *shop.Export, rows []shop.Row, more int) shop.Record {
	o := &exported{Teller: shop.NewTeller(System, e.Store), e: e, row: rows[0]}
	line := rows[0].Line
	if bad := o.begin(); bad != nil {
		bad.Line = line
		return shop.Record{Line: line, Faults: []shop.Fault{*bad}}
	}
	order, bad := o.order(rows)
	if bad != nil {
		return shop.Record{Line: line, Faults: []shop.Fault{*bad}}
	}
	if more > 0 {
		o.Note("Lineitem name", "has %d more lines than the %d that are used", more, events.MaxItems)
	}
	if err := o.tell(o.who(), order, rows); err != nil {
		return shop.Bad(line, "", err.Error())
	}
	return o.Told(line)
}

// begin reads what an order cannot be without.
func (o *exported) begin() *shop.Fault {
	o.id = cmp.Or(o.row.ID("Id"), strings.TrimPrefix(o.row.ID("Name"), "#"))
	if o.id == "" {
		return &shop.Fault{Field: "Name", Detail: "is empty: which order is it?"}
	}
	said := o.row.Get("Created at")
	if said == "" {
		return &shop.Fault{Field: "Created at", Detail: "is empty, as in all lines of an order but its first; do not sort or filter the export"}
	}
	for _, x := range []struct {
		field string
		to    *time.Time
	}{{"Created at", &o.created}, {"Paid at", &o.paid}, {"Fulfilled at", &o.left}, {"Cancelled at", &o.gone}} {
		said := o.row.Get(x.field)
		if *x.to = shop.MomentIn(said, o.Store.Zone); x.to.IsZero() && said != "" {
			return &shop.Fault{Field: x.field, Detail: fmt.Sprintf("%.40q is not a time like \"2026-01-02 10:11:12 -0500\"; spreadsheets change times when they save a file: use it as Shopify exported it", said)}
		}
	}
	o.amounts = shop.NewAmounts(cmp.Or(o.row.Get("Currency"), o.Store.Currency))
	return nil
}

// order is what was ordered.
func (o *exported) order(rows []shop.Row) (events.Order, *shop.Fault) {
	out := events.Order{
		ID: o.id, Channel: o.row.Get("Source"), Total: o.amounts.Money(o.row.Number("Total").Rat()),
		Discount: o.some("Discount Amount"), Shipping: o.some("Shipping"), Tax: o.some("Taxes"),
	}
	if out.Total.Currency == "" {
		return out, &shop.Fault{Line: rows[0].Line, Field: "Total", Detail: fmt.Sprintf("%.40q is not an amount like 12.95", o.row.Get("Total"))}
	}
	for code := range strings.SplitSeq(o.row.Get("Discount Code"), ", ") {
		if code != "" {
			out.Coupons = append(out.Coupons, code)
		}
	}
	for _, r := range rows {
		x, bad := o.item(r)
		if bad != nil {
			return out, bad
		}
		if x.Quantity > 0 {
			out.Items = append(out.Items, x)
		}
	}
	if len(out.Items) == 0 {
		return out, &shop.Fault{Line: rows[0].Line, Field: "Lineitem name", Detail: "no line of the order has a name and a quantity: nothing was ordered"}
	}
	out.Items = o.Items("Lineitem name", out.Items)
	return out, nil
}

func (o *exported) some(field string) events.Money { return o.amounts.Some(o.row.Number(field).Rat()) }

// item is a line of an order. Exports know SKUs, and not the ids of products.
func (o *exported) item(r shop.Row) (events.Item, *shop.Fault) {
	name, sku, n := r.Get("Lineitem name"), r.ID("Lineitem sku"), r.Number("Lineitem quantity")
	if name == "" && n == "" {
		return events.Item{}, nil
	}
	if n.Rat() == nil || n.Rat().Sign() < 0 {
		return events.Item{}, &shop.Fault{Line: r.Line, Field: "Lineitem quantity", Detail: fmt.Sprintf("%.40q is not a number of pieces", r.Get("Lineitem quantity"))}
	}
	return events.Item{ProductID: cmp.Or(o.e.SKUs[sku], sku, name), Name: cmp.Or(name, sku), Quantity: n.Pieces(),
		Price: o.amounts.Money(r.Number("Lineitem price").Rat())}, nil
}

// who ordered. An export of orders has no ids of customers.
func (o *exported) who() events.Customer {
	r := o.row
	who := events.Customer{Email: o.Email("Email", r.Get("Email")), Country: cmp.Or(r.Get("Shipping Country"), r.Get("Billing Country"))}
	who.FirstName, who.LastName, _ = strings.Cut(cmp.Or(r.Get("Billing Name"), r.Get("Shipping Name")), " ")
	if said := r.Get("Accepts Marketing"); said != "" && who.Email != "" {
		who.Consent = o.e.Agreed(strings.EqualFold(said, "yes"), o.created, System)
	}
	return who
}

// tell tells what became of the order. When it was paid back the export does not say:
// after all else that happened.
func (o *exported) tell(who events.Customer, order events.Order, rows []shop.Row) error {
	change := events.OrderChange{ID: o.id}
	if err := o.Tell(o.id, o.created, &events.OrderPlaced{Customer: who, Order: order}); err != nil {
		return err
	}
	who = events.Customer{Email: who.Email}
	if !o.left.IsZero() {
		left := events.OrderChange{ID: o.id, Items: o.sent(rows)}
		if err := o.Tell(o.id, o.left, &events.OrderFulfilled{Customer: who, Order: left}); err != nil {
			return err
		}
	}
	status := strings.ToLower(o.row.Get("Financial Status"))
	switch {
	case !o.gone.IsZero():
		return o.Tell(o.id, o.gone, &events.OrderCancelled{Customer: who, Order: change})
	case status == "refunded":
		return o.Tell(o.id, latest(o.created, o.paid, o.left), &events.OrderRefunded{Customer: who, Order: change})
	case status == "voided", status == "expired":
		return o.Tell(o.id, latest(o.created, o.paid), &events.OrderCancelled{Customer: who, Order: change})
	}
	return nil
}

// sent lists what has left the shop of an order that has left in part; none: all of it.
func (o *exported) sent(rows []shop.Row) []events.ChangedItem {
	if !strings.EqualFold(o.row.Get("Fulfillment Status"), "partial") {
		return nil
	}
	var out []events.ChangedItem
	for _, r := range rows {
		if x, _ := o.item(r); strings.EqualFold(r.Get("Lineitem fulfillment status"), "fulfilled") && x.Quantity > 0 {
			out = append(out, events.ChangedItem{ProductID: x.ProductID, Quantity: x.Quantity})
		}
	}
	return out
}

// customerRow maps a row of an export of customers, which says no time of its own.
func customerRow(e *shop.Export, rows []shop.Row, _ int) shop.Record {
	r, t := rows[0], shop.NewTeller(System, e.Store)
	who := events.Customer{ID: r.ID("Customer ID"), Email: t.Email("Email", r.Get("Email")), FirstName: r.Get("First Name"), LastName: r.Get("Last Name"),
		Country: cmp.Or(r.Get("Default Address Country Code"), r.Get("Country Code"))}
	if who.ID == "" && who.Email == "" {
		return shop.Bad(r.Line, "Customer ID", "neither an id nor an address: who is it?")
	}
	if said := r.Get("Accepts Email Marketing"); said != "" && who.Email != "" {
		who.Consent = e.Agreed(strings.EqualFold(said, "yes"), e.At, System)
	}
	if err := t.Tell(cmp.Or(who.ID, "guest"), e.At, &events.CustomerUpdated{Customer: who}); err != nil {
		return shop.Bad(r.Line, "", err.Error())
	}
	return t.Told(r.Line)
}
