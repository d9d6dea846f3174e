package customer_test

import (
	"fmt"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

func TestTheAccountsAddress(t *testing.T) {
	const third = "third@example.com"
	for _, c := range []struct {
		name string
		es   []events.Event
		want string
	}{
		{"of a customer who was told of", []events.Event{knows(1, who("a", shared))}, shared},
		{"what was told of them last", []events.Event{knows(1, who("a", shared)), knows(2, who("a", other))}, other},
		{"an order doesn't change it", []events.Event{knows(1, who("a", shared)), purchase(2, who("a", other), "1")}, shared},
		{"an order that came before doesn't either", []events.Event{purchase(1, who("a", other), "1"), knows(2, who("a", shared)), purchase(3, who("a", third), "2")}, shared},
		{"of orders alone the first one's", []events.Event{purchase(1, who("a", shared), "1"), purchase(2, who("a", other), "2")}, shared},
		{"an event without one changes nothing", []events.Event{knows(1, who("a", shared)), knows(2, who("a", ""))}, shared},
		{"nobody told any", []events.Event{purchase(1, who("a", ""), "1")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			permute(c.es, func(es []events.Event) {
				var k customer.Customer
				for _, e := range es {
					customer.Apply(&k, e)
				}
				if got := k.Account(); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// One id more than a person has, and nobody is joined by the address any more, nor is
// anybody's no the others'.
func TestACrowdedMailboxIsNobodys(t *testing.T) {
	w := newTown(drawer(t))
	come := func(n int) { w.take(knows(n, who(fmt.Sprint("c", n), shared))) }
	for n := range customer.MaxPerson {
		come(n)
	}
	if p := w.of(t, "c7"); len(p.Members) != customer.MaxPerson || p.Crowded {
		t.Fatalf("%d ids of one person, crowded: %v; want %d", len(p.Members), p.Crowded, customer.MaxPerson)
	}
	w.take(no(200, who("c8", "")))
	come(customer.MaxPerson)
	p := w.of(t, "c7")
	if len(p.Members) != 1 || !p.Crowded || p.Customer.Unsubscribed(events.ScopeAll) {
		t.Errorf("with one more: %d ids, crowded: %v, unsubscribed: %v", len(p.Members), p.Crowded, p.Customer.Unsubscribed(events.ScopeAll))
	}
	if p := w.of(t, "c8"); !p.Customer.Unsubscribed(events.ScopeAll) {
		t.Error("who said no is forgotten to have")
	}
}
