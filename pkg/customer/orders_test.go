package customer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

func pieces(product string, n int) events.ChangedItem {
	return events.ChangedItem{ProductID: product, Quantity: n}
}

func refund(n int, event, name string, items ...events.ChangedItem) events.Event {
	return at(n, event, &events.OrderRefunded{Customer: ann, Order: events.OrderChange{ID: "o1", Items: items, Refund: events.Reference{ID: name}}})
}

func cancel(n int, event string, items ...events.ChangedItem) events.Event {
	return at(n, event, &events.OrderCancelled{Customer: ann, Order: events.OrderChange{ID: "o1", Items: items}})
}

func sentBack(n int, event string, items ...events.ChangedItem) events.Event {
	return at(n, event, &events.OrderReturned{Customer: ann, Order: events.OrderChange{ID: "o1", Items: items}})
}

func ship(n int, items ...events.ChangedItem) events.Event {
	return at(n, fmt.Sprint("shipped", n), &events.OrderFulfilled{Customer: ann, Order: events.OrderChange{ID: "o1", Items: items}})
}

func tells(n int, event string, o events.Order) events.Event {
	return at(n, event, &events.OrderPlaced{Customer: ann, Order: o})
}

func edits(n int, event string, o events.Order) events.Event {
	return at(n, event, &events.OrderUpdated{Customer: ann, Order: o})
}

func teas(n int) events.Order {
	return events.Order{ID: "o1", Items: []events.Item{{ProductID: "tea", Quantity: n}}}
}

// everyOrder calls f with the customer that each order of the events makes, some of them
// told twice.
func everyOrder(es []events.Event, f func(c customer.Customer)) {
	permute(es, func(es []events.Event) { f(fold(append(slices.Clone(es), es[0], es[len(es)-1]))) })
}

func TestPiecesAddUpAndWhatIsToldTwiceDoesNot(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []events.Event
		left   int
	}{
		{"two refunds", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "", pieces("tea", 1)), refund(3, "r2", "", pieces("tea", 1))}, 1},
		{"two refunds of one time", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "", pieces("tea", 1)), refund(2, "r2", "", pieces("tea", 1))}, 1},
		{"one refund under two event ids", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "x", pieces("tea", 1)), refund(3, "r2", "x", pieces("tea", 1))}, 2},
		{"one refund, corrected", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "x", pieces("tea", 3)), refund(3, "r2", "x", pieces("tea", 1))}, 2},
		{"one refund, of all and then of some", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "x"), refund(3, "r2", "x", pieces("tea", 1))}, 2},
		{"one event, told again later", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "", pieces("tea", 1)), refund(3, "r1", "", pieces("tea", 1))}, 2},
		{"a line twice in one refund", []events.Event{tells(1, "p", teas(3)), refund(2, "r1", "", pieces("tea", 1), pieces("tea", 1))}, 1},
		{"cancelled and refunded are the same pieces", []events.Event{tells(1, "p", teas(3)), cancel(2, "c", pieces("tea", 2)), refund(3, "r", "", pieces("tea", 1))}, 1},
		{"returned and refunded are, too", []events.Event{tells(1, "p", teas(3)), sentBack(2, "b", pieces("tea", 1)), sentBack(3, "b2", pieces("tea", 1)), refund(4, "r", "", pieces("tea", 2))}, 1},
		{"the newest telling says how many there were", []events.Event{tells(1, "p", teas(2)), edits(3, "u", teas(5)), refund(2, "r1", "", pieces("tea", 1))}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			everyOrder(c.events, func(who customer.Customer) {
				if p, ok := who.Purchase("o1", "tea"); !ok || p.Quantity != c.left {
					t.Errorf("%+v, want %d left", p, c.left)
				}
			})
		})
	}
}

func TestOfPlacedAndTakenTheLaterHolds(t *testing.T) {
	again := func(n int) events.Event { return tells(n, fmt.Sprint("p", n), teas(2)) }
	for _, c := range []struct {
		name   string
		events []events.Event
		undone customer.Kind
		count  int
	}{
		{"cancelled", []events.Event{again(1), cancel(2, "c")}, customer.Cancelled, 0},
		{"cancelled, then placed again", []events.Event{again(1), cancel(2, "c"), again(3)}, 0, 1},
		{"and cancelled again", []events.Event{again(1), cancel(2, "c"), again(3), cancel(4, "d")}, customer.Cancelled, 0},
		{"cancelled, then changed", []events.Event{again(1), cancel(2, "c"), edits(3, "u", teas(2))}, customer.Cancelled, 0},
		{"refunded", []events.Event{again(1), refund(2, "r", "")}, customer.Refunded, 1},
		{"refunded, then placed again", []events.Event{again(1), refund(2, "r", ""), again(3)}, 0, 1},
		{"refunded by name, then placed again", []events.Event{again(1), refund(2, "r", "x"), again(3)}, 0, 1},
		{"returned", []events.Event{again(1), sentBack(2, "r")}, customer.Returned, 1},
		{"cancelled before it was told at all", []events.Event{again(3), cancel(2, "c")}, customer.Cancelled, 0},
		{"cancelled at the same time", []events.Event{again(2), cancel(2, "c")}, customer.Cancelled, 0},
		{"all pieces", []events.Event{again(1), cancel(2, "c", pieces("tea", 1)), cancel(3, "d", pieces("tea", 1))}, customer.Cancelled, 1},
		{"all pieces, then placed again", []events.Event{again(1), cancel(2, "c", pieces("tea", 1)), cancel(3, "d", pieces("tea", 1)), again(4)}, 0, 1},
		{"some pieces, and told again", []events.Event{again(1), cancel(2, "c", pieces("tea", 1)), again(3), cancel(4, "d", pieces("tea", 1))}, customer.Cancelled, 1},
		{"only changed, never placed", []events.Event{edits(1, "u", teas(2))}, 0, 1},
		{"cancelled, never placed", []events.Event{edits(1, "u", teas(2)), cancel(2, "c")}, customer.Cancelled, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			everyOrder(c.events, func(who customer.Customer) {
				if got := who.Undone("o1"); got != c.undone || who.OrderCount() != c.count {
					t.Errorf("undone %v, %d orders; want %v, %d", got, who.OrderCount(), c.undone, c.count)
				}
			})
		})
	}
}

// Of one time, the place on the stream tells.
func TestOfPlacedAndTakenAtOneTimeTheLaterPlaceHolds(t *testing.T) {
	place := func(e events.Event, place uint64) events.Event { e.Place = place; return e }
	first, off, back := place(tells(1, "p", teas(1)), 1), place(cancel(2, "c"), 2), place(tells(2, "q", teas(1)), 3)
	copyOfOff := place(cancel(2, "c"), 9)
	for want, es := range map[customer.Kind][]events.Event{
		0:                  {first, off, back, copyOfOff},
		customer.Cancelled: {first, place(back, 2), place(off, 3), place(back, 9)},
	} {
		everyOrder(es, func(who customer.Customer) {
			if got := who.Undone("o1"); got != want {
				t.Errorf("undone: %v, want %v", got, want)
			}
		})
	}
}

func TestAnOrderToldAgainIsAsOldAsItsFirstTellingAndAsItWasToldLast(t *testing.T) {
	early := instant(0)
	for name, es := range map[string][]events.Event{
		"placed again":         {tells(2, "a", teas(1)), tells(5, "b", teas(7))},
		"changed":              {tells(2, "a", teas(1)), edits(5, "b", teas(7))},
		"placed long before":   {tells(4, "a", teas(1)), edits(5, "b", events.Order{ID: "o1", Items: teas(7).Items, PlacedAt: new(instant(2))})},
		"placed in the future": {tells(2, "a", teas(1)), edits(5, "b", events.Order{ID: "o1", Items: teas(7).Items, PlacedAt: new(instant(9))})},
	} {
		everyOrder(es, func(who customer.Customer) {
			o, ok := who.Order("o1")
			if !ok || !o.PlacedAt().Equal(instant(2)) || o.Lines[0].Quantity != 7 || who.OrderCount() != 1 || !who.LastOrderAt().After(early) {
				t.Errorf("%s: %+v", name, o)
			}
		})
	}
}

func TestWhatHasLeft(t *testing.T) {
	order := tells(1, "p", events.Order{ID: "o1", Items: []events.Item{{ProductID: "lamp", Quantity: 2}, {ProductID: "chair", Quantity: 1},
		{ProductID: "set", Quantity: 1}, {ProductID: "cup", Quantity: 1, BundleOf: "set"}}})
	for _, c := range []struct {
		name   string
		events []events.Event
		left   string
	}{
		{"nothing is said", []events.Event{order}, "lamp chair set cup"},
		{"some of it", []events.Event{order, ship(2, pieces("lamp", 1))}, "lamp"},
		{"some, and then the rest", []events.Event{order, ship(2, pieces("lamp", 1)), ship(3)}, "lamp chair set cup"},
		{"some, and all of it arrived", []events.Event{order, ship(2, pieces("lamp", 1)), at(3, "d", &events.OrderDelivered{Order: events.OrderChange{ID: "o1"}})}, "lamp chair set cup"},
		{"some, and another arrived", []events.Event{order, ship(2, pieces("lamp", 1)), at(3, "d", &events.OrderDelivered{Order: events.OrderChange{ID: "o1", Items: []events.ChangedItem{pieces("chair", 1)}}})}, "lamp chair"},
		{"a bundle takes its parts along", []events.Event{order, ship(2, pieces("set", 0))}, "set cup"},
		{"a part, and the bundle is on its way", []events.Event{order, ship(2, pieces("cup", 0))}, "set cup"},
		{"parcels are named in another way", []events.Event{order, ship(2, pieces("box-1", 0))}, "lamp chair set cup"},
	} {
		t.Run(c.name, func(t *testing.T) {
			everyOrder(c.events, func(who customer.Customer) {
				for _, p := range []string{"lamp", "chair", "set", "cup"} {
					want := slices.Contains(strings.Fields(c.left), p)
					if got := who.HasLeft("o1", p); got != want {
						t.Errorf("%s has left: %v", p, got)
					}
				}
			})
		})
	}
}

func TestATestOrderCountsForNothing(t *testing.T) {
	test := teas(1)
	test.Test = true
	everyOrder([]events.Event{tells(1, "p", test), edits(2, "u", teas(1))}, func(who customer.Customer) {
		if _, bought := who.Purchase("o1", "tea"); bought || who.OrderCount() != 0 || !who.LastOrderAt().IsZero() || who.LastOrder() != "" || !who.IsTest("o1") || len(who.Standing()) != 0 || who.Ordinal("o1") != 0 {
			t.Errorf("it counts: %+v", who)
		}
		if _, known := who.Order("o1"); !known {
			t.Error("it is not kept")
		}
	})
}

func TestAnOrderOfBeforeAnErasureStaysForgotten(t *testing.T) {
	for name, es := range map[string][]events.Event{
		"told again":                    {tells(1, "a", teas(1)), erased(2), tells(3, "b", teas(1))},
		"changed":                       {tells(1, "a", teas(1)), erased(2), edits(3, "b", teas(1))},
		"cancelled before, told since":  {cancel(1, "c"), erased(2), tells(3, "b", teas(1))},
		"told since, placed before":     {erased(2), tells(3, "b", events.Order{ID: "o1", PlacedAt: new(instant(1))})},
		"told since, and a new erasure": {tells(3, "a", teas(1)), erased(4), edits(5, "b", teas(1))},
	} {
		everyOrder(es, func(who customer.Customer) {
			if _, ok := who.Order("o1"); ok || who.OrderCount() != 0 || who.OrdersEver() != 0 {
				t.Errorf("%s: it is back", name)
			}
		})
	}
	everyOrder([]events.Event{tells(1, "a", teas(1)), erased(2), tells(3, "b", events.Order{ID: "o2"})}, func(who customer.Customer) {
		if who.OrderCount() != 1 {
			t.Error("an order of after the erasure does not count")
		}
	})
}

// What two records know of one person's orders is what one record would know.
func TestJoiningTwoRecordsIsFoldingAllIntoOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		es := rapid.SliceOfN(anyEvent().Filter(func(e events.Event) bool { return orderOf(e.Data) != "" }), 1, 20).Draw(t, "events")
		cut := rapid.IntRange(0, len(es)).Draw(t, "cut")
		a, b, all := fold(es[:cut]), fold(shuffled(t, es[cut:])), fold(es)
		for _, x := range []struct{ into, from customer.Customer }{{clone(t, a), b}, {clone(t, b), a}} {
			before := clone(t, x.from)
			customer.Join(&x.into, x.from)
			if d := diff(ordersOf(all), ordersOf(x.into)); d != "" {
				t.Fatalf("(-all in one +joined):\n%s", d)
			}
			if d := diff(before, x.from); d != "" {
				t.Fatalf("joining changed the other record:\n%s", d)
			}
		}
	})
}

func ordersOf(c customer.Customer) customer.Customer {
	return customer.Customer{Orders: c.Orders, Untold: c.Untold, Seen: c.Seen}
}
