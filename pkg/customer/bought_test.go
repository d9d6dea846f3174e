package customer_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
)

// boughtOf draws some orders of three products, and what becomes of them.
func boughtOf(t *rapid.T, products []string) customer.Customer {
	var es []events.Event
	for i := range rapid.IntRange(0, 5).Draw(t, "orders") {
		id, at := string(rune('a'+i)), time.Duration(rapid.IntRange(0, 50).Draw(t, "hours"))*time.Hour
		var items []events.Item
		for range rapid.IntRange(1, 4).Draw(t, "lines") {
			items = append(items, events.Item{ProductID: rapid.SampledFrom(products).Draw(t, "product"), Quantity: rapid.IntRange(1, 3).Draw(t, "pieces")})
		}
		es = append(es, ordering(id, at, items...))
		change := events.ChangedItem{ProductID: rapid.SampledFrom(products[:2]).Draw(t, "changed"), Quantity: rapid.IntRange(0, 2).Draw(t, "taken")}
		switch rapid.IntRange(0, 5).Draw(t, "then") {
		case 0:
			es = append(es, told("r"+id, at+time.Hour, &events.OrderRefunded{Order: about(id, change)}))
		case 1:
			es = append(es, told("c"+id, at+time.Hour, &events.OrderCancelled{Order: about(id)}))
		case 2: // and placed again
			again := ordering(id, at+2*time.Hour, items...)
			again.ID = "again " + id
			es = append(es, told("c"+id, at+time.Hour, &events.OrderCancelled{Order: about(id)}), again)
		case 3:
			es = append(es, told("d"+id, at+time.Hour, &events.OrderDelivered{Order: about(id, change)}))
		}
	}
	return folded(es...)
}

// What is found in one walk is what PurchasesOf finds of each product.
func TestWhatWasBoughtIsFoundByProduct(t *testing.T) {
	products := []string{"tea", "oil", "cup"}
	rapid.Check(t, func(t *rapid.T) {
		c := boughtOf(t, products)
		b := c.Bought()
		for _, id := range products {
			ps := c.PurchasesOf(id)
			newest, ok := b.Newest(id)
			if again, _ := b.Newest(id); ok != (len(ps) > 0) || ok && newest != ps[0] || again != newest {
				t.Fatalf("%s: the newest is %+v, want the first of %+v", id, newest, ps)
			}
			place, bought := b.Place(id)
			has := slices.ContainsFunc(c.Orders, func(o customer.Order) bool { return o.Has(id) })
			if bought != has || slices.Contains(b.Products(), id) != has {
				t.Fatalf("%s was bought %v, want %v", id, bought, has)
			}
			if !bought {
				continue
			}
			var kept, want []customer.Kept
			for k := range b.Kept(place) {
				kept = append(kept, k)
			}
			for _, p := range ps {
				want = append(want, customer.Kept{At: p.Placed, Pieces: p.Quantity})
			}
			byTime := func(a, b customer.Kept) int { return a.At.Compare(b.At)<<8 + a.Pieces - b.Pieces }
			slices.SortFunc(kept, byTime)
			slices.SortFunc(want, byTime)
			if !slices.Equal(kept, want) || b.Product(place) != id {
				t.Fatalf("%s: %+v, want %+v", id, kept, want)
			}
		}
	})
}

func TestWhatComesBySubscriptionIsKnown(t *testing.T) {
	weekly := func(id string) events.Item { return events.Item{ProductID: id, Quantity: 1, Subscription: true} }
	c := folded(ordering("a", 0, weekly("tea")), ordering("b", time.Hour, events.Item{ProductID: "oil", Quantity: 1}),
		ordering("c", 2*time.Hour, weekly("cup")), told("x", 3*time.Hour, &events.OrderCancelled{Order: about("c")}))
	b := c.Bought()
	for _, x := range []struct {
		product string
		since   time.Duration
		want    bool
	}{{"tea", 0, true}, {"tea", time.Minute, false}, {"oil", 0, false}, {"cup", 0, false}, {"none", 0, false}} {
		if got := b.Subscribed(x.product, ordered.Add(x.since)); got != x.want {
			t.Errorf("%s since %v: %v", x.product, x.since, got)
		}
	}
}
