package customer_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"homing/events"
	"homing/pkg/customer"
)

// mixed is es in another order, the same each time.
func mixed(es []events.Event, seed uint64) []events.Event {
	out := slices.Clone(es)
	r := rand.New(rand.NewPCG(seed, 1))
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// numbered is an order with so many lines.
func numbered(id string, lines int) events.Order {
	o := events.Order{ID: id}
	for i := range lines {
		o.Items = append(o.Items, events.Item{ProductID: fmt.Sprint("p", i), Quantity: 2})
	}
	return o
}

func TestAThousandEventsInAMinutePushNothingOut(t *testing.T) {
	var es []events.Event
	for i := range 3 {
		es = append(es, tells(i, fmt.Sprint("p", i), numbered(fmt.Sprint("o", i), 3)))
	}
	es = append(es, refund(3, "r", "", pieces("p0", 2)))
	es[len(es)-1].Data.(*events.OrderRefunded).Order.ID = "o0"
	for i := range 1000 {
		c := events.OrderChange{ID: "o2"}
		if i%2 == 0 {
			c.Items = []events.ChangedItem{pieces(fmt.Sprint("p", i%3), 1)}
		}
		var d events.Data = &events.OrderFulfilled{Customer: ann, Order: c}
		if i%3 == 0 {
			d = &events.OrderDelivered{Customer: ann, Order: c}
		}
		es = append(es, at(4+i/20, fmt.Sprint("s", i), d))
	}
	who := fold(es)
	if n := len(customer.Encode(&who)); n > 400 {
		t.Errorf("%d bytes", n)
	}
	if p, ok := who.Purchase("o0", "p0"); !ok || p.Gone != customer.Refunded || who.OrderCount() != 3 || !who.LastOrderAt().Equal(instant(2)) {
		t.Errorf("of the first order is known %+v; %d orders, the last at %v", p, who.OrderCount(), who.LastOrderAt())
	}
	if last, all := who.Reached("o2", customer.Delivered); !all || !last.Equal(instant(4+999/20)) {
		t.Errorf("delivered %v, all %v", last, all)
	}
	if d := diff(who, fold(mixed(es, 1))); d != "" {
		t.Errorf("the order matters:\n%s", d)
	}
}

func TestEventsOfAThousandUnknownOrdersPushNothingOut(t *testing.T) {
	es := []events.Event{tells(1, "p", numbered("o1", 3)), refund(2, "r", "", pieces("p0", 2))}
	for i := range 1000 {
		es = append(es, at(3+i/20, fmt.Sprint("s", i), &events.OrderDelivered{Customer: ann, Order: events.OrderChange{ID: fmt.Sprint("x", i)}}))
	}
	who := fold(es)
	if p, ok := who.Purchase("o1", "p0"); !ok || p.Gone != customer.Refunded || who.OrderCount() != 1 || len(who.Untold) > customer.MaxOrders {
		t.Errorf("%+v; %d orders, %d untold", p, who.OrderCount(), len(who.Untold))
	}
}

func TestSixtyOpenOrdersAreAllKnown(t *testing.T) {
	var es []events.Event
	for i := range 60 {
		id := fmt.Sprintf("o%02d", i)
		es = append(es, tells(i, "p"+id, numbered(id, 5)),
			at(100+i, "s"+id, &events.OrderFulfilled{Customer: ann, Order: named(id, 1, "p0", "p1")}),
			at(200+i, "r"+id, &events.OrderRefunded{Customer: ann, Order: named(id, 1, "p1")}),
			at(300+i, "b"+id, &events.OrderReturned{Customer: ann, Order: named(id, 2, "p1")}))
	}
	who := fold(es)
	for i := range 60 {
		id := fmt.Sprintf("o%02d", i)
		p, ok := who.Purchase(id, "p1")
		if !ok || p.Gone != customer.Returned || !who.HasLeft(id, "p0") || who.HasLeft(id, "p2") || who.Ordinal(id) != i+1 {
			t.Fatalf("%s: %+v, number %d", id, p, who.Ordinal(id))
		}
	}
	for seed := range uint64(5) {
		if d := diff(who, fold(mixed(es, seed))); d != "" {
			t.Fatalf("the order matters:\n%s", d)
		}
	}
}

func TestAnOrderOfManyLinesIsKeptWhole(t *testing.T) {
	for _, lines := range []int{200, 1200, events.MaxItems} {
		es := []events.Event{tells(0, "p", numbered("o1", lines))}
		for i := range 30 {
			es = append(es, tells(i+1, fmt.Sprint("q", i), numbered(fmt.Sprint("later", i), 10)))
		}
		who := fold(append(es, refund(99, "r", "", pieces(fmt.Sprint("p", lines-1), 2))))
		o, ok := who.Order("o1")
		if !ok || o.Brief || len(o.Lines) != lines || who.Undone("o1") != 0 {
			t.Errorf("%d lines: brief %v, %d", lines, o.Brief, len(o.Lines))
		}
		if p, _ := who.Purchase("o1", fmt.Sprint("p", lines-1)); p.Gone != customer.Refunded {
			t.Errorf("%d lines: %+v", lines, p)
		}
	}
}

// Shops name what has left and what has arrived. Of an order of many lines all of that is
// known, in whatever sequence it is told.
func TestOfALongOrderItIsKnownWhatLeftAndWhatCameBack(t *testing.T) {
	for _, lines := range []int{1200, events.MaxItems} {
		order := numbered("o1", lines)
		var left, back []string
		for i, it := range order.Items {
			if i != 7 {
				left = append(left, it.ProductID)
			}
			if i%2 == 0 {
				back = append(back, it.ProductID)
			}
		}
		es := []events.Event{tells(0, "p", order),
			at(1, "l", &events.OrderFulfilled{Customer: ann, Order: named("o1", 2, left...)}),
			at(2, "d", &events.OrderDelivered{Customer: ann, Order: named("o1", 2, left...)}),
			at(3, "r", &events.OrderRefunded{Customer: ann, Order: named("o1", 1, back...)}),
		}
		who := fold(es)
		last := fmt.Sprint("p", lines-1)
		if !who.HasLeft("o1", last) || who.HasLeft("o1", "p7") || !who.Concerned("o1", last, customer.Delivered) {
			t.Errorf("%d lines: the last left %v, p7 did %v", lines, who.HasLeft("o1", last), who.HasLeft("o1", "p7"))
		}
		if p, _ := who.Purchase("o1", "p8"); p.Quantity != 1 || p.Gone != 0 {
			t.Errorf("%d lines: one of two pieces came back: %+v", lines, p)
		}
		pieces, bought := 0, who.Bought()
		for place := range bought.Len() {
			for k := range bought.Kept(place) {
				pieces += k.Pieces
			}
		}
		if want := 2*lines - len(back); pieces != want || bought.Len() != lines {
			t.Errorf("%d lines: %d pieces of %d products are kept, want %d", lines, pieces, bought.Len(), want)
		}
		record := customer.Encode(&who) // which is compared faster than what it says
		again := clone(t, who)
		if !bytes.Equal(record, customer.Encode(&again)) {
			t.Errorf("%d lines: the record says something else when it is read", lines)
		}
		for seed := range uint64(2400 / lines) {
			other := fold(mixed(es, seed))
			if !bytes.Equal(record, customer.Encode(&other)) {
				t.Fatalf("%d lines: the order matters", lines)
			}
		}
		t.Logf("%d lines: %d bytes", lines, len(record))
	}
}

// Of what is too much the lines of the oldest orders go first, then the orders, but for
// when they were placed and whether they count.
func TestOfTooMuchTheOldestIsForgottenFirst(t *testing.T) {
	var es []events.Event
	const n, lines = 60, 450
	for i := range n {
		id := fmt.Sprintf("o%02d", i)
		es = append(es, tells(i, "p"+id, numbered(id, lines)))
	}
	es = append(es, tells(-1, "small", numbered("small", 1)), cancelled(102, "small")) // it would fit
	es = append(es, at(100, "r", &events.OrderRefunded{Customer: ann, Order: named("o00", 1, "p7")}), cancelled(101, "o01"))
	who := fold(es)
	kept := 0
	for o := range who.Placed() {
		if !o.Brief {
			kept++
		}
	}
	if kept != customer.MaxDetails/lines || who.OrderCount() != n-1 || who.Ordinal("o59") != n-1 {
		t.Errorf("%d orders with lines; %d orders; the last is number %d", kept, who.OrderCount(), who.Ordinal("o29"))
	}
	if o, _ := who.Order("small"); !o.Brief {
		t.Error("an older order is kept with its lines, and newer ones are not")
	}
	if o, _ := who.Order("o59"); o.Brief {
		t.Error("the newest is not kept")
	}
	if !who.Concerned("o00", "p7", customer.Refunded) || !who.Concerned("o00", "p8", customer.Refunded) || who.Concerned("o02", "p7", customer.Refunded) {
		t.Error("where it is forgotten which pieces came back, all may have, and elsewhere none")
	}
	if d := diff(who, clone(t, who)); d != "" {
		t.Errorf("the record:\n%s", d)
	}
	for seed := range uint64(3) {
		if d := diff(who, fold(mixed(es, seed))); d != "" {
			t.Fatalf("the order matters:\n%s", d)
		}
	}
}

func TestOfMoreOrdersThanAreKeptItIsKnownWhichCount(t *testing.T) {
	const n = customer.MaxOrders + 50
	var es []events.Event
	for i := range n {
		id := fmt.Sprintf("o%03d", i)
		es = append(es, placed(i, id))
		if i%3 == 0 {
			es = append(es, cancelled(n+i, id))
		}
		if i%6 == 0 {
			es = append(es, at(2*n+i, "again"+id, &events.OrderPlaced{Customer: ann, Order: events.Order{ID: id}}))
		}
	}
	want := n - (n+2)/3 + (n+5)/6
	who := fold(es)
	for seed := range uint64(10) {
		c := fold(mixed(es, seed))
		if c.OrderCount() != want || c.OrdersEver() != n || c.PlacedBefore(instant(10).UnixMilli()) != 10 || !c.LastOrderAt().Equal(who.LastOrderAt()) {
			t.Fatalf("%d orders, want %d; %d ever, %d before", c.OrderCount(), want, c.OrdersEver(), c.PlacedBefore(instant(10).UnixMilli()))
		}
		for _, id := range []string{"o000", "o003", "o006"} {
			if got := c.Whole(id, customer.Cancelled); got != (id == "o003") {
				t.Errorf("%s is cancelled: %v", id, got)
			}
		}
		if at, ok := c.PlacedAt("o004"); !ok || !at.Equal(instant(4)) {
			t.Errorf("placed %v, %v", at, ok)
		}
	}
	if d := diff(who, clone(t, who)); d != "" {
		t.Errorf("the record:\n%s", d)
	}
}

// Past so many statements about pieces of one order, what is said once more cannot be
// told from what happened once more: all pieces of what was named count as taken.
func TestPastTheBoundOfStatementsAllPiecesCountAsTaken(t *testing.T) {
	order := events.Order{ID: "o1", Items: []events.Item{{ProductID: "tea", Quantity: 1000}, {ProductID: "cup", Quantity: 1000}}}
	es := []events.Event{tells(0, "p", order), refund(1, "cup", "", pieces("cup", 1))}
	for i := range customer.MaxParts - 1 {
		es = append(es, refund(2+i, fmt.Sprint("r", i), "", pieces("tea", 1)))
	}
	who := fold(mixed(es, 1))
	if p, _ := who.Purchase("o1", "tea"); p.Quantity != 1000-customer.MaxParts+1 {
		t.Errorf("at the bound: %d left", p.Quantity)
	}
	es = append(es, refund(500, "more", "", pieces("tea", 1)), refund(501, "and more", "", pieces("tea", 1)))
	who = fold(es)
	if p, _ := who.Purchase("o1", "tea"); p.Gone != customer.Refunded {
		t.Errorf("past the bound: %+v", p)
	}
	for seed := range uint64(10) {
		es := mixed(es, seed)
		if d := diff(who, fold(append(es, es[:9]...))); d != "" {
			t.Fatalf("the order matters:\n%s", d)
		}
	}
	if d := diff(who, clone(t, who)); d != "" {
		t.Errorf("the record:\n%s", d)
	}
}

// However much is told, a record stays small enough to be read for every email.
func TestTheLargestRecordHasABound(t *testing.T) {
	var es []events.Event
	for i := range 120 {
		id := fmt.Sprintf("order-%04d", i)
		es = append(es, tells(i, "p"+id, numbered(id, 500)))
		for k := range 3 {
			es = append(es, at(1000+i, fmt.Sprint("r", id, k), &events.OrderRefunded{Customer: ann, Order: named(id, 1, "p1", "p2", "p3")}))
		}
	}
	who := fold(es)
	if n := len(customer.Encode(&who)); n > 160<<10 {
		t.Errorf("%d bytes", n)
	}
}
