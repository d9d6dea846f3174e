package customer_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
)

// full is a customer of whom every section of a record says something.
func full() customer.Customer {
	c := rich()
	placed := func(e events.Event, place uint64) events.Event { e.Place = place; return e }
	who := events.Customer{ID: "C-1007", Email: "ann@home.example", LastName: "Rae"}
	for i, e := range []events.Event{
		placed(at(12, "p1", &events.OrderPlaced{Customer: who, Order: events.Order{ID: "1002", Coupons: []string{"TEN"},
			Items: []events.Item{{ProductID: "set", Quantity: 1, SupplyDays: 30}, {ProductID: "cup", Quantity: 2, BundleOf: "set", Subscription: true}}}}), 7),
		placed(at(12, "p2", &events.OrderUpdated{Customer: who, Order: events.Order{ID: "1002", Items: []events.Item{{ProductID: "set", Quantity: 1}}}}), 8),
		placed(at(13, "p3", &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: "1002"}}), 9),
		placed(at(14, "p4", &events.OrderReturned{Customer: who, Order: events.OrderChange{ID: "1002", Return: events.Reference{ID: "r1"}, Items: []events.ChangedItem{{ProductID: "cup", Quantity: 1}}}}), 10),
		at(15, "p5", &events.OrderFulfilled{Customer: who, Order: events.OrderChange{ID: "1003", Items: []events.ChangedItem{{ProductID: "pot"}}}}),
		at(0, "p6", &events.OrderPlaced{Customer: who, Order: events.Order{ID: "0999"}}), // of before the erasure
		at(16, "p7", &events.CartAbandoned{Customer: who, Cart: events.Cart{ID: "k3", Items: []events.Item{{ProductID: "cup", Quantity: 4}}}}),
		at(17, "p8", &events.CartUpdated{Customer: who, Cart: events.Cart{ID: "k4", Items: []events.Item{{ProductID: "pot", Quantity: 1}}}}),
		at(18, "p9", &events.ReviewSubmitted{Customer: who, Review: events.Review{ProductID: "tea-1"}}),
		at(19, "pa", &events.CustomerMerged{Customer: who, From: "C-3"}),
		at(20, "pb", &events.PersonMerged{Into: "C-9"}),
		at(21, "pc", &events.OfferIssued{Touch: "win-back.offer.abc.1", Code: "TEN", Kind: offer.Static, Percent: 10}),
		at(22, "pd", &events.EmailSent{Email: events.Email{Touch: "win-back.last.abc.1", Sunset: true}}),
		at(23, "pe", &events.EmailSent{Email: events.Email{Touch: "thank-you.thanks.abc.1002", To: "abcdefghijklmnop"}}),
		at(24, "pf", &events.CustomerUpdated{Customer: events.Customer{ID: "C-1007", FirstName: "Anne"}}),
		at(24, "pg", &events.CustomerUpdated{Customer: events.Customer{ID: "C-1007", FirstName: "Annie"}}),
	} {
		if !customer.Apply(&c, e) {
			panic(i)
		}
	}
	return c
}

// choosy is that customer, who has preferences as well.
func choosy() customer.Customer {
	c := full()
	who := events.Customer{ID: "C-1007"}
	for i, e := range []events.Event{
		at(25, "q1", &events.CustomerPreferences{Customer: who, Kinds: map[string]bool{"win-back": true, "birthday": false, "thank-you": true},
			AtMost: &events.AtMost{Limit: 1, Window: "7d"}, PauseUntil: new(instant(99)), Birthday: "1990-02-28", Locale: "fr", TimeZone: "Europe/Paris"}),
		at(26, "q2", &events.CustomerUpdated{Customer: events.Customer{ID: "C-1007", Consent: &events.Consent{Email: events.ConsentRequested}}}),
	} {
		if !customer.Apply(&c, e) {
			panic(i)
		}
	}
	return c
}

// talkative is that customer, who answered as well.
func talkative() customer.Customer {
	c := choosy()
	who := events.Customer{ID: "C-1007"}
	for i, d := range []*events.CustomerAnswered{
		{Customer: who, Question: "why_left", Answer: "other"},
		{Customer: who, Survey: "after-delivery", Question: "happy", Scale: events.CSAT, Score: new(2), Text: "Broken.", OrderID: "1002"},
		{Customer: who, Survey: "shop", Question: "recommend", Scale: events.NPS, Score: new(0)},
		{Customer: who, Survey: "shop", Question: "else", Text: "No."},
	} {
		if !customer.Apply(&c, at(27, fmt.Sprint("r", i), d)) {
			panic(i)
		}
	}
	return c
}

// paying is that customer, whose orders cost something.
func paying() customer.Customer {
	c := talkative()
	who := events.Customer{ID: "C-1007"}
	for i, d := range []*events.OrderUpdated{
		{Customer: who, Order: events.Order{ID: "1002", Items: []events.Item{{ProductID: "set", Quantity: 1}}, Total: events.Money{Minor: 1295, Currency: "EUR"}}},
		{Customer: who, Order: events.Order{ID: "1002", Items: []events.Item{{ProductID: "set", Quantity: 1}}, Total: events.Money{Minor: 129500, Currency: "CHF"}}},
	} {
		if !customer.Apply(&c, at(28, fmt.Sprint("s", i), d)) {
			panic(i)
		}
	}
	return c
}

// subscriber is that customer, who has subscriptions as well.
func subscriber() customer.Customer {
	c := paying()
	who := events.Customer{ID: "C-1007"}
	coffee := events.Subscription{ID: "S-1", Items: []events.Item{{ProductID: "coffee", Quantity: 1}, {ProductID: "tea-1", Quantity: 2}}, Interval: events.EveryMonth, NextRenewalAt: new(instant(99))}
	for i, d := range []events.Data{
		&events.SubscriptionStarted{Customer: who, Subscription: coffee},
		&events.SubscriptionPaused{Customer: who, Subscription: events.Subscription{ID: "S-2"}},
		&events.SubscriptionCancelled{Customer: who, Subscription: events.Subscription{ID: "S-3"}, Reason: events.CancelFraud, EndsAt: new(instant(5))},
		&events.SubscriptionPaymentFailed{Customer: who, Subscription: events.Subscription{ID: "S-1"}},
		&events.SubscriptionPaymentFailed{Customer: who, Subscription: events.Subscription{ID: "S-1"}},
	} {
		if !customer.Apply(&c, at(28+i, fmt.Sprint("t", i), d)) {
			panic(i)
		}
	}
	return c
}

// member is that customer, who collects points as well, and has had more orders than are
// kept in detail.
func member() customer.Customer {
	c := subscriber()
	who := events.Customer{ID: "C-1007"}
	for i, d := range []events.Data{
		&events.RewardsJoined{Customer: who},
		&events.PointsAdjusted{Customer: who, Adjustment: events.Adjustment{ID: "1", Points: -50}},
		&events.PointsAdjusted{Customer: who, Adjustment: events.Adjustment{ID: "2", Points: 25}},
		&events.OrderRefunded{Customer: who, Order: events.OrderChange{ID: "1002", Items: []events.ChangedItem{{ProductID: "set"}}, Amount: events.Money{Minor: 500, Currency: "EUR"}}},
	} {
		if !customer.Apply(&c, at(40+i, fmt.Sprint("u", i), d)) {
			panic(i)
		}
	}
	for i := range customer.MaxOrders + 1 - len(c.Orders) {
		o := events.Order{ID: fmt.Sprint("o", i), Items: []events.Item{{ProductID: "tea", Quantity: 1}}, Total: events.Money{Minor: 700, Currency: "EUR"}}
		if i == 0 { // the oldest of all
			o.PlacedAt = new(c.Erased.Time().Add(time.Millisecond))
		}
		if !customer.Apply(&c, at(50+i, o.ID, &events.OrderPlaced{Customer: who, Order: o})) {
			panic(i)
		}
	}
	return c
}

// tagsOf lists the tags of a record's sections.
func tagsOf(t *testing.T, b []byte) map[byte]bool {
	t.Helper()
	out := map[byte]bool{}
	for len(b) > 0 {
		n, size := binary.Uvarint(b[1:])
		if size <= 0 || int(n)+size >= len(b)+1 {
			t.Fatalf("not a row of sections: %x", b)
		}
		out[b[0]] = true
		b = b[1+size+int(n):]
	}
	return out
}

// advocate is that customer, who was recommended the shop, and recommends it.
func advocate() customer.Customer {
	c := member()
	for i, d := range []events.Data{
		&events.ReferralNoted{Side: events.SideFriend, Other: "aaaaaaaaaaaaaaaa", Order: "1002", Mailbox: "mailbox", State: "unknown"},
		&events.ReferralNoted{Side: events.SideReferrer, Other: "bbbbbbbbbbbbbbbb", Order: "5d2f0a91c377", State: "cancelled", PlacedAt: new(instant(3)), GoneAt: new(instant(9))},
	} {
		if !customer.Apply(&c, at(400+i, fmt.Sprint("v", i), d)) {
			panic(i)
		}
	}
	return c
}

// newest is the record of this version.
const newest = "testdata/record-v10.hex"

// A record as it was written by the first version with persons (2), and by the first that
// knew where an order's emails go (3), what a customer prefers (4), what they answered (5),
// each time that they said yes (6), what their orders cost (7), their subscriptions (8), their points (9), or who recommended the shop to whom (10). They must be read, with all that they say, for as
// long as there is a Redis that has one.
func TestRecordsOfThisFormatAreReadForEver(t *testing.T) {
	for _, golden := range []string{"testdata/record-v2.hex", "testdata/record-v3.hex", "testdata/record-v4.hex", "testdata/record-v5.hex", "testdata/record-v6.hex", "testdata/record-v7.hex", "testdata/record-v8.hex", "testdata/record-v9.hex", newest} {
		t.Run(golden, func(t *testing.T) {
			if os.Getenv("WRITE_GOLDEN") != "" && golden == newest {
				if err := os.WriteFile(golden, []byte(hex.EncodeToString(customer.Encode(new(advocate())))+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			data, got := written(t, golden)
			want, lacks := full(), customer.TagAsked
			switch golden {
			case "testdata/record-v4.hex":
				want, lacks = choosy(), customer.TagAnswers
			case "testdata/record-v5.hex", "testdata/record-v6.hex":
				want, lacks = talkative(), customer.TagTotals
			case "testdata/record-v7.hex":
				want, lacks = paying(), customer.TagRenewals
			case "testdata/record-v8.hex":
				want, lacks = subscriber(), customer.TagPoints
			case "testdata/record-v9.hex":
				want, lacks = member(), customer.TagReferrals
			case newest:
				want, lacks = advocate(), customer.LastTag+1
			}
			if golden < "testdata/record-v6.hex" && golden != newest { // of every yes it knew the latest
				want.Notes = slices.DeleteFunc(want.Notes, func(n customer.Note) bool {
					return n.Kind == customer.Agreed && n.At != want.Opinion.At
				})
			}
			if golden == "testdata/record-v2.hex" { // it didn't say; all are the account's
				for i := range want.Orders {
					want.Orders[i].To = "ann@home.example"
				}
			}
			if d := diff(want, got); d != "" {
				t.Errorf("the old record says something else now (-folded +decoded):\n%s", d)
			}
			has := tagsOf(t, data)
			for tag := byte(1); tag <= customer.LastTag; tag++ {
				retired := tag >= 2 && tag <= 4 || tag == 12 || tag >= lacks
				if has[tag] == retired {
					t.Errorf("section %d: in the golden record: %v", tag, has[tag])
				}
			}
		})
	}
}
