package story

import (
	"fmt"
	"time"

	"homing/events"
)

// visit is one visit of the shop: something goes into the cart, and then it is
// bought, left, or forgotten.
func (s *Shop) visit(p *person, t time.Time) {
	items := s.choose(p)
	if t.Before(s.start) { // of the past the shop kept orders only
		if s.chance(0.7) {
			s.order(p, t, "", items)
		}
		return
	}
	p.carts++
	id := fmt.Sprintf("k-%s-%d", p.id, p.carts)
	if p.sameCart {
		id = "k-" + p.id
	}
	cart := func(items []events.Item) events.Cart {
		return events.Cart{ID: id, URL: "https://shop.example/cart/" + id, Items: items, Total: total(items)}
	}
	s.say(t, &events.CartUpdated{Customer: s.who(p), Cart: cart(items[:1])})
	s.say(t.Add(3*time.Minute), &events.CartUpdated{Customer: s.who(p), Cart: cart(items)})
	switch x := s.r.Float64(); {
	case x < 0.62:
		from := id
		if s.chance(0.4) {
			from = ""
		}
		s.order(p, t.Add(8*time.Minute), from, items)
	case x < 0.88:
		left := t.Add(45 * time.Minute)
		s.say(left, &events.CartAbandoned{Customer: s.who(p), Cart: cart(items)})
		s.afterwards(p, left, cart(items))
	}
}

// afterwards is what becomes of a cart that was left.
func (s *Shop) afterwards(p *person, left time.Time, cart events.Cart) {
	switch x := s.r.Float64(); {
	case x < 0.25: // bought after all
		from, coupons := cart.ID, []string(nil)
		if s.chance(0.4) {
			from = ""
		}
		if s.chance(0.3) {
			coupons = []string{"comeback10"}
		}
		s.order(p, left.Add(s.between(5*time.Minute, 80*time.Hour)), from, cart.Items, coupons...)
	case x < 0.35: // emptied
		cart.Items, cart.Total = nil, events.Money{}
		s.say(left.Add(s.between(10*time.Minute, 30*time.Hour)), &events.CartUpdated{Customer: s.who(p), Cart: cart})
	case x < 0.5: // left again
		s.say(left.Add(s.between(2*time.Hour, 40*time.Hour)), &events.CartAbandoned{Customer: s.who(p), Cart: cart})
	}
}

// choose is what a person puts into the cart.
func (s *Shop) choose(p *person) []events.Item {
	var out []events.Item
	if p.habit != nil {
		out = append(out, p.habit.item)
	}
	for range s.r.IntN(3) + 1 - len(out) {
		it := pick(s, s.products).item
		it.Quantity = 1 + s.r.IntN(2)
		out = append(out, it)
	}
	return byProduct(out)
}

// order is an order and what follows from it.
func (s *Shop) order(p *person, t time.Time, cart string, items []events.Item, coupons ...string) {
	s.orders++
	id := fmt.Sprint(10_000 + s.orders)
	s.say(t, &events.OrderPlaced{Customer: s.who(p), Order: events.Order{ID: id, CartID: cart, Items: items, Total: total(items), Coupons: coupons}})
	whole := events.OrderChange{ID: id}
	if s.chance(0.05) {
		s.say(t.Add(s.between(5*time.Minute, 3*time.Hour)), &events.OrderCancelled{Customer: s.bare(p), Order: whole})
		return
	}
	sent := t.Add(s.between(10*time.Hour, 40*time.Hour))
	s.say(sent, &events.OrderFulfilled{Customer: s.bare(p), Order: whole})
	arrived := sent.Add(s.between(Day, 5*Day))
	if s.chance(0.85) {
		s.say(arrived, &events.OrderDelivered{Customer: s.bare(p), Order: whole})
	}
	s.answer(p, id, arrived)
	part := events.OrderChange{ID: id, Items: []events.ChangedItem{{ProductID: items[0].ProductID}}}
	switch x := s.r.Float64(); {
	case x < 0.03:
		s.say(arrived.Add(s.between(Day, 15*Day)), &events.OrderRefunded{Customer: s.bare(p), Order: whole})
	case x < 0.06:
		s.say(arrived.Add(s.between(Day, 15*Day)), &events.OrderRefunded{Customer: s.bare(p), Order: part})
	case x < 0.1:
		complained := arrived.Add(s.between(time.Hour, 4*Day))
		c := events.Complaint{ID: "x-" + id, OrderID: id}
		s.say(complained, &events.ComplaintOpened{Customer: s.bare(p), Complaint: c})
		if s.chance(0.6) {
			s.say(complained.Add(s.between(Day, 8*Day)), &events.ComplaintClosed{Customer: s.bare(p), Complaint: c})
		}
	case x < 0.25:
		for _, it := range items {
			s.say(arrived.Add(s.between(3*Day, 16*Day)), &events.ReviewSubmitted{Customer: s.bare(p),
				Review: events.Review{ProductID: it.ProductID, OrderID: id, Rating: 3 + s.r.IntN(3)}})
		}
	}
}

func total(items []events.Item) events.Money {
	m := events.Money{Currency: "GBP"}
	for _, it := range items {
		m.Minor += it.Price.Minor * int64(it.Quantity)
	}
	return m
}
