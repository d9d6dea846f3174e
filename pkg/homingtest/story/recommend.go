package story

import (
	"fmt"
	"strings"
	"time"

	"homing/events"
)

// Friends returns what tells what comes of a code to pass on, once the shop sees on the
// timeline that a customer has one: up to three friends order with it, some of whom send
// back what they bought, and now and then it is the customer under another address. token
// and guest are those of Read.
func (s *Shop) Friends(token, guest func(string) string) func(events.Event) []Said {
	own := map[string]*person{}
	for _, p := range s.people {
		for _, f := range p.faces {
			id := f.id
			if id == "" {
				id = guest(p.email)
			}
			own[token(id)] = p
		}
	}
	return func(e events.Event) (out []Said) {
		d, ok := e.Data.(*events.OfferIssued)
		if !ok || !d.Personal || own[d.Customer] == nil {
			return nil
		}
		for range s.r.IntN(4) {
			out = append(out, s.friend(own[d.Customer], d.Code, e.Time)...)
		}
		return out
	}
}

// friend is an order on the recommendation of somebody, and what becomes of it.
func (s *Shop) friend(of *person, code string, t time.Time) (out []Said) {
	s.friends++
	s.orders++
	f := &person{id: fmt.Sprintf("f-%d", s.friends), email: fmt.Sprintf("f%d@example.com", s.friends), name: pick(s, names), zone: of.zone, consent: events.Subscribed}
	if s.chance(0.1) {
		f.email = strings.Replace(of.email, "@", fmt.Sprintf("+f%d@", s.friends), 1)
	}
	f.faces = []face{{id: f.id}}
	say := func(at time.Time, d events.Data) {
		s.ids++
		out = append(out, Said{at, events.Event{ID: fmt.Sprintf("s-%d", s.ids), Source: "/shop", Type: d.Type(), Store: "main", Time: at.UTC().Truncate(time.Millisecond), Data: d}})
	}
	at, id := s.daytime(f, t.Add(s.between(Day, 30*Day))), fmt.Sprint(10_000+s.orders)
	items := byProduct([]events.Item{pick(s, s.products).item})
	say(at, &events.OrderPlaced{Customer: f.named(), Order: events.Order{ID: id, Items: items, Total: total(items), Coupons: []string{code}}})
	say(at.Add(time.Minute), &events.ReferralRedeemed{Customer: events.Customer{ID: f.id}, Referral: events.Referral{Code: code, OrderID: id}})
	whole := events.OrderChange{ID: id}
	switch x := s.r.Float64(); {
	case x < 0.08:
		say(at.Add(s.between(10*time.Minute, 9*time.Hour)), &events.OrderCancelled{Customer: events.Customer{ID: f.id}, Order: whole})
	case x < 0.2:
		say(at.Add(s.between(3*Day, 28*Day)), &events.OrderRefunded{Customer: events.Customer{ID: f.id}, Order: whole})
	case x < 0.28: // too late to change anything
		say(at.Add(s.between(32*Day, 50*Day)), &events.OrderRefunded{Customer: events.Customer{ID: f.id}, Order: whole})
	}
	return out
}
