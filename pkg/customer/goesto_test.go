package customer_test

import (
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

// Where emails about an order go, as far as the customer knows: to the address that it
// came with, unless that is, or was then, the account's.
func TestWhereEmailsAboutAnOrderGo(t *testing.T) {
	order := func(n int, id, email string) events.Event {
		return at(n, id, &events.OrderPlaced{Customer: events.Customer{ID: "C-1", Email: email}, Order: events.Order{ID: id}})
	}
	account := func(n int, email string) events.Event {
		return at(n, email, &events.CustomerUpdated{Customer: events.Customer{ID: "C-1", Email: email}})
	}
	for _, c := range []struct {
		name   string
		events []events.Event
		want   string
	}{
		{"it came with none", []events.Event{account(1, "ann@example.com"), order(2, "o", "")}, ""},
		{"the account's", []events.Event{account(1, "ann@example.com"), order(2, "o", "Ann@example.com")}, ""},
		{"another", []events.Event{account(1, "ann@example.com"), order(2, "o", "Gus@example.com")}, "gus@example.com"},
		{"the account's, which has moved", []events.Event{account(1, "ann@example.com"), order(2, "o", "ann@example.com"), account(3, "ann@new.example")}, ""},
		{"another, and the account has moved", []events.Event{account(1, "ann@example.com"), order(2, "o", "gus@example.com"), account(3, "ann@new.example")}, "gus@example.com"},
		{"of no account", []events.Event{order(2, "o", "ann@example.com")}, ""},
		{"of no account, the second", []events.Event{order(1, "p", "ann@example.com"), order(2, "o", "gus@example.com")}, "gus@example.com"},
		{"told again with another", []events.Event{account(1, "ann@example.com"), order(2, "o", ""), order(3, "o", "gus@example.com")}, "gus@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			permute(c.events, func(es []events.Event) {
				who := fold(es)
				back, err := customer.Decode(string(customer.Encode(&who)))
				if err != nil {
					t.Fatal(err)
				}
				for _, who := range []*customer.Customer{&who, &back} {
					o, ok := who.Order("o")
					if got := who.GoesTo(o); !ok || got != c.want {
						t.Errorf("to %q, want %q", got, c.want)
					}
				}
			})
		})
	}
}
