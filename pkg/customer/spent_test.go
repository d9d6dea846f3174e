package customer_test

import (
	"fmt"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

func costs(n int, event, order string, minor int64, currency string) events.Event {
	return tells(n, event, events.Order{ID: order, Items: []events.Item{{ProductID: "tea", Quantity: 1}}, Total: events.Money{Minor: minor, Currency: currency}})
}

func TestWhatACustomerSpentIsInOneCurrency(t *testing.T) {
	ann := events.Customer{ID: "ann"}
	for what, c := range map[string]struct {
		events []events.Event
		want   customer.Spending
	}{
		"nothing":           {nil, customer.Spending{}},
		"nobody said":       {[]events.Event{tells(1, "a", events.Order{ID: "1"})}, customer.Spending{}},
		"the most orders":   {[]events.Event{costs(1, "a", "1", 1000, "EUR"), costs(2, "b", "2", 99900, "CHF"), costs(3, "c", "3", 295, "EUR")}, customer.Spending{Money: events.Money{Minor: 1295, Currency: "EUR"}, Orders: 2}},
		"as many":           {[]events.Event{costs(1, "a", "1", 1000, "EUR"), costs(2, "b", "2", 900, "CHF")}, customer.Spending{Money: events.Money{Minor: 900, Currency: "CHF"}, Orders: 1}},
		"told again":        {[]events.Event{costs(1, "a", "1", 1000, "EUR"), at(2, "b", &events.OrderUpdated{Customer: ann, Order: events.Order{ID: "1", Total: events.Money{Minor: 700, Currency: "EUR"}}})}, customer.Spending{Money: events.Money{Minor: 700, Currency: "EUR"}, Orders: 1}},
		"cancelled":         {[]events.Event{costs(1, "a", "1", 1000, "EUR"), at(2, "b", &events.OrderCancelled{Customer: ann, Order: events.OrderChange{ID: "1"}})}, customer.Spending{}},
		"all of it is back": {[]events.Event{costs(1, "a", "1", 1000, "EUR"), at(2, "b", &events.OrderReturned{Customer: ann, Order: events.OrderChange{ID: "1", Items: []events.ChangedItem{{ProductID: "tea"}}}})}, customer.Spending{}},
	} {
		t.Run(what, func(t *testing.T) {
			folded := fold(c.events)
			if got, known := folded.Spent(); got != c.want || known != (c.want.Orders > 0) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if again, err := folded.Apart(); err != nil || diff(folded, again) != "" {
				t.Errorf("%v\n%s", err, diff(folded, again))
			}
		})
	}
}

// What an order cost is remembered when its lines are not any more.
func TestOfOrdersWithoutLinesTheCostIsKept(t *testing.T) {
	var es []events.Event
	for i := range 3 {
		o := events.Order{ID: fmt.Sprint(i), Total: events.Money{Minor: 100, Currency: "EUR"}}
		for k := range events.MaxItems {
			o.Items = append(o.Items, events.Item{ProductID: fmt.Sprint("p", k), Quantity: 1})
		}
		es = append(es, tells(i, o.ID, o), at(9+i, "f"+o.ID, &events.OrderFulfilled{Customer: events.Customer{ID: "ann"}, Order: changeOf(o)}),
			at(19+i, "d"+o.ID, &events.OrderDelivered{Customer: events.Customer{ID: "ann"}, Order: changeOf(o)}))
	}
	c := fold(es)
	if !c.Orders[2].Brief {
		t.Fatal("all lines are kept")
	}
	if got, _ := c.Spent(); got.Minor != 300 {
		t.Errorf("%+v", got)
	}
}

func changeOf(o events.Order) events.OrderChange {
	c := events.OrderChange{ID: o.ID}
	for _, it := range o.Items {
		c.Items = append(c.Items, events.ChangedItem{ProductID: it.ProductID, Quantity: it.Quantity})
	}
	return c
}
