package customer_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

// edit is the n-th statement of a shop that gives all it says one time.
func edit(n int, name string) []events.Event {
	who := events.Customer{ID: "ann", Email: "ann@example.com", FirstName: name}
	items := []events.Item{{ProductID: fmt.Sprint("p", n), Quantity: 1}}
	updated := at(5, fmt.Sprint("updated", n), &events.CartUpdated{Customer: who, Cart: events.Cart{ID: "k", Items: items}})
	left := at(5, fmt.Sprint("left", n), &events.CartAbandoned{Customer: who, Cart: events.Cart{ID: "k", Items: items}})
	updated.Place, left.Place = uint64(1000+2*n), uint64(1001+2*n)
	return []events.Event{updated, left}
}

func TestARecordHoldsWhatCompetes(t *testing.T) {
	for _, edits := range []int{1, 2, 5} {
		var es []events.Event
		for n := range edits {
			es = append(es, edit(n, fmt.Sprint("Ann ", n))...)
		}
		c := fold(es)
		if d := diff(c, clone(t, c)); d != "" {
			t.Errorf("%d edits: what was decoded is not what was encoded:\n%s", edits, d)
		}
		last := edits - 1
		if c.FirstName.Value != fmt.Sprint("Ann ", last) || c.Cart.Value.Lines[0].Product != fmt.Sprint("p", last) || c.Left.Value.Lines[0].Product != fmt.Sprint("p", last) {
			t.Errorf("%d edits: %q, cart %v, left %v", edits, c.FirstName.Value, c.Cart.Value, c.Left.Value)
		}
		back := clone(t, c)
		for _, e := range es { // copies, much later
			e.Place += 5000
			if customer.Apply(&back, e) {
				t.Errorf("%d edits: a late copy of %s changed something", edits, e.ID)
			}
		}
	}
}

// Of one time more is said than is kept; all copies of a statement have its place.
func TestMoreStatementsOfOneTimeThanAreKeptInAnyOrderGiveTheSameCustomer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		es := rapid.SliceOfN(anyEvent(), 1, 25).Draw(t, "events")
		for i := range es {
			n := rapid.IntRange(1, 9).Draw(t, "id")
			es[i].ID, es[i].Place = fmt.Sprint("e", n), uint64(n*5%9)
			es[i].Time = instant(rapid.IntRange(0, 1).Draw(t, "at"))
		}
		want, got := fold(es), fold(shuffled(t, es))
		if d := diff(want, got); d != "" {
			t.Fatalf("the order matters:\n%s", d)
		}
		if d := diff(want, clone(t, want)); d != "" {
			t.Fatalf("what was decoded is not what was encoded:\n%s", d)
		}
	})
}

// What competes costs little where all of it says the same, as it mostly does.
func TestWhatIsSaidAgainWithTheSameTimeTakesLittleRoom(t *testing.T) {
	once, again := fold(edit(0, "Ann")[:1]), fold(append(edit(0, "Ann")[:1], edit(1, "Ann")[:1]...))
	a, b := len(customer.Encode(&once)), len(customer.Encode(&again))
	t.Logf("%d bytes, and %d with a second statement of the time", a, b)
	if b-a > 40 {
		t.Errorf("a second statement of one time takes %d bytes", b-a)
	}
}
