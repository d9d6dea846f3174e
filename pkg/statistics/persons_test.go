package statistics_test

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/product"
	"homing/pkg/projection"
	"homing/pkg/statistics"
)

// Statistics go by persons: who bought as a guest and then under an account is one buyer,
// who bought it again. A mailbox of too many ids is no person's.
func TestTwoIDsOfOnePersonAreOneBuyer(t *testing.T) {
	js, tl := open(t)
	ids, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	store := projection.New(homingtest.RedisInProcess(t), nil)
	store.IntroduceTo(tl, ids)
	n := 0
	happens := func(id string, day int, d events.Data) {
		t.Helper()
		n++
		e := events.Event{ID: fmt.Sprint("e", n), Source: "/shop", Store: "main", Type: d.Type(), Time: noon.AddDate(0, 0, day-100), Data: d}
		if err := store.Fold(t.Context(), []customer.Entry{{Key: ids.Key("main", id), Event: e}}); err != nil {
			t.Fatal(err)
		}
	}
	buys := func(id, email string, day int) {
		if id == "" { // as intake has it
			id = ids.Guest("main", email)
		}
		happens(id, day, &events.OrderPlaced{Customer: events.Customer{ID: id, Email: email},
			Order: events.Order{ID: fmt.Sprint("o", n), Items: []events.Item{{ProductID: "tea", Quantity: 1}}}})
	}
	buys("", "ann@example.com", 0) // a guest, and then an account
	buys("ann", "ann@example.com", 30)
	buys("ann", "gift@example.com", 60) // where it went joins nobody
	buys("", "gift@example.com", 70)
	buys("s-1", "bob@example.com", 0) // two addresses, merged
	buys("bob", "bob@home.example", 40)
	happens("bob", 41, &events.CustomerMerged{Customer: events.Customer{ID: "bob"}, From: "s-1"})
	for i := range customer.MaxPerson + 2 { // a shop's till
		buys(fmt.Sprint("till", i), "till@example.com", i%50)
	}
	buys("cid", "", 0)
	c := statistics.New(statistics.Options{JS: js, Stores: []string{"main"}, Customers: store, People: projection.NewPeople(store, ids), Timeline: tl,
		Nobody: ids.Nobody, Now: func() time.Time { return noon }, Log: zap.NewNop()})
	s, err := c.Refresh(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	const persons = 4 + customer.MaxPerson + 2 // ann, who was given something, bob and cid, and the till's
	tea, _ := s.Of("tea")
	if want := (product.Rhythm{Days: 33.019, Intervals: 3, Customers: 2}); s.Customers != persons || tea.Buyers != persons || tea.Rhythm != want {
		t.Errorf("%d customers, %d buyers, %+v; want %d of each, %+v", s.Customers, tea.Buyers, tea.Rhythm, persons, want)
	}
}
