package shopify

import (
	"cmp"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

// shopifyOrder is what is used of an order.
type shopifyOrder struct {
	ID                  shop.Number   `json:"id"`
	CreatedAt           string        `json:"created_at"`
	ProcessedAt         string        `json:"processed_at"` // earlier, where the order was brought over
	UpdatedAt           string        `json:"updated_at"`
	CancelledAt         string        `json:"cancelled_at"`
	Email               string        `json:"email"`
	ContactEmail        string        `json:"contact_email"`
	Customer            person        `json:"customer"`
	Locale              string        `json:"customer_locale"`
	Accepts             bool          `json:"buyer_accepts_marketing"`
	CheckoutToken       string        `json:"checkout_token"`
	Currency            string        `json:"currency"`
	PresentmentCurrency string        `json:"presentment_currency"`
	Financial           string        `json:"financial_status"`
	Fulfillment         string        `json:"fulfillment_status"`
	SourceName          string        `json:"source_name"`
	StatusURL           string        `json:"order_status_url"`
	Test                bool          `json:"test"`
	Codes               []code        `json:"discount_codes"`
	Billing             address       `json:"billing_address"`
	Shipping            address       `json:"shipping_address"`
	Lines               []line        `json:"line_items"`
	Refunds             []refund      `json:"refunds"`
	Fulfillments        []fulfilled   `json:"fulfillments"`
	Total               shop.Number   `json:"total_price"`
	TotalSet            set           `json:"total_price_set"`
	Discounts           shop.Number   `json:"total_discounts"`
	DiscountsSet        set           `json:"total_discounts_set"`
	Tax                 shop.Number   `json:"total_tax"`
	TaxSet              set           `json:"total_tax_set"`
	TaxesIncluded       bool          `json:"taxes_included"` // in prices
	ShippingSet         set           `json:"total_shipping_price_set"`
	ShippingLines       []shippingFee `json:"shipping_lines"`
}

type code struct {
	Code string `json:"code"`
}

type shippingFee struct {
	Price shop.Number `json:"price"`
}

type line struct {
	ID        shop.Number `json:"id"`
	ProductID shop.Number `json:"product_id"` // null for what is no product, or is one no more
	Name      string      `json:"name"`
	Title     string      `json:"title"`
	Quantity  shop.Number `json:"quantity"` // as ordered; what is left of it is current_quantity
	Price     shop.Number `json:"price"`
	PriceSet  set         `json:"price_set"`
	GiftCard  bool        `json:"gift_card"`
}

func (l line) product() string {
	if id := l.ProductID.ID(); id != "" {
		return id
	}
	return "line-" + string(l.ID)
}

// order tells an order as it is: each message of its topics has all of it, also what
// was paid back and what has left.
func order(t *shop.Teller, m shop.Message) error {
	var o shopifyOrder
	if err := t.Read(m.Body, &o); err != nil {
		return err
	}
	if o.ID.ID() == "" {
		return lacks("id")
	}
	if o.Lines == nil { // not the same as an order that has none
		return lacks("line_items")
	}
	at := shop.First(shop.Moment(o.UpdatedAt), shop.Moment(o.CreatedAt), m.At)
	who, cancelled := o.who(t), shop.Moment(o.CancelledAt)
	fresh := m.Topic == "orders/create" || m.Topic == "orders/paid"
	if err := o.tellContent(t, who, at, fresh && cancelled.IsZero()); err != nil {
		return err
	}
	if err := o.tellGone(t, who, at, cancelled); err != nil {
		return err
	}
	return o.tellLeft(t, who)
}

func (o *shopifyOrder) tellContent(t *shop.Teller, who events.Customer, at time.Time, placed bool) error {
	content := o.content(t)
	switch {
	case len(content.Items) == 0:
		t.Ignore("an order without items")
		return nil
	case placed:
		return t.Tell(o.ID.ID(), at, &events.OrderPlaced{Customer: who, Order: content})
	}
	return t.Tell(o.ID.ID(), at, &events.OrderUpdated{Customer: who, Order: content})
}

// tellGone tells what is left of an order no more.
func (o *shopifyOrder) tellGone(t *shop.Teller, who events.Customer, at, cancelled time.Time) error {
	id := o.ID.ID()
	if !cancelled.IsZero() {
		return t.Tell(id, cancelled, &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: id}})
	}
	if o.Financial == "refunded" {
		for _, r := range o.Refunds { // the last
			at = shop.First(shop.Moment(r.CreatedAt), at)
		}
		return t.Tell(id, at, &events.OrderRefunded{Customer: who, Order: events.OrderChange{ID: id}})
	}
	for _, r := range o.Refunds {
		items := o.changed(r.lines())
		if len(items) == 0 || r.ID.ID() == "" { // money for no item, such as the shipping
			continue
		}
		err := t.Tell(id, shop.First(shop.Moment(r.CreatedAt), at), &events.OrderRefunded{Customer: who,
			Order: events.OrderChange{ID: id, Items: items, Refund: events.Reference{ID: r.ID.ID()}, Amount: o.paidBack(r)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// who ordered. Any of it may be null: at a till nobody says who they are.
func (o *shopifyOrder) who(t *shop.Teller) events.Customer {
	who := o.Customer.who(t)
	who.Email = cmp.Or(t.Email("email", o.Email), t.Email("contact_email", o.ContactEmail), who.Email)
	who.FirstName = cmp.Or(who.FirstName, o.Billing.FirstName, o.Shipping.FirstName)
	who.LastName = cmp.Or(who.LastName, o.Billing.LastName, o.Shipping.LastName)
	who.Country = cmp.Or(o.Shipping.CountryCode, o.Billing.CountryCode, who.Country)
	who.Locale = o.Locale
	if who.Consent == nil && o.Accepts { // without a time: it lifts no refusal
		who.Consent = &events.Consent{Email: events.Subscribed, Source: "checkout"}
	}
	return who
}

func (o *shopifyOrder) content(t *shop.Teller) events.Order {
	out := events.Order{
		ID: o.ID.ID(), CartID: o.CheckoutToken, StatusURL: o.StatusURL, Test: o.Test, Channel: o.SourceName,
		Total: o.money(o.TotalSet, o.Total), Discount: o.some(o.DiscountsSet, o.Discounts), Tax: o.some(o.TaxSet, o.Tax),
		Shipping: o.shipping(),
	}
	placed, processed := shop.Moment(o.CreatedAt), shop.Moment(o.ProcessedAt)
	if placed.IsZero() || !processed.IsZero() && processed.Before(placed) {
		placed = processed
	}
	if !placed.IsZero() {
		out.PlacedAt = &placed
	}
	for _, c := range o.Codes {
		if c.Code != "" {
			out.Coupons = append(out.Coupons, c.Code)
		}
	}
	out.Items = o.items(t)
	return out
}

func (o *shopifyOrder) items(t *shop.Teller) []events.Item {
	renews := strings.HasPrefix(o.SourceName, "subscription_contract")
	no := false
	var out []events.Item
	for _, l := range o.Lines {
		pieces := l.Quantity.Pieces()
		if pieces == 0 {
			continue
		}
		x := events.Item{ProductID: l.product(), Name: cmp.Or(l.Name, l.Title), Quantity: pieces, Price: o.money(l.PriceSet, l.Price), Subscription: renews}
		if l.GiftCard || l.ProductID.ID() == "" { // a tip, or what was typed in for this order
			x.Reviewable = &no
		}
		out = append(out, x)
	}
	return t.Items("line_items", out)
}

// money is what the customer sees: in their currency if that is said.
func (o *shopifyOrder) money(s set, plain shop.Number) events.Money {
	if s.Presentment.Currency != "" {
		return shop.NewAmounts(s.Presentment.Currency).Money(s.Presentment.Amount.Rat())
	}
	if o.PresentmentCurrency != "" && o.PresentmentCurrency != o.Currency {
		return events.Money{} // the plain amount is in the shop's currency
	}
	return shop.NewAmounts(o.Currency).Money(plain.Rat())
}

// some is money, unless there is none.
func (o *shopifyOrder) some(s set, plain shop.Number) events.Money {
	if m := o.money(s, plain); m.Minor > 0 {
		return m
	}
	return events.Money{}
}

func (o *shopifyOrder) shipping() events.Money {
	var fees []shop.Number
	for _, f := range o.ShippingLines {
		fees = append(fees, f.Price)
	}
	return o.some(o.ShippingSet, shop.Number(shop.Sum(fees...).FloatString(4)))
}
