package projection_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

// Kim orders as a guest on Ann's recommendation, makes an account, and the shop tells that
// the order came back under the account. Whatever of that comes first or last, all at once,
// or again after the timeline was away, Ann's record says that the order came back.
func TestWhatUndoesAnOrderReachesWhoRecommendedTheShop(t *testing.T) {
	whereFactsAre(t, func(t *testing.T, timeline func() *tape) {
		p := timeline()
		d := openDesk(t, miniRedis(t), p)
		n := 0
		friend := func() (customer.Key, []customer.Entry) {
			n++
			account, email, order := fmt.Sprint("kim", n), fmt.Sprint("kim", n, "@example.com"), fmt.Sprint("o", n)
			ann := ids(t).Key("main", fmt.Sprint("ann", n))
			placed := says(t, 1, &events.OrderPlaced{Customer: who("", email), Order: events.Order{ID: order}})
			noted := customer.Entry{Key: placed.Key, Event: events.Event{ID: "noted" + order, Source: "/homing/intake", Store: "main", Type: events.TypeReferralNoted, Time: at(2),
				Data: &events.ReferralNoted{Side: events.SideFriend, Other: ann.Token, Order: order, State: "unknown"}}}
			return ann, []customer.Entry{placed, noted, knows(t, 3, account, email),
				says(t, 4, &events.OrderReturned{Customer: who(account, ""), Order: events.OrderChange{ID: order}})}
		}
		hears := func(what string, ann customer.Key) {
			t.Helper()
			r := load(t, d.Customers, ann)
			of := r.Customer.ReferralsOf(true)
			if len(of) != 1 || of[0].State != customer.ReferralReturned || of[0].Gone != at(4).UnixMilli() || of[0].Placed != at(1).UnixMilli() {
				t.Errorf("%s: Ann knows %+v", what, of)
			}
		}
		sequences := orders([]int{0, 1, 2, 3})
		for _, sequence := range sequences {
			ann, es := friend()
			for _, i := range sequence {
				d.takes(t, es[i])
			}
			hears(fmt.Sprint(sequence), ann)
		}
		for _, sequence := range sequences {
			ann, es := friend()
			for _, i := range sequence {
				for fails := 1; ; fails++ { // at each place where it can
					p.mu.Lock()
					p.fails = fails
					p.mu.Unlock()
					if d.take(t.Context(), es[i:i+1]) == nil {
						break
					}
				}
			}
			hears(fmt.Sprint(sequence, " with a timeline that fails"), ann)
		}
		p.mu.Lock()
		p.fails = 0
		p.mu.Unlock()
		for range 20 {
			ann, es := friend()
			var all sync.WaitGroup
			for i := range es {
				all.Go(func() { d.takes(t, es[i]) })
			}
			all.Wait()
			hears("all at once", ann)
		}
		if told := len(p.facts(events.TypeReferralNoted)); told > 10*n {
			t.Errorf("%d entries were told of %d friends", told, n)
		}
	})
}

// orders returns all orders of some things.
func orders(of []int) (out [][]int) {
	if len(of) == 0 {
		return [][]int{nil}
	}
	for i, x := range of {
		for _, rest := range orders(append(slices.Clone(of[:i]), of[i+1:]...)) {
			out = append(out, append([]int{x}, rest...))
		}
	}
	return out
}
