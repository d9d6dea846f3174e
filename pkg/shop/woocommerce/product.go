package woocommerce

import (
	"homing/events"
	"homing/pkg/shop"
)

// product tells a product. A variation is told by the product that it is of, under
// whose id orders have it.
func product(t *shop.Teller, m shop.Message) error {
	var p struct {
		resource
		dates
		Name        string      `json:"name"`
		Permalink   string      `json:"permalink"`
		Type        string      `json:"type"`
		Status      string      `json:"status"`
		Price       shop.Number `json:"price"`
		Purchasable *bool       `json:"purchasable"`
		Stock       string      `json:"stock_status"`
		Reviews     bool        `json:"reviews_allowed"`
		ParentID    shop.Number `json:"parent_id"`
		Images      []image     `json:"images"`
		Categories  []struct {
			Name string `json:"name"`
		} `json:"categories"`
	}
	if err := t.Read(m.Body, &p); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	if p.Type == "variation" || p.ParentID.ID() != "" && p.Type != "simple" && p.Type != "grouped" {
		t.Ignore("a variation is told with its product")
		return nil
	}
	there := p.Status == "publish" && p.Stock != "outofstock" && (p.Purchasable == nil || *p.Purchasable)
	out := events.Product{
		ID: p.ID.ID(), Name: plain(p.Name), URL: p.Permalink, Available: &there,
		Price: shop.NewAmounts(t.Store.Currency).Money(p.Price.Rat()),
	}
	if p.Permalink != "" && p.Reviews {
		out.ReviewURL = p.Permalink + "#reviews"
	}
	for _, i := range p.Images {
		if out.ImageURL == "" {
			out.ImageURL = i.Src
		}
	}
	if len(p.Categories) > 0 {
		out.Category = plain(p.Categories[0].Name)
	}
	at := shop.First(moment(t, p.ModifiedGMT, p.Modified), moment(t, p.CreatedGMT, p.Created), m.At)
	return t.Tell(out.ID, at, &events.ProductUpdated{Product: out})
}

// deletedProduct: a deleted product says its number alone.
func deletedProduct(t *shop.Teller, m shop.Message) error {
	var r resource
	if err := t.Read(m.Body, &r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	gone := false
	return t.Tell(r.ID.ID(), m.At, &events.ProductUpdated{Product: events.Product{ID: r.ID.ID(), Available: &gone}})
}
