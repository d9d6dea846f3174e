package woocommerce

import (
	"cmp"

	"homing/events"
	"homing/pkg/shop"
)

// customer tells an account.
func customer(t *shop.Teller, m shop.Message) error {
	var c struct {
		resource
		dates
		address
		Billing address `json:"billing"`
	}
	if err := t.Read(m.Body, &c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	who := events.Customer{
		ID: c.ID.ID(), Email: t.Email("email", c.Email),
		FirstName: plain(cmp.Or(c.FirstName, c.Billing.FirstName)), LastName: plain(cmp.Or(c.LastName, c.Billing.LastName)),
		Country: c.Billing.Country,
	}
	created, modified := moment(t, c.CreatedGMT, c.dates.Created), moment(t, c.ModifiedGMT, c.Modified)
	if m.Topic == "customer.created" {
		return t.Tell(who.ID, shop.First(created, m.At), &events.CustomerCreated{Customer: who})
	}
	return t.Tell(who.ID, shop.First(modified, m.At, created), &events.CustomerUpdated{Customer: who})
}

// deletedCustomer: who has no account any more is forgotten.
func deletedCustomer(t *shop.Teller, m shop.Message) error {
	var r resource
	if err := t.Read(m.Body, &r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	return t.Tell(r.ID.ID(), m.At, &events.CustomerErased{Customer: events.Customer{ID: r.ID.ID()}})
}
