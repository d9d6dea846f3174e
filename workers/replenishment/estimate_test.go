package replenishment

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/product"
	"homing/workers"
)

var begin = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

// buys are orders of some pieces of tea on some days.
func buys(pieces int, on ...float64) customer.Customer {
	var c customer.Customer
	for i, d := range on {
		o := &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: fmt.Sprint(i), Items: []events.Item{{ProductID: "tea", Quantity: pieces}}}}
		customer.Apply(&c, events.Event{ID: o.Order.ID, Source: "/shop", Type: o.Type(), Time: begin.Add(time.Duration(d * 24 * float64(time.Hour))), Data: o})
	}
	return c
}

// large is a shop that knows itself, where tea is bought again about every 28 days by
// three of four.
func large(constants foresight.Constants) *product.Snapshot {
	tea := foresight.Sums{Pairs: 400, Again: 900, Exposure: 400 * 24 * 90, Intervals: 900, LnDays: 900 * 3_332_205}
	return &product.Snapshot{Version: 1, At: begin, Products: map[string]product.Product{"tea": {Buyers: 400, Sums: tea, Rhythm: product.Rhythm{Days: 28, Intervals: 900, Customers: 300}}},
		Foresight: foresight.Shop{Sums: foresight.Sums{Pairs: 5000, Again: 1000, Exposure: 5000 * 24 * 200, Intervals: 1000, LnDays: 1000 * 3_806_662}, Constants: constants}}
}

func basisOfLast(c customer.Customer, s *product.Snapshot) basis {
	h := habitsOf(&workers.Input{Customer: &c, Products: s, Now: begin})
	return h.basisOf(c.PurchasesOf("tea")[0])
}

func TestTwiceThePiecesLastNotTwiceAsLong(t *testing.T) {
	one, four := basisOfLast(buys(1, 0), large(foresight.Constants{})), basisOfLast(buys(4, 0), large(foresight.Constants{}))
	if r := four.days() / one.days(); r < 1.1 || r > 1.2 {
		t.Errorf("four pieces last %.2f times as long as one", r)
	}
	said := four
	said.said = 30
	if said.days() != 120 {
		t.Errorf("four pieces of 30 days each last %v", said.days())
	}
	pieces := foresight.Constants{Exponent: 1, Known: 4, OfCustomer: 1, OfProduct: 0.5, Slope: 1}
	if r := basisOfLast(buys(4, 0), large(pieces)).days() / basisOfLast(buys(1, 0), large(pieces)).days(); r < 3.99 || r > 4.01 {
		t.Errorf("where pieces count, four last %.2f times as long", r)
	}
}

func TestTheChanceIsSaidInWords(t *testing.T) {
	for _, c := range []struct {
		name     string
		who      customer.Customer
		products *product.Snapshot
		on       float64
		parts    []string
	}{
		{"four times", buys(1, -99, -66, -33, 0), large(foresight.Constants{}), 28,
			[]string{" % likely in these two weeks; bought four times, about every 33 days; expected to last ", " days from 10 Jun 2025"}},
		{"once", buys(1, 0), large(foresight.Constants{}), 25, []string{"bought once; 300 of its 400 buyers bought it again, about every 28 days"}},
		{"on two invoices of the same hour", buys(1, -30.02, -30, 0), nil, 25, []string{"bought twice, about every 28 days"}},
		{"early", buys(1, -60, -30, 0), nil, 25, []string{"bought three times, about every 30 days", "it is early: with no repurchases so far"}},
		{"many times", buys(1, -330, -300, -270, -240, -210, -180, -150, -120, -90, -60, -30, 0), nil, 25, []string{"bought 12 times, about every 30 days"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := basisOfLast(c.who, c.products)
			got := b.text(begin.Add(time.Duration(c.on) * day))
			for _, part := range c.parts {
				if !strings.Contains(got, part) {
					t.Errorf("%s\nlacks %q", got, part)
				}
			}
			if c.products != nil && strings.Contains(got, "early") {
				t.Errorf("a shop of many repurchases is early: %s", got)
			}
			t.Log(got)
		})
	}
}

func TestWhatIsHardlyBoughtAgainIsUnlikely(t *testing.T) {
	s := large(foresight.Constants{})
	s.Products["tea"] = product.Product{Buyers: 400, Sums: foresight.Sums{Pairs: 400, Again: 4, Exposure: 400 * 24 * 300}}
	b := basisOfLast(buys(1, 0), s)
	if p := b.chance(begin.AddDate(0, 0, 30)); p > 0.02 {
		t.Errorf("%.2f of a thing that four of four hundred bought twice", p)
	}
	if b.likely(begin, 0.15) || !b.likely(begin, 0) {
		t.Error("it is likely")
	}
	if b.said = 30; !b.likely(begin, 0.15) {
		t.Error("the shop says that it is used up, and it is not reminded of")
	}
}
