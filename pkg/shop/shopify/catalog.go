package shopify

import (
	"encoding/json"
	"math/big"
	"net/url"
	"strings"

	"homing/events"
	"homing/pkg/shop"
)

// checkout tells what somebody is about to order, who has said their address.
func checkout(t *shop.Teller, m shop.Message) error {
	var c struct {
		shopifyOrder
		Token       string `json:"token"`
		CompletedAt string `json:"completed_at"`
		URL         string `json:"abandoned_checkout_url"`
	}
	if err := t.Read(m.Body, &c); err != nil {
		return err
	}
	switch {
	case c.Token == "":
		return lacks("token")
	case c.Lines == nil:
		return lacks("line_items")
	case c.CompletedAt != "":
		t.Ignore("a checkout that became an order")
		return nil
	}
	who := c.who(t)
	who.Consent = nil // a box that is ticked is no word before the form is sent
	if who.ID == "" && who.Email == "" {
		t.Ignore("a checkout of somebody who has not said who they are")
		return nil
	}
	cart := events.Cart{ID: c.Token, URL: c.URL, Items: c.items(t)}
	if c.PresentmentCurrency == "" || c.PresentmentCurrency == c.Currency {
		cart.Total = shop.NewAmounts(c.Currency).Money(c.Total.Rat())
	}
	if cart.Items == nil {
		cart.Items = []events.Item{}
	}
	at := shop.First(shop.Moment(c.UpdatedAt), shop.Moment(c.CreatedAt), m.At)
	return t.Tell(c.Token, at, &events.CartUpdated{Customer: who, Cart: cart})
}

// variant is what is sold of a product.
type variant struct {
	Price      shop.Number `json:"price"`
	Quantity   shop.Number `json:"inventory_quantity"`
	Policy     string      `json:"inventory_policy"`     // continue: it is sold when there is none, too
	Management counter     `json:"inventory_management"` // null: nobody counts
	Item       *struct {
		Tracked bool `json:"tracked"`
	} `json:"inventory_item"`
}

// counter is who counts how many there are.
type counter struct {
	Name string
	said bool
}

// UnmarshalJSON notes that it was said, also if it is null.
func (c *counter) UnmarshalJSON(b []byte) error {
	c.said = true
	_ = json.Unmarshal(b, &c.Name) // anything else is nobody
	return nil
}

// stock is what is known about whether something can be bought.
type stock int

const (
	soldOut stock = iota
	unsaid        // there is none, and it is not said whether anybody counts
	inStock
)

func (v variant) stock() stock {
	quantity := v.Quantity.Rat()
	uncounted := v.Management.said && v.Management.Name == "" || v.Item != nil && !v.Item.Tracked
	switch {
	case uncounted || v.Policy == "continue" || quantity != nil && quantity.Sign() > 0:
		return inStock
	case quantity == nil || !v.Management.said && v.Item == nil: // API versions since 2024-07 leave it out
		return unsaid
	}
	return soldOut
}

// product tells a product.
func product(t *shop.Teller, m shop.Message) error {
	var p struct {
		ID        shop.Number `json:"id"`
		Title     string      `json:"title"`
		Handle    string      `json:"handle"`
		Type      string      `json:"product_type"`
		Status    string      `json:"status"`
		Published *string     `json:"published_at"`
		CreatedAt string      `json:"created_at"`
		UpdatedAt string      `json:"updated_at"`
		Variants  []variant   `json:"variants"`
		Image     struct {
			Src string `json:"src"`
		} `json:"image"`
	}
	if err := t.Read(m.Body, &p); err != nil {
		return err
	}
	if p.ID.ID() == "" {
		return lacks("id")
	}
	best := soldOut
	var cheapest *big.Rat
	for _, v := range p.Variants {
		best = max(best, v.stock())
		if r := v.Price.Rat(); r != nil && (cheapest == nil || r.Cmp(cheapest) < 0) {
			cheapest = r
		}
	}
	out := events.Product{
		ID: p.ID.ID(), Name: p.Title, ImageURL: p.Image.Src, Category: p.Type,
		Price: shop.NewAmounts(t.Store.Currency).Money(cheapest),
	}
	shown := p.Status == "active" && p.Published != nil
	if there := shown && best == inStock; !shown || best != unsaid {
		out.Available = &there
	}
	if p.Handle != "" && t.Store.URL != "" {
		out.URL = strings.TrimSuffix(t.Store.URL, "/") + "/products/" + url.PathEscape(p.Handle)
	}
	at := shop.First(shop.Moment(p.UpdatedAt), shop.Moment(p.CreatedAt), m.At)
	return t.Tell(out.ID, at, &events.ProductUpdated{Product: out})
}

// deletedProduct: a deleted product says its number alone.
func deletedProduct(t *shop.Teller, m shop.Message) error {
	var p struct {
		ID shop.Number `json:"id"`
	}
	if err := t.Read(m.Body, &p); err != nil {
		return err
	}
	if p.ID.ID() == "" {
		return lacks("id")
	}
	gone := false
	return t.Tell(p.ID.ID(), m.At, &events.ProductUpdated{Product: events.Product{ID: p.ID.ID(), Available: &gone}})
}
