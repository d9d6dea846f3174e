package story

import (
	"fmt"
	"time"

	"homing/events"
)

// renews is how often the subscriptions of the shop renew. It calls that a month.
const renews = 30 * Day

// subscribe makes up the subscription of some of those who drink coffee: it renews, is
// skipped, paused, not paid, and cancelled.
func (s *Shop) subscribe(p *person) {
	if !s.chance(0.12) {
		return
	}
	from := s.start.Add(s.between(-100*Day, s.end.Sub(s.start)-renews))
	if !p.joined.IsZero() {
		from = p.joined.Add(s.between(time.Hour, 20*Day))
	}
	of := events.Subscription{ID: "sub-" + p.id, Name: "Coffee every month", Interval: events.EveryMonth,
		Total: events.Money{Minor: 1150, Currency: "GBP"}, Items: []events.Item{s.products[1].item}}
	for _, u := range []struct {
		to   *string
		path string
	}{{&of.ManageURL, ""}, {&of.SkipURL, "/skip"}, {&of.CancelURL, "/cancel"}, {&of.PaymentURL, "/pay"}} {
		*u.to = "https://shop.example/subscriptions/" + p.id + u.path
	}
	who := events.Customer{ID: p.id}
	next := s.daytime(p, from.Add(renews))
	told := func() events.Subscription { sub := of; sub.NextRenewalAt = new(next); return sub }
	s.say(s.daytime(p, from), &events.SubscriptionStarted{Customer: p.named(), Subscription: told()})
	for next.Before(s.end) {
		due := next
		before := due.Add(-s.between(Day, renews-Day)) // when something may happen to it
		switch x := s.r.Float64(); {
		case x < 0.06:
			s.say(before, &events.SubscriptionCancelled{Customer: who, Subscription: of, Reason: events.CancelRequested})
			return
		case x < 0.12: // skipped
			next = s.daytime(p, due.Add(renews))
			s.say(before, &events.SubscriptionUpdated{Customer: who, Subscription: told()})
		case x < 0.18:
			again := before.Add(s.between(10*Day, 40*Day))
			next = s.daytime(p, again.Add(renews))
			s.say(before, &events.SubscriptionPaused{Customer: who, Subscription: of})
			s.say(again, &events.SubscriptionResumed{Customer: who, Subscription: told()})
		case x < 0.30:
			s.say(due, &events.SubscriptionPaymentFailed{Customer: who, Subscription: of})
			after := due.Add(s.between(time.Hour, 9*Day))
			if s.chance(0.3) {
				s.say(after, &events.SubscriptionCancelled{Customer: who, Subscription: of, Reason: events.CancelPaymentFailed})
				return
			}
			next = s.daytime(p, due.Add(renews))
			s.renewed(p, after, told())
		default:
			next = s.daytime(p, due.Add(renews))
			s.renewed(p, due, told())
		}
	}
}

// renewed is a renewal that took place, and its order.
func (s *Shop) renewed(p *person, at time.Time, sub events.Subscription) {
	s.say(at, &events.SubscriptionRenewed{Customer: events.Customer{ID: p.id}, Subscription: sub})
	s.orders++
	it := sub.Items[0]
	it.Subscription = true
	order := events.Order{ID: fmt.Sprint(10_000 + s.orders), Items: []events.Item{it}, Total: sub.Total}
	s.say(at.Add(time.Minute), &events.OrderPlaced{Customer: p.named(), Order: order})
	s.say(at.Add(s.between(10*time.Hour, 40*time.Hour)), &events.OrderFulfilled{Customer: events.Customer{ID: p.id}, Order: events.OrderChange{ID: order.ID}})
}
