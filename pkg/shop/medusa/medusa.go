// Package medusa maps what a subscriber in Medusa (v2) posts to events of Homing. Medusa's
// own events carry an id and nothing else, so the subscriber loads what it is about, and
// posts {"type": <Medusa's event>, "timestamp": …, "data": <the order, customer, cart or
// product, in Medusa's own fields>}. Nothing here verifies a signature or fetches anything.
package medusa

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"homing/events"
	"homing/pkg/shop"
)

// System is how events of Medusa name their source: /medusa/<store>.
const System = "medusa"

// types are the events of Medusa that something follows from, by what data is.
var types = map[string]func(*shop.Teller, told) error{
	"order.placed":               order,
	"order.updated":              order,
	"order.completed":            order,
	"order.canceled":             order,
	"order.archived":             order,
	"order.fulfillment_created":  order,
	"order.fulfillment_canceled": order,
	"order.return_received":      order,
	"order-edit.confirmed":       order,
	"shipment.created":           order,
	"delivery.created":           order,
	"payment.captured":           order,
	"payment.refunded":           order,

	"customer.created": customer,
	"customer.updated": customer,
	"customer.deleted": deletedCustomer,
	"cart.updated":     cart,
	"product.created":  product,
	"product.updated":  product,
	"product.deleted":  deletedProduct,
}

// Topics returns the types that there are.
func Topics() []string { return slices.Sorted(maps.Keys(types)) }

// told is a message with its data.
type told struct {
	shop.Message
	data json.RawMessage
}

// Read returns what a message says. Its topic is in its body. Its error is a
// shop.ErrUnreadable.
func Read(s shop.Store, m shop.Message) (shop.Said, error) {
	t := shop.NewTeller(System, s)
	var in struct {
		Type      string          `json:"type"`
		Timestamp string          `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}
	if err := t.Read(m.Body, &in); err != nil {
		return t.Said(), err
	}
	if in.Type == "" || len(in.Data) == 0 || in.Data[0] != '{' {
		return t.Said(), fmt.Errorf(`%w: it is not {"type": "order.placed", "timestamp": "...", "data": {...}}`, shop.ErrUnreadable)
	}
	m.Topic = in.Type
	if at := shop.Moment(in.Timestamp); !at.IsZero() {
		m.At = at
	}
	read := types[in.Type]
	if read == nil {
		return shop.Said{Unknown: true}, nil
	}
	err := read(t, told{m, in.Data})
	return t.Said(), err
}

// lacks says what the subscriber has to load.
func lacks(field string) error {
	return fmt.Errorf("%w: data has no %s; the subscriber has to load it", shop.ErrUnreadable, field)
}

type address struct {
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Country   string `json:"country_code"` // in small letters
}

// person is a customer. Medusa makes one for a guest, too.
type person struct {
	ID        string `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`
}

func customer(t *shop.Teller, m told) error {
	var p person
	if err := t.Read(m.data, &p); err != nil {
		return err
	}
	if p.ID == "" {
		return lacks("id")
	}
	who := events.Customer{ID: p.ID, Email: t.Email("email", p.Email), FirstName: p.FirstName, LastName: p.LastName}
	if m.Topic == "customer.created" {
		return t.Tell(who.ID, shop.First(shop.Moment(p.CreatedAt), m.At), &events.CustomerCreated{Customer: who})
	}
	return t.Tell(who.ID, shop.First(shop.Moment(p.UpdatedAt), m.At), &events.CustomerUpdated{Customer: who})
}

// deletedCustomer: who is deleted is forgotten.
func deletedCustomer(t *shop.Teller, m told) error {
	var p person
	if err := t.Read(m.data, &p); err != nil {
		return err
	}
	if p.ID == "" {
		return lacks("id")
	}
	return t.Tell(p.ID, m.At, &events.CustomerErased{Customer: events.Customer{ID: p.ID}})
}

func product(t *shop.Teller, m told) error {
	var p struct {
		ID        string `json:"id"`
		Title     string `json:"title"`
		Status    string `json:"status"`
		Thumbnail string `json:"thumbnail"`
		URL       string `json:"url"`       // of the storefront's page: the subscriber knows it
		Available *bool  `json:"available"` // the same
		UpdatedAt string `json:"updated_at"`
		CreatedAt string `json:"created_at"`
		Type      struct {
			Value string `json:"value"`
		} `json:"type"`
	}
	if err := t.Read(m.data, &p); err != nil {
		return err
	}
	if p.ID == "" {
		return lacks("id")
	}
	out := events.Product{ID: p.ID, Name: p.Title, URL: p.URL, ImageURL: p.Thumbnail, Category: p.Type.Value, Available: p.Available}
	if p.Status != "" && p.Status != "published" {
		out.Available = new(bool)
	}
	at := shop.First(shop.Moment(p.UpdatedAt), shop.Moment(p.CreatedAt), m.At)
	return t.Tell(out.ID, at, &events.ProductUpdated{Product: out})
}

func deletedProduct(t *shop.Teller, m told) error {
	var p person
	if err := t.Read(m.data, &p); err != nil {
		return err
	}
	if p.ID == "" {
		return lacks("id")
	}
	return t.Tell(p.ID, m.At, &events.ProductUpdated{Product: events.Product{ID: p.ID, Available: new(bool)}})
}
