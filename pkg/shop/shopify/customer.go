package shopify

import (
	"cmp"
	"encoding/json"

	"homing/events"
	"homing/pkg/shop"
)

// person is a customer, in a message of their own or in that of an order.
type person struct {
	ID        shop.Number `json:"id"`
	CreatedAt string      `json:"created_at"`
	UpdatedAt string      `json:"updated_at"`
	Email     string      `json:"email"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Default   address     `json:"default_address"`
	Consent   *agreed     `json:"email_marketing_consent"` // not since 2025-01, when it got a topic of its own
}

type address struct {
	FirstName   string `json:"first_name"`
	LastName    string `json:"last_name"`
	CountryCode string `json:"country_code"`
}

// agreed is what a customer said about marketing email.
type agreed struct {
	State string `json:"state"`
	At    string `json:"consent_updated_at"`
}

// maybe tells null from nothing.
type maybe struct {
	*agreed
	there bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (x *maybe) UnmarshalJSON(b []byte) error {
	x.there = true
	return json.Unmarshal(b, &x.agreed)
}

func (p person) who(t *shop.Teller) events.Customer {
	return events.Customer{
		ID: p.ID.ID(), Email: t.Email("customer.email", p.Email),
		FirstName: cmp.Or(p.FirstName, p.Default.FirstName), LastName: cmp.Or(p.LastName, p.Default.LastName),
		Country: p.Default.CountryCode, Consent: p.Consent.said(),
	}
}

// said is what follows from it. not_subscribed, pending, invalid and redacted say that
// nobody has said anything.
func (a *agreed) said() *events.Consent {
	if a == nil || a.State != events.Subscribed && a.State != events.Unsubscribed {
		return nil
	}
	c := &events.Consent{Email: a.State, Source: "shopify"}
	if at := shop.Moment(a.At); !at.IsZero() {
		c.At = &at
	}
	return c
}

// customer tells an account.
func customer(t *shop.Teller, m shop.Message) error {
	var p person
	if err := t.Read(m.Body, &p); err != nil {
		return err
	}
	who := p.who(t)
	if who.ID == "" {
		return lacks("id")
	}
	if m.Topic == "customers/create" {
		return t.Tell(who.ID, shop.First(shop.Moment(p.CreatedAt), m.At), &events.CustomerCreated{Customer: who})
	}
	return t.Tell(who.ID, shop.First(shop.Moment(p.UpdatedAt), m.At), &events.CustomerUpdated{Customer: who})
}

// consent tells what a customer said about marketing email.
func consent(t *shop.Teller, m shop.Message) error {
	var c struct {
		ID      shop.Number `json:"customer_id"`
		Email   string      `json:"email_address"`
		Consent maybe       `json:"email_marketing_consent"`
	}
	if err := t.Read(m.Body, &c); err != nil {
		return err
	}
	who := events.Customer{ID: c.ID.ID(), Email: t.Email("email_address", c.Email)}
	if who.ID == "" && who.Email == "" {
		return lacks("customer_id")
	}
	switch {
	case !c.Consent.there:
		return lacks("email_marketing_consent")
	case c.Consent.agreed == nil: // of a customer without an address
		t.Ignore("nobody has said anything: it is null")
		return nil
	}
	about := cmp.Or(who.ID, "guest")
	said := c.Consent.said()
	if said == nil {
		t.Ignore("nobody has said anything: " + c.Consent.State)
		return nil
	}
	at := m.At
	if said.At != nil {
		at = *said.At
	}
	if said.Email == events.Unsubscribed {
		return t.Tell(about, at, &events.CustomerUnsubscribed{Customer: who, Scope: events.ScopeAll})
	}
	who.Consent = said
	return t.Tell(about, at, &events.CustomerUpdated{Customer: who})
}

// merge tells that two accounts are one, once they are.
func merge(t *shop.Teller, m shop.Message) error {
	var x struct {
		Kept    string `json:"admin_graphql_api_customer_kept_id"`
		Deleted string `json:"admin_graphql_api_customer_deleted_id"`
		Status  string `json:"status"`
	}
	if err := t.Read(m.Body, &x); err != nil {
		return err
	}
	kept, gone := gid(x.Kept), gid(x.Deleted)
	switch {
	case kept == "" || gone == "":
		return lacks("admin_graphql_api_customer_kept_id")
	case x.Status != "completed":
		t.Ignore("a merge that is " + cmp.Or(x.Status, "in no status"))
		return nil
	}
	return t.Tell(kept, m.At, &events.CustomerMerged{Customer: events.Customer{ID: kept}, From: gone})
}

// deletedCustomer: who is deleted is forgotten. Shopify deletes nobody who has ordered.
func deletedCustomer(t *shop.Teller, m shop.Message) error {
	var p person
	if err := t.Read(m.Body, &p); err != nil {
		return err
	}
	if p.ID.ID() == "" {
		return lacks("id")
	}
	return t.Tell(p.ID.ID(), m.At, &events.CustomerErased{Customer: events.Customer{ID: p.ID.ID()}})
}

// request is what Shopify sends about the data of a customer.
type request struct {
	Customer person `json:"customer"`
}

// redact: a customer asked to be forgotten.
func redact(t *shop.Teller, m shop.Message) error {
	var r request
	if err := t.Read(m.Body, &r); err != nil {
		return err
	}
	who := events.Customer{ID: r.Customer.ID.ID(), Email: t.Email("customer.email", r.Customer.Email)}
	if who.ID == "" && who.Email == "" {
		return lacks("customer.id")
	}
	return t.Tell(cmp.Or(who.ID, "guest"), m.At, &events.CustomerErased{Customer: who})
}

// dataRequest: a customer wants to know what is kept about them. A person answers.
func dataRequest(t *shop.Teller, m shop.Message) error {
	var r request
	if err := t.Read(m.Body, &r); err != nil {
		return err
	}
	id := r.Customer.ID.ID()
	if id == "" {
		id = "<their address>"
	}
	t.Ask("a customer asks for their data; within 30 days, send them what this writes: homing export %s --store %s", id, t.Store.ID)
	return nil
}

// shopRedact: the app was uninstalled. What is kept is the shop's own, on its servers.
func shopRedact(t *shop.Teller, _ shop.Message) error {
	t.Ask("the app was uninstalled, and Shopify asks to delete the shop's data; if the shop no longer uses Homing, delete its streams and Redis")
	return nil
}
