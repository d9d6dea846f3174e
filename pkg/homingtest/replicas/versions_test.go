package replicas

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/homingtest"
)

// olderVersion names the program of an older version, which `make upgrade` builds.
const olderVersion = "HOMING_OLDER"

// Replicas of one version are replaced by those of another, one at a time, while emails go
// out and others are still to come, some of them planned by the version before. Both ways:
// an upgrade, and the way back. Nothing is lost, nothing is sent twice, and what a customer
// said to one version holds for the other.
func TestVersionsBesideEachOther(t *testing.T) {
	older := os.Getenv(olderVersion)
	if older == "" {
		t.Skip("make upgrade runs it, with the version before")
	}
	newer := program(t)
	for _, c := range []struct{ name, from, to string }{{"upgrade", older, newer}, {"and back", newer, older}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &shop{t: t, nats: startNATS(t), copies: 1, more: strings.Replace(cappedSlowly, "workers: {", "workers: {cart-recovery: {steps: [{template: cart-recovery/reminder, after: 10m}]}, ", 1), program: c.from}
			s.natsURL = s.nats.url
			s.open(replicas, nil)
			replaced(t, s, c.to)
		})
	}
}

func replaced(t *testing.T, s *shop, to string) {
	const people, each, limit = 60, 3, 2
	l := s.follow()
	s.happens(orders("60", people, each)...)
	// These customers say no to one version, and their carts come to the other; these have
	// a cart that one version plans, and the other sends.
	var noes, carts, later []events.Event
	for i := range 10 {
		gone := homingtest.Order(fmt.Sprintf("gone-%d", i), "").Customer
		noes = append(noes, event(fmt.Sprint("yes-", i), time.Hour, &events.CustomerCreated{Customer: agreed(gone)}),
			event(fmt.Sprint("no-", i), 30*time.Minute, &events.CustomerUnsubscribed{Customer: gone}))
		carts = append(carts, event(fmt.Sprint("gone-cart-", i), 11*time.Minute, cart(gone)))
		stays := homingtest.Order(fmt.Sprintf("stays-%d", i), "").Customer
		later = append(later, event(fmt.Sprint("stays-yes-", i), time.Hour, &events.CustomerCreated{Customer: agreed(stays)}),
			event(fmt.Sprint("stays-cart-", i), 9*time.Minute+40*time.Second, cart(stays)))
	}
	s.happens(noes...)
	s.happens(later...)
	s.takenIn()
	s.program = to
	for i, old := range s.replicas {
		until(t, "emails", time.Minute, func() bool { return l.count() >= people*limit*(i+1)/5 })
		s.replicas[i] = s.newReplica()
		s.replicas[i].awaitReady()
		old.stop()
		if i == 0 {
			s.happens(carts...)
		}
	}
	t.Logf("all has been replaced with %d emails decided", l.count())
	const end = people*limit + 10 + 10 // thanks, noes, carts
	l.wait(end)
	until(t, "a word on each touch", time.Minute, func() bool { return len(l.all()) >= people*each+20 })
	s.stop()
	s.audit(l, 0)
	became := map[string]int{}
	for _, facts := range l.all() {
		b := facts[len(facts)-1].Data.(events.Fact).Body()
		became[b.Worker+" "+b.Reason]++
	}
	want := map[string]int{"thank-you sent": people * limit, "thank-you frequency_cap": people * (each - limit), "cart-recovery unsubscribed": 10, "cart-recovery sent": 10}
	for what, n := range want {
		if became[what] != n {
			t.Errorf("%s: %d, want %d; all: %v", what, became[what], n, became)
		}
	}
}

// agreed is a customer who said yes an hour ago.
func agreed(c events.Customer) events.Customer {
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
	c.Consent = &events.Consent{Email: events.Subscribed, At: &at, Source: "checkout"}
	return c
}

func cart(c events.Customer) *events.CartAbandoned {
	return &events.CartAbandoned{Customer: c, Cart: events.Cart{ID: "cart-" + c.ID, URL: "https://shop.example/cart", Items: homingtest.Order(c.ID, "").Order.Items}}
}
