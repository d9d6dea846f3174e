// Package sheet maps the CSV that docs/storefronts/import.md describes, of orders, of
// customers or of products, to events: for shops whose system has no mapping of its own.
// It is pure.
package sheet

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

// System is how these events name their source: /csv/<store>.
const System = "csv"

// Open reads a file. Its columns tell what it is about.
func Open(r io.Reader, e shop.Export) (shop.Source, error) {
	t, err := shop.OpenTable(r)
	if err != nil {
		return nil, err
	}
	switch {
	case t.Has("order_id"):
		if lacks := t.Lacks("placed_at", "product_id", "quantity"); lacks != "" {
			return nil, fmt.Errorf("the column %q is missing: a line of an order has order_id, placed_at, product_id and quantity, and more if you have it", lacks)
		}
		if !t.Has("email") && !t.Has("customer_id") {
			return nil, errors.New(`neither a column "email" nor "customer_id": whose orders are they?`)
		}
		return shop.RecordsOf(t, "order_id", e, order), nil
	case t.Has("customer_id"), t.Has("email"):
		return shop.RecordsOf(t, "", e, customer), nil
	case t.Has("product_id"):
		return shop.RecordsOf(t, "", e, product), nil
	}
	return nil, errors.New(`neither orders (a column "order_id"), nor customers ("customer_id" or "email"), nor products ("product_id")`)
}

// record is what is made of rows.
type record struct {
	*shop.Teller
	e    *shop.Export
	row  shop.Row
	line int
	bad  *shop.Fault // the first
}

func begin(e *shop.Export, r shop.Row) *record {
	return &record{Teller: shop.NewTeller(System, e.Store), e: e, row: r, line: r.Line}
}

// fail leaves the record out.
func (x *record) fail(line int, field, format string, args ...any) {
	if x.bad == nil {
		x.bad = &shop.Fault{Line: line, Field: field, Detail: fmt.Sprintf(format, args...)}
	}
}

// done returns the record, or what is wrong with it.
func (x *record) done(err error) shop.Record {
	switch {
	case x.bad != nil:
		return shop.Record{Line: x.line, Faults: []shop.Fault{*x.bad}}
	case err != nil:
		return shop.Bad(x.line, "", err.Error())
	}
	return x.Told(x.line)
}

// time reads a time; the zero time: the field is empty.
func (x *record) time(field string) time.Time {
	said := x.row.Get(field)
	at := shop.MomentIn(said, x.Store.Zone)
	if at.IsZero() && said != "" {
		if day, err := time.ParseInLocation(time.DateOnly, said, x.Store.Zone); err == nil && day.Year() >= 1970 {
			return day.Add(12 * time.Hour) // some time of that day
		}
		x.fail(x.line, field, "%.40q is not a time like 2026-01-02T10:11:12Z, 2026-01-02 10:11:12 or 2026-01-02", said)
	}
	return at
}

// number reads an amount or a number; nil: the field is empty.
func (x *record) number(r shop.Row, field string) *big.Rat {
	said := r.Get(field)
	n := r.Number(field).Rat()
	if said != "" && (n == nil || n.Sign() < 0) {
		x.fail(r.Line, field, "%.40q is not a number like 12.95", said)
	}
	return n
}

func (x *record) who() events.Customer {
	r := x.row
	who := events.Customer{
		ID: r.Get("customer_id"), Email: x.Email("email", r.Get("email")), FirstName: r.Get("first_name"), LastName: r.Get("last_name"),
		Birthday: r.Get("birthday"), TimeZone: r.Get("time_zone"), Locale: r.Get("locale"), Country: r.Get("country"),
	}
	switch said := strings.ToLower(r.Get("consent")); said {
	case "":
	case events.Subscribed, events.Unsubscribed, events.ConsentUnknown:
		who.Consent = &events.Consent{Email: said, Source: cmp.Or(r.Get("consent_source"), "import")}
		if at := x.time("consent_at"); !at.IsZero() {
			who.Consent.At = &at
		}
	default:
		x.fail(x.line, "consent", "%.40q is not one of subscribed, unsubscribed, unknown", said)
	}
	return who
}

// order maps the lines of an order. What is said of the order itself is in the first.
func order(e *shop.Export, rows []shop.Row, more int) shop.Record {
	x := begin(e, rows[0])
	who, at, id := x.who(), x.time("placed_at"), x.row.Get("order_id")
	switch {
	case id == "":
		x.fail(x.line, "order_id", "is empty: which order is it?")
	case at.IsZero():
		x.fail(x.line, "placed_at", "is empty: when was it placed?")
	}
	if more > 0 {
		x.Note("order_id", "the order has %d more lines than the %d that are used", more, events.MaxItems)
	}
	o := x.content(rows)
	if x.bad != nil {
		return x.done(nil)
	}
	if err := x.Tell(id, at, &events.OrderPlaced{Customer: who, Order: o}); err != nil {
		return x.done(err)
	}
	return x.done(x.afterwards(id, events.Customer{ID: who.ID, Email: who.Email}))
}

func (x *record) content(rows []shop.Row) events.Order {
	r := x.row
	a := shop.NewAmounts(cmp.Or(r.Get("currency"), x.Store.Currency))
	o := events.Order{
		ID: r.Get("order_id"), CartID: r.Get("cart_id"), Channel: r.Get("channel"), Test: strings.EqualFold(r.Get("test"), "true"),
		Discount: a.Some(x.number(r, "discount")), Shipping: a.Some(x.number(r, "shipping")), Tax: a.Some(x.number(r, "tax")),
	}
	if code := r.Get("coupon"); code != "" {
		o.Coupons = []string{code}
	}
	sum := new(big.Rat)
	for _, r := range rows {
		it, cost := x.item(r, a)
		o.Items = append(o.Items, it)
		sum.Add(sum, cost)
	}
	o.Items = x.Items("name", o.Items)
	total := x.number(r, "total")
	if total == nil { // as the shop would have it, but for taxes that are not in its prices
		if total = sum.Add(sum, shop.Sum(r.Number("shipping"))); o.Discount.Minor > 0 {
			total.Sub(total, shop.Sum(r.Number("discount")))
		}
		if total.Sign() < 0 {
			total.SetInt64(0)
		}
	}
	if o.Total = a.Money(total); o.Total.Currency == "" {
		x.fail(x.line, "total", "is no amount in the currency %q", a.Currency)
	}
	return o
}

// item is a line of an order, and what it costs.
func (x *record) item(r shop.Row, a shop.Amounts) (events.Item, *big.Rat) {
	price := x.number(r, "price")
	it := events.Item{
		ProductID: r.Get("product_id"), Name: cmp.Or(r.Get("name"), r.Get("product_id")), Quantity: r.Number("quantity").Pieces(),
		Price: a.Money(price), URL: r.Get("url"), ImageURL: r.Get("image_url"), Category: r.Get("category"),
		SupplyDays: r.Number("supply_days").Pieces(), Subscription: strings.EqualFold(r.Get("subscription"), "true"),
	}
	switch {
	case it.ProductID == "":
		x.fail(r.Line, "product_id", "is empty: what was ordered?")
	case it.Quantity == 0:
		x.fail(r.Line, "quantity", "%.40q is not a number of pieces", r.Get("quantity"))
	}
	if price == nil {
		return it, new(big.Rat)
	}
	return it, new(big.Rat).Mul(price, new(big.Rat).SetInt64(int64(it.Quantity)))
}

// afterwards tells what became of an order.
func (x *record) afterwards(id string, who events.Customer) error {
	change := events.OrderChange{ID: id}
	for _, w := range []struct {
		field string
		data  events.Data
	}{
		{"fulfilled_at", &events.OrderFulfilled{Customer: who, Order: change}},
		{"delivered_at", &events.OrderDelivered{Customer: who, Order: change}},
		{"cancelled_at", &events.OrderCancelled{Customer: who, Order: change}},
		{"refunded_at", &events.OrderRefunded{Customer: who, Order: change}},
	} {
		at := x.time(w.field)
		if at.IsZero() {
			continue
		}
		if err := x.Tell(id, at, w.data); err != nil {
			return err
		}
	}
	return nil
}

func customer(e *shop.Export, rows []shop.Row, _ int) shop.Record {
	x := begin(e, rows[0])
	who, at := x.who(), shop.First(x.time("updated_at"), e.At)
	if who.ID == "" && who.Email == "" {
		x.fail(x.line, "customer_id", "neither an id nor an address: who is it?")
	}
	if x.bad != nil {
		return x.done(nil)
	}
	return x.done(x.Tell(cmp.Or(who.ID, "guest"), at, &events.CustomerUpdated{Customer: who}))
}

func product(e *shop.Export, rows []shop.Row, _ int) shop.Record {
	x := begin(e, rows[0])
	r := x.row
	a := shop.NewAmounts(cmp.Or(r.Get("currency"), x.Store.Currency))
	p := events.Product{
		ID: r.Get("product_id"), Name: r.Get("name"), URL: r.Get("url"), ImageURL: r.Get("image_url"), Category: r.Get("category"),
		ReviewURL: r.Get("review_url"), Price: a.Money(x.number(r, "price")), SupplyDays: r.Number("supply_days").Pieces(),
	}
	switch there := strings.ToLower(r.Get("available")); there {
	case "":
	case "true", "false", "yes", "no":
		is := there == "true" || there == "yes"
		p.Available = &is
	default:
		x.fail(x.line, "available", "%.40q is neither true nor false", there)
	}
	if p.ID == "" {
		x.fail(x.line, "product_id", "is empty: which product is it?")
	}
	at := shop.First(x.time("updated_at"), e.At)
	if x.bad != nil {
		return x.done(nil)
	}
	return x.done(x.Tell(p.ID, at, &events.ProductUpdated{Product: p}))
}
