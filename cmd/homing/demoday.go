package main

import (
	"time"

	"homing/events"
	"homing/pkg/demoshop"
)

// number of an order of the demo's day.
func (d *demo) no(n string) string { return d.run + n }

// past are orders of earlier months: they lead to no email any more, and make
// their customers the regulars they are.
func (d *demo) past() {
	before := func(days int, o *events.OrderPlaced) {
		d.scenes = append(d.scenes, scene{at: -time.Duration(days) * 24 * time.Hour, data: o})
	}
	before(131, d.order(cleo, "demo-past-1", "pot", "sencha"))
	before(97, d.order(cleo, "demo-past-2", "sencha 2"))
	before(64, d.order(cleo, "demo-past-3", "sencha", "grey"))
	before(40, d.order(bram, "demo-past-4", "espresso 2", "filters"))
	before(29, d.order(cleo, "demo-past-5", "sencha 2", "assam"))
	before(201, d.order(pia, "demo-past-0", "espresso", "pot"))
	before(12, d.order(fern, "demo-past-6", "mug 2"))
}

func (d *demo) morning() {
	d.at("07:40", &events.CartUpdated{Customer: ann, Cart: d.cart(ann, "assam", "mug")})
	first := d.order(ann, d.no("1"), "assam", "mug")
	first.Order.CartID = d.cart(ann).ID
	d.at("08:05", first)
	d.at("08:20", &events.CustomerCreated{Customer: ivo})
	d.at("08:40", d.order(gwen, d.no("2"), "grey 2"))
	d.at("09:10", d.order(bram, d.no("3"), "espresso 2", "filters"))
	d.at("09:35", &events.CartUpdated{Customer: ivo, Cart: d.cart(ivo, "pot", "sencha")})
	// Cancelled before its half hour is over: no thank-you.
	d.at("10:00", d.order(eddy, d.no("4"), "decaf 12"))
	d.at("10:12", &events.OrderCancelled{Customer: eddy, Order: events.OrderChange{ID: d.no("4")}})
	// The fifth order of a customer is a milestone.
	d.at("10:50", d.order(cleo, d.no("5"), "sencha 2", "mug"))
	d.at("11:30", &events.OrderFulfilled{Customer: ann, Order: events.OrderChange{ID: d.no("1")}})
}

func (d *demo) afternoon() {
	d.at("12:05", d.order(dana, d.no("6"), "assam 2", "pot"))
	d.at("12:40", &events.OrderRefunded{Customer: fern, Order: events.OrderChange{ID: "demo-past-6",
		Items: []events.ChangedItem{{ProductID: "mug", Quantity: 1}}}})
	d.at("13:15", d.order(zoe, d.no("7"), "decaf", "filters"))
	d.at("13:50", &events.CartAbandoned{Customer: ivo, Cart: d.cart(ivo, "pot", "sencha")})
	available := true
	pot := demoshop.Shelf["pot"]
	// A cart that is left, and one customer who stayed away: emails that ask them back.
	d.at("13:55", &events.CartAbandoned{Customer: otto, Cart: d.cart(otto, "mug 2", "grey")})
	d.at("14:00", &events.CustomerLapsed{Customer: pia})
	d.at("14:05", &events.CustomerBirthday{Customer: quin})
	d.at("14:10", &events.ProductUpdated{Product: events.Product{ID: "pot", Name: pot.Name, Available: &available,
		Price: events.Money{Minor: pot.Price.Minor, Currency: d.store.Currency}}})
	d.at("14:30", &events.OrderDelivered{Customer: bram, Order: events.OrderChange{ID: "demo-past-4"}})
	d.at("15:00", d.order(hana, d.no("8"), "sencha 3"))
	d.at("15:40", &events.ReviewSubmitted{Customer: cleo, Review: events.Review{ProductID: "sencha", OrderID: "demo-past-5", Rating: 5}})
	// The second order of the day is thanked for in other words than the first.
	d.at("16:20", d.order(ann, d.no("9"), "grey"))
	d.at("17:05", &events.CustomerUpdated{Customer: events.Customer{ID: bram.ID, Locale: "nl-NL"}})
	recovered := d.order(ivo, d.no("10"), "pot", "sencha")
	recovered.Order.CartID = d.cart(ivo).ID
	d.at("18:00", recovered)
	d.at("18:45", &events.CustomerUnsubscribed{Customer: events.Customer{ID: fern.ID}, Scope: events.ScopeAll})
}
