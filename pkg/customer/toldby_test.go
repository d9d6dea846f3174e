package customer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homing/events"
	"homing/pkg/customer"
)

// What the recipient of an order says about it is known of the order, and nothing else
// of theirs is.
func TestWhatSomebodyElseSaysAboutACustomersOrders(t *testing.T) {
	corp, bob := who("corp", ""), who("bob", "")
	cancel := func(n int, c events.Customer, id string) events.Event {
		return at(n, "cancel", &events.OrderCancelled{Customer: c, Order: events.OrderChange{ID: id}})
	}
	opened := func(n int, c events.Customer, id string) events.Event {
		return at(n, "open"+c.ID, &events.ComplaintOpened{Customer: c, Complaint: events.Complaint{ID: "c", OrderID: id}})
	}
	closed := func(n int, c events.Customer, id string) events.Event {
		return at(n, "close"+c.ID, &events.ComplaintClosed{Customer: c, Complaint: events.Complaint{ID: "c", OrderID: id}})
	}
	erased := at(4, "erased", &events.CustomerErased{Customer: corp})
	for _, c := range []struct {
		name         string
		theirs       []events.Event // of the account
		says         []events.Event // the recipient
		gone         customer.Kind
		orders       int
		open, closed bool // the complaint
	}{
		{name: "nothing", orders: 1},
		{name: "cancelled", says: []events.Event{cancel(5, bob, "1")}, gone: customer.Cancelled},
		{name: "cancelled, and the account placed it again", theirs: []events.Event{purchase(6, corp, "1")}, says: []events.Event{cancel(5, bob, "1")}, orders: 1},
		{name: "another order of theirs", says: []events.Event{purchase(2, bob, "2"), cancel(5, bob, "3")}, orders: 1},
		{name: "of an account that was erased since", theirs: []events.Event{erased, purchase(9, corp, "5")}, says: []events.Event{cancel(5, bob, "1")}, orders: 1},
		{name: "a complaint about the order", says: []events.Event{opened(5, bob, "1")}, orders: 1, open: true},
		{name: "which the account closed", theirs: []events.Event{closed(6, corp, "1")}, says: []events.Event{opened(5, bob, "1")}, orders: 1},
		{name: "the account's, which they closed", theirs: []events.Event{opened(5, corp, "1")}, says: []events.Event{closed(6, bob, "1")}, orders: 1},
		{name: "a complaint in general", says: []events.Event{opened(5, bob, "")}, orders: 1, open: true},
		{name: "that they closed", says: []events.Event{opened(5, bob, ""), closed(6, bob, "")}, orders: 1},
		{name: "the account's in general, which isn't theirs to close", theirs: []events.Event{opened(5, corp, "")}, says: []events.Event{closed(6, bob, "")}, orders: 1, open: true},
		{name: "in general, and the account closed its own", theirs: []events.Event{opened(4, corp, ""), closed(6, corp, "")}, says: []events.Event{opened(5, bob, "")}, orders: 1, open: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var account, them customer.Customer
			for _, e := range append([]events.Event{purchase(1, corp, "1")}, c.theirs...) {
				customer.Apply(&account, e)
			}
			for _, e := range c.says {
				customer.Apply(&them, e)
			}
			before := string(customer.Encode(&account))
			got := account.ToldBy(&them)
			if got.Undone("1") != c.gone || got.OrderCount() != c.orders || got.ComplaintOpen("1") != c.open {
				t.Errorf("the order is gone: %v, of %d orders, complaint: %v", got.Undone("1"), got.OrderCount(), got.ComplaintOpen("1"))
			}
			if string(customer.Encode(&account)) != before {
				t.Error("the account itself was changed")
			}
			if d := cmp.Diff(got, got.ToldBy(&them), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("told again it differs: %s", d)
			}
		})
	}
}

// Where the account has forgotten the details of an order, what is told about the whole of it counts.
func TestWhatSomebodyElseSaysAboutAnOldOrderCounts(t *testing.T) {
	var account, them customer.Customer
	for n := range customer.MaxOrders + 5 {
		customer.Apply(&account, purchase(n+1, who("corp", ""), string(rune('A'+n))))
	}
	customer.Apply(&them, at(500, "c", &events.OrderCancelled{Order: events.OrderChange{ID: "A"}}))
	if got := account.ToldBy(&them); got.Undone("A") != customer.Cancelled || account.Undone("A") != 0 {
		t.Errorf("gone: %v, and without it %v", got.Undone("A"), account.Undone("A"))
	}
	for n := range customer.MaxOrders + 5 {
		customer.Apply(&them, purchase(n+600, who("them", ""), "own"+string(rune('A'+n))))
	}
	customer.Apply(&them, purchase(400, who("them", ""), "A")) // only its hash is kept now
	if got := account.ToldBy(&them); got.Undone("A") != customer.Cancelled {
		t.Errorf("gone: %v", got.Undone("A"))
	}
}
