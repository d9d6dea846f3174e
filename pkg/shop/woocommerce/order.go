package woocommerce

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"homing/events"
	"homing/pkg/shop"
)

// wooOrder is what is used of an order of the REST API.
type wooOrder struct {
	resource
	dates
	Status      string      `json:"status"`
	Currency    string      `json:"currency"`
	CreatedVia  string      `json:"created_via"`
	CustomerID  shop.Number `json:"customer_id"`
	Billing     address     `json:"billing"`
	WithTax     bool        `json:"prices_include_tax"`
	Total       shop.Number `json:"total"`
	TotalTax    shop.Number `json:"total_tax"`
	Discount    shop.Number `json:"discount_total"`
	DiscountTax shop.Number `json:"discount_tax"`
	Shipping    shop.Number `json:"shipping_total"`
	ShippingTax shop.Number `json:"shipping_tax"`
	Lines       []line      `json:"line_items"`
	Fees        []line      `json:"fee_lines"`
	CouponLines []coupon    `json:"coupon_lines"`
	Meta        []meta      `json:"meta_data"`
}

type address struct {
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email"`
	Country   string `json:"country"`
}

type line struct {
	ID          shop.Number `json:"id"`
	Name        string      `json:"name"`
	ProductID   shop.Number `json:"product_id"`
	Quantity    shop.Number `json:"quantity"`
	Subtotal    shop.Number `json:"subtotal"` // before discounts, without tax
	SubtotalTax shop.Number `json:"subtotal_tax"`
	Total       shop.Number `json:"total"`
	TotalTax    shop.Number `json:"total_tax"`
	Image       image       `json:"image"`
}

// image is an object, or false where there is none.
type image struct{ Src string }

// UnmarshalJSON takes the address of a picture, if there is one.
func (i *image) UnmarshalJSON(b []byte) error {
	var in struct {
		Src any `json:"src"`
	}
	if json.Unmarshal(b, &in) == nil {
		i.Src, _ = in.Src.(string)
	}
	return nil
}

type coupon struct {
	Code string `json:"code"`
}

type meta struct {
	Key   string `json:"key"`
	Value any    `json:"value"`
}

// state is what a status says about an order.
type state int

const (
	unknown   state = iota // a plugin's, which may mean anything
	waits                  // nothing was ordered yet
	stands                 // the shop would confirm it, or has
	completed              // it stands, and has left the shop
	delivered
	cancelled
	refunded
)

var states = map[string]state{
	"pending": waits, "checkout-draft": waits, "auto-draft": waits, "draft": waits, "new": waits,
	"processing": stands, "on-hold": stands,
	"completed": completed, "shipped": completed, "delivered": delivered,
	"failed": cancelled, "cancelled": cancelled, "trash": cancelled,
	"refunded": refunded,
}

// order tells an order as it is: each message has all of it.
func order(t *shop.Teller, m shop.Message) error {
	var o wooOrder
	if err := t.Read(m.Body, &o); err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	if o.Status == "" || o.Lines == nil { // not the same as an order that has none left
		return fmt.Errorf("%w: it has no status or no line_items; set the webhook's API version to v3", shop.ErrUnreadable)
	}
	id, who := o.ID.ID(), o.who(t)
	at := shop.First(moment(t, o.ModifiedGMT, o.Modified), moment(t, o.CreatedGMT, o.Created), m.At)
	change := events.OrderChange{ID: id}
	status := states[strings.TrimPrefix(o.Status, "wc-")]
	items := o.items(t)
	switch {
	case status == waits:
		t.Ignore("an order that is " + o.Status + " is not one yet")
		return nil
	case status == refunded:
		return t.Tell(id, at, &events.OrderRefunded{Customer: who, Order: change})
	case status == cancelled || len(items) == 0: // nothing is left of it
		return t.Tell(id, at, &events.OrderCancelled{Customer: who, Order: change})
	}
	told := o.content(t, items)
	if status == unknown { // thanks nobody, and brings no order back
		return t.Tell(id, at, &events.OrderUpdated{Customer: who, Order: told})
	}
	if err := t.Tell(id, at, &events.OrderPlaced{Customer: who, Order: told}); err != nil {
		return err
	}
	switch status {
	case completed:
		return t.Tell(id, shop.First(moment(t, o.CompletedGMT, o.Completed), at), &events.OrderFulfilled{Customer: who, Order: change})
	case delivered:
		return t.Tell(id, at, &events.OrderDelivered{Customer: who, Order: change})
	}
	return nil
}

// who ordered: an account, or a guest, whose id is 0.
func (o *wooOrder) who(t *shop.Teller) events.Customer {
	return events.Customer{
		ID: o.CustomerID.ID(), Email: t.Email("billing.email", o.Billing.Email),
		FirstName: plain(o.Billing.FirstName), LastName: plain(o.Billing.LastName), Country: o.Billing.Country,
		Locale: o.text("wpml_language"),
	}
}

// text returns what a plugin keeps with an order.
func (o *wooOrder) text(key string) string {
	for _, x := range o.Meta {
		if s, ok := x.Value.(string); ok && x.Key == key {
			return s
		}
	}
	return ""
}

func (o *wooOrder) content(t *shop.Teller, items []events.Item) events.Order {
	a := shop.NewAmounts(o.Currency)
	out := events.Order{
		ID: o.ID.ID(), Items: items, Total: a.Money(o.Total.Rat()), Tax: a.Some(o.TotalTax.Rat()),
		Shipping: a.Some(o.gross(o.Shipping, o.ShippingTax)), Discount: a.Some(o.discount()),
		Channel: o.CreatedVia, Test: o.test(),
	}
	for _, c := range o.CouponLines {
		if c.Code != "" {
			out.Coupons = append(out.Coupons, plain(c.Code))
		}
	}
	if placed := moment(t, o.CreatedGMT, o.Created); !placed.IsZero() {
		out.PlacedAt = &placed
	}
	return out
}

// test reports whether nobody paid: WooPayments says so of orders in its test mode.
func (o *wooOrder) test() bool {
	mode := o.text("_wcpay_mode")
	return mode == "test" || mode == "dev"
}

// gross is an amount as the shop shows it: with its tax, if its prices include tax.
func (o *wooOrder) gross(net, tax shop.Number) *big.Rat {
	if o.WithTax {
		return shop.Sum(net, tax)
	}
	return shop.Sum(net)
}

// discount is what coupons took off, and fees below zero, as plugins write discounts.
func (o *wooOrder) discount() *big.Rat {
	sum := o.gross(o.Discount, o.DiscountTax)
	for _, f := range o.Fees {
		if fee := o.gross(f.Total, f.TotalTax); fee.Sign() < 0 {
			sum.Sub(sum, fee)
		}
	}
	return sum
}

// items are the lines of an order, and its fees.
func (o *wooOrder) items(t *shop.Teller) []events.Item {
	a, renews := shop.NewAmounts(o.Currency), o.CreatedVia == "subscription"
	no := false
	var out []events.Item
	for _, l := range o.Lines {
		pieces := l.Quantity.Pieces()
		if pieces == 0 {
			continue
		}
		price := o.gross(l.Subtotal, l.SubtotalTax)
		x := events.Item{
			ProductID: l.ProductID.ID(), Name: plain(l.Name), Quantity: pieces, ImageURL: l.Image.Src, Subscription: renews,
			Price: a.Money(price.Quo(price, new(big.Rat).SetInt64(int64(pieces)))),
		}
		if x.ProductID == "" { // it was deleted since, or never was one
			x.ProductID, x.Reviewable = "line-"+string(l.ID), &no
		}
		out = append(out, x)
	}
	for _, f := range o.Fees { // a fee has the id of its line: nobody buys it again
		if price := o.gross(f.Total, f.TotalTax); price.Sign() > 0 && len(out) > 0 {
			out = append(out, events.Item{ProductID: "line-" + string(f.ID), Name: plain(f.Name), Quantity: 1, Price: a.Money(price), Reviewable: &no})
		}
	}
	return t.Items("line_items", out)
}
