package medusa

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/shop"
)

// medusaOrder is what is used of an order, and of a cart. Amounts are in major units.
type medusaOrder struct {
	ID          string      `json:"id"`
	Status      string      `json:"status"`
	Payment     string      `json:"payment_status"`
	Draft       bool        `json:"is_draft_order"`
	CreatedAt   string      `json:"created_at"`
	UpdatedAt   string      `json:"updated_at"`
	CanceledAt  string      `json:"canceled_at"`
	CompletedAt string      `json:"completed_at"` // of a cart
	CartID      string      `json:"cart_id"`
	CustomerID  string      `json:"customer_id"`
	Email       string      `json:"email"`
	Locale      string      `json:"locale"`
	Currency    string      `json:"currency_code"`
	Shipping    address     `json:"shipping_address"`
	Billing     address     `json:"billing_address"`
	Items       []item      `json:"items"`
	Total       shop.Number `json:"total"`

	Tax              shop.Number `json:"tax_total"`
	ShippingTotal    shop.Number `json:"shipping_total"`
	ShippingSubtotal shop.Number `json:"shipping_subtotal"`
	Discount         shop.Number `json:"discount_total"`
	DiscountSubtotal shop.Number `json:"discount_subtotal"`

	Promotions   []promotion `json:"promotions"`
	Fulfillments []parcel    `json:"fulfillments"`
	Returns      []comeback  `json:"returns"`

	// What the subscriber knows and Medusa does not.
	URL       string `json:"url"`
	StatusURL string `json:"status_url"`
	Test      bool   `json:"test"`
	Channel   string `json:"channel"`
}

type promotion struct {
	Code string `json:"code"`
}

type item struct {
	ID           string      `json:"id"`
	Title        string      `json:"title"`
	ProductID    string      `json:"product_id"`
	ProductTitle string      `json:"product_title"`
	VariantTitle string      `json:"variant_title"`
	Thumbnail    string      `json:"thumbnail"`
	URL          string      `json:"url"` // of the storefront's page: the subscriber knows it
	Quantity     shop.Number `json:"quantity"`
	Price        shop.Number `json:"unit_price"`
	WithTax      bool        `json:"is_tax_inclusive"`
	GiftCard     bool        `json:"is_giftcard"`
}

func (i item) product() string {
	if i.ProductID != "" {
		return i.ProductID
	}
	return i.ID // what is no product has the id of its line
}

// name is how the shop calls the item: the product, and which variant if it has several.
func (i item) name() string {
	name := cmp.Or(i.ProductTitle, i.Title)
	if i.VariantTitle != "" && !strings.EqualFold(i.VariantTitle, "Default variant") && i.VariantTitle != name {
		name += ", " + i.VariantTitle
	}
	return name
}

// part is some of a line, in a parcel or in what comes back.
type part struct {
	LineID   string      `json:"line_item_id"` // in a parcel
	ItemID   string      `json:"item_id"`      // in a return
	Quantity shop.Number `json:"quantity"`
	Received shop.Number `json:"received_quantity"`
}

type parcel struct {
	ShippedAt   string `json:"shipped_at"`
	DeliveredAt string `json:"delivered_at"`
	CanceledAt  string `json:"canceled_at"`
	Items       []part `json:"items"`
}

type comeback struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	ReceivedAt string `json:"received_at"`
	UpdatedAt  string `json:"updated_at"`
	Items      []part `json:"items"`
}

// order tells an order as it is: each message has all of it.
func order(t *shop.Teller, m told) error {
	var o medusaOrder
	if err := t.Read(m.data, &o); err != nil {
		return err
	}
	switch {
	case o.ID == "":
		return lacks("id")
	case o.Items == nil:
		return lacks("items")
	case o.Draft || o.Status == "draft":
		t.Ignore("a draft is not an order yet")
		return nil
	case len(o.Items) == 0:
		t.Ignore("an order without items")
		return nil
	}
	at := shop.First(shop.Moment(o.UpdatedAt), shop.Moment(o.CreatedAt), m.At)
	who, canceled := o.who(t), o.Status == "canceled" || o.CanceledAt != ""
	var told events.Data = &events.OrderUpdated{Customer: who, Order: o.content(t)}
	if m.Topic == "order.placed" && !canceled {
		told = &events.OrderPlaced{Customer: who, Order: o.content(t)}
	}
	if err := t.Tell(o.ID, at, told); err != nil {
		return err
	}
	whole := events.OrderChange{ID: o.ID}
	if canceled {
		return t.Tell(o.ID, shop.First(shop.Moment(o.CanceledAt), at), &events.OrderCancelled{Customer: who, Order: whole})
	}
	if o.Payment == "refunded" {
		return t.Tell(o.ID, at, &events.OrderRefunded{Customer: who, Order: whole})
	}
	return o.tellParcels(t, who, at)
}

func (o *medusaOrder) who(t *shop.Teller) events.Customer {
	return events.Customer{
		ID: o.CustomerID, Email: t.Email("email", o.Email), Locale: o.Locale,
		FirstName: cmp.Or(o.Shipping.FirstName, o.Billing.FirstName), LastName: cmp.Or(o.Shipping.LastName, o.Billing.LastName),
		Country: strings.ToUpper(cmp.Or(o.Shipping.Country, o.Billing.Country)),
	}
}

func (o *medusaOrder) content(t *shop.Teller) events.Order {
	a := shop.NewAmounts(o.Currency)
	out := events.Order{
		ID: o.ID, CartID: o.CartID, Items: o.items(t), Total: a.Money(o.Total.Rat()), Tax: a.Some(o.Tax.Rat()),
		Shipping: a.Some(o.either(o.ShippingTotal, o.ShippingSubtotal).Rat()),
		Discount: a.Some(o.either(o.Discount, o.DiscountSubtotal).Rat()),
		Test:     o.Test, StatusURL: o.StatusURL, Channel: o.Channel,
	}
	if placed := shop.Moment(o.CreatedAt); !placed.IsZero() {
		out.PlacedAt = &placed
	}
	for _, p := range o.Promotions {
		if p.Code != "" {
			out.Coupons = append(out.Coupons, p.Code)
		}
	}
	return out
}

// either is the amount with tax if prices have it, and else the one without.
func (o *medusaOrder) either(with, without shop.Number) shop.Number {
	if without == "" || slices.ContainsFunc(o.Items, func(i item) bool { return i.WithTax }) {
		return with
	}
	return without
}

func (o *medusaOrder) items(t *shop.Teller) []events.Item {
	a := shop.NewAmounts(o.Currency)
	out := []events.Item{}
	for _, i := range o.Items {
		pieces := i.Quantity.Pieces()
		if pieces == 0 {
			continue
		}
		x := events.Item{ProductID: i.product(), Name: i.name(), Quantity: pieces, Price: a.Money(i.Price.Rat()), URL: i.URL, ImageURL: i.Thumbnail}
		if i.GiftCard || i.ProductID == "" {
			x.Reviewable = new(bool)
		}
		out = append(out, x)
	}
	return t.Items("items", out)
}

// changed adds up pieces by product.
func (o *medusaOrder) changed(parts []part) []events.ChangedItem {
	var out []events.ChangedItem
	for _, p := range parts {
		pieces := p.Quantity.Pieces()
		at := slices.IndexFunc(o.Items, func(i item) bool { return i.ID != "" && i.ID == cmp.Or(p.LineID, p.ItemID) })
		if pieces == 0 || at < 0 {
			continue
		}
		out = shop.AddPieces(out, o.Items[at].product(), pieces)
	}
	return out
}

// tellParcels tells what left, what arrived and what came back.
func (o *medusaOrder) tellParcels(t *shop.Teller, who events.Customer, at time.Time) error {
	for _, p := range o.Fulfillments {
		items := o.changed(p.Items)
		if p.CanceledAt != "" || len(items) == 0 {
			continue
		}
		change := events.OrderChange{ID: o.ID, Items: items}
		if left := shop.Moment(p.ShippedAt); !left.IsZero() {
			if err := t.Tell(o.ID, left, &events.OrderFulfilled{Customer: who, Order: change}); err != nil {
				return err
			}
		}
		if arrived := shop.Moment(p.DeliveredAt); !arrived.IsZero() {
			if err := t.Tell(o.ID, arrived, &events.OrderDelivered{Customer: who, Order: change}); err != nil {
				return err
			}
		}
	}
	for _, r := range o.Returns {
		for i := range r.Items {
			r.Items[i].Quantity = r.Items[i].Received
		}
		items := o.changed(r.Items)
		if r.ID == "" || len(items) == 0 || r.Status != "received" && r.Status != "partially_received" {
			continue
		}
		err := t.Tell(o.ID, shop.First(shop.Moment(r.ReceivedAt), shop.Moment(r.UpdatedAt), at), &events.OrderReturned{Customer: who,
			Order: events.OrderChange{ID: o.ID, Items: items, Return: events.Reference{ID: r.ID}}})
		if err != nil {
			return err
		}
	}
	return nil
}

// cart tells what somebody is about to order, who has said their address.
func cart(t *shop.Teller, m told) error {
	var c medusaOrder
	if err := t.Read(m.data, &c); err != nil {
		return err
	}
	who := c.who(t)
	switch {
	case c.ID == "":
		return lacks("id")
	case c.Items == nil:
		return lacks("items")
	case c.CompletedAt != "":
		t.Ignore("a cart that became an order")
		return nil
	case who.ID == "" && who.Email == "":
		t.Ignore("a cart of somebody who has not said who they are")
		return nil
	}
	at := shop.First(shop.Moment(c.UpdatedAt), m.At)
	return t.Tell(c.ID, at, &events.CartUpdated{Customer: who,
		Cart: events.Cart{ID: c.ID, URL: c.URL, Items: c.items(t), Total: shop.NewAmounts(c.Currency).Some(c.Total.Rat())}})
}
