package points_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/points"
)

var (
	ann   = events.Customer{ID: "ann"}
	start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

const days = 24 * time.Hour

func on(day int, id string, d events.Data) events.Event {
	return events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: start.Add(time.Duration(day) * days), Data: d}
}

func order(day int, id string, minor int64, products ...string) events.Event {
	o := events.Order{ID: id, Total: events.Money{Minor: minor, Currency: "EUR"}}
	for _, p := range append(products, "tea") {
		o.Items = append(o.Items, events.Item{ProductID: p, Quantity: 1})
	}
	return on(day, "placed"+id, &events.OrderPlaced{Customer: ann, Order: o})
}

func refund(day int, id, product string, minor int64) events.Event {
	c := events.OrderChange{ID: id, Amount: events.Money{Minor: minor, Currency: "EUR"}}
	if product != "" {
		c.Items = []events.ChangedItem{{ProductID: product, Quantity: 1}}
	}
	return on(day, fmt.Sprint("refund", id, product, day), &events.OrderRefunded{Customer: ann, Order: c})
}

func cancel(day int, id string) events.Event {
	return on(day, fmt.Sprint("cancel", id, day), &events.OrderCancelled{Customer: ann, Order: events.OrderChange{ID: id}})
}

func adjust(day int, id string, n int) events.Event {
	return on(day, fmt.Sprint("adjust", id, day), &events.PointsAdjusted{Customer: ann, Adjustment: events.Adjustment{ID: id, Points: n}})
}

func reward(day int, touch string, n int) events.Event {
	return on(day, "issued"+touch, &events.OfferIssued{Touch: touch, Worker: "rewards", Code: "X", Percent: 10, Points: n})
}

func review(day int, product string) events.Event {
	return on(day, fmt.Sprint("review", product, day), &events.ReviewSubmitted{Customer: ann, Review: events.Review{ProductID: product}})
}

// friend is what is told of the order of a friend that was placed on a day.
func friend(day int, friend string, placed int, state string) events.Event {
	at := start.Add(time.Duration(placed) * days)
	return on(day, fmt.Sprint(friend, day), &events.ReferralNoted{Side: events.SideReferrer, Other: friend, Order: fmt.Sprint(placed), State: state, PlacedAt: &at, GoneAt: gone(start.Add(time.Duration(day)*days), state)})
}

func gone(at time.Time, state string) *time.Time {
	if state == "returned" || state == "refunded" || state == "cancelled" {
		return &at
	}
	return nil
}

func fold(es []events.Event) *customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return &c
}

// simple gives a point a euro at once, for ever.
var simple = points.Programme{Rates: []points.Rate{{Currency: "EUR", Millionths: 1_000_000}}}

func with(change func(p *points.Programme)) points.Programme {
	p := simple
	change(&p)
	return p
}

// told is a ledger in short: "0 order 1 +34 = 34".
func told(l points.Ledger) (out []string) {
	for _, x := range l.Lines {
		out = append(out, strings.Join(strings.Fields(fmt.Sprintf("%d %s %s %+d = %d", int(x.At.Sub(start)/days), x.What, x.Order, x.Points, x.Balance)), " "))
	}
	return out
}

func TestALedgerIsWhatHappened(t *testing.T) {
	pending := with(func(p *points.Programme) { p.Pending = 14 * days })
	bonus := with(func(p *points.Programme) { p.Review, p.Birthday, p.Joining = 20, 50, 10 })
	asked := with(func(p *points.Programme) { p.Asked, p.Joining = true, 10 })
	monthly := with(func(p *points.Programme) { p.Expire = 1 })
	for _, c := range []struct {
		name string
		p    points.Programme
		at   int // day
		es   []events.Event
		want []string
	}{
		{"whole points", simple, 1, []events.Event{order(0, "1", 3499)}, []string{"0 order 1 +34 = 34"}},
		{"a cancelled order", simple, 9, []events.Event{order(0, "1", 3400), cancel(3, "1")}, []string{"0 order 1 +34 = 34", "3 taken back 1 -34 = 0"}},
		{"paid back with an amount", simple, 9, []events.Event{order(0, "1", 3400, "cup"), refund(3, "1", "cup", 1250)}, []string{"0 order 1 +34 = 34", "3 taken back 1 -13 = 21"}},
		{"a share of the pieces where no amount is told", simple, 9, []events.Event{order(0, "1", 3400, "cup"), refund(3, "1", "cup", 0)}, []string{"0 order 1 +34 = 34", "3 taken back 1 -17 = 17"}},
		{"paid back, then cancelled", simple, 9, []events.Event{order(0, "1", 3400, "cup"), refund(3, "1", "cup", 1000), cancel(4, "1")},
			[]string{"0 order 1 +34 = 34", "3 taken back 1 -10 = 24", "4 taken back 1 -24 = 0"}},
		{"cancelled, then paid back", simple, 9, []events.Event{order(0, "1", 3400), cancel(3, "1"), refund(4, "1", "", 0)}, []string{"0 order 1 +34 = 34", "3 taken back 1 -34 = 0"}},
		{"stands again", simple, 9, []events.Event{order(0, "1", 3400), cancel(3, "1"), on(5, "again", order(0, "1", 3400).Data)},
			[]string{"0 order 1 +34 = 34", "3 taken back 1 -34 = 0", "5 stands again 1 +34 = 34"}},
		{"too new", pending, 13, []events.Event{order(0, "1", 3400)}, nil},
		{"old enough", pending, 14, []events.Event{order(0, "1", 3400)}, []string{"14 order 1 +34 = 34"}},
		{"paid back while it was too new", pending, 14, []events.Event{order(0, "1", 3400, "cup"), refund(3, "1", "cup", 1000)}, []string{"14 order 1 +24 = 24"}},
		{"more taken than there is", simple, 9, []events.Event{order(0, "1", 10000), reward(1, "rewards.reward.x.1", 100), cancel(3, "1"), order(5, "2", 3000)},
			[]string{"0 order 1 +100 = 100", "1 reward -100 = 0", "3 taken back 1 -100 = -100", "5 order 2 +30 = -70"}},
		{"of one review a product", bonus, 9, []events.Event{order(0, "1", 100), review(1, "tea"), review(2, "tea"), review(3, "cup")},
			[]string{"0 order 1 +1 = 1", "1 review +20 = 21", "3 review +20 = 41"}},
		{"one birthday a year", bonus, 9, []events.Event{order(0, "1", 100), on(1, "b1", &events.CustomerBirthday{Customer: ann, Year: 2026}), on(2, "b2", &events.CustomerBirthday{Customer: ann})},
			[]string{"0 order 1 +1 = 1", "1 birthday +50 = 51"}},
		{"friends: one who stays, one who sends it back, one who is the customer, one too many", with(func(p *points.Programme) { p.Referral, p.Friends, p.Pending = 30, 2, 14*days }), 60,
			[]events.Event{order(0, "1", 100), friend(1, "f1", 0, "stands"), friend(3, "f2", 1, "returned"), friend(2, "f3", 2, "self"), friend(9, "f4", 3, "stands"), friend(9, "f5", 9, "stands"), friend(40, "f1", 5, "again")},
			[]string{"14 order 1 +1 = 1", "14 referral +30 = 31", "17 referral +30 = 61"}},
		{"as a friend", with(func(p *points.Programme) { p.Referred = 20 }), 9, []events.Event{order(1, "1", 100), on(1, "n", &events.ReferralNoted{Side: events.SideFriend, Other: "f1", Order: "1", State: "unknown"})},
			[]string{"1 order 1 +1 = 1", "1 referral +20 = 21"}},
		{"nobody asked", asked, 9, []events.Event{order(0, "1", 3400)}, nil},
		{"asked", asked, 9, []events.Event{order(0, "1", 3400), on(2, "j", &events.RewardsJoined{Customer: ann}), order(3, "2", 500)},
			[]string{"2 joined +10 = 10", "3 order 2 +5 = 15"}},
		{"an adjustment that was corrected", simple, 9, []events.Event{order(0, "1", 100), adjust(1, "a", 50), adjust(2, "a", 5)}, []string{"0 order 1 +1 = 1", "2 adjusted +5 = 6"}},
		{"expired, with the end of the month after a month", monthly, 61, []events.Event{order(0, "1", 3400), reward(3, "r", 10), order(40, "2", 700)},
			[]string{"0 order 1 +34 = 34", "3 reward -10 = 24", "40 order 2 +7 = 31", "59 expired -24 = 7"}},
		{"what has expired is not taken back", monthly, 70, []events.Event{order(0, "1", 3400), order(40, "2", 700), cancel(65, "1")},
			[]string{"0 order 1 +34 = 34", "40 order 2 +7 = 41", "59 expired -34 = 7"}},
		{"but what was spent of it is", monthly, 70, []events.Event{order(0, "1", 3400), reward(3, "r", 10), order(40, "2", 700), cancel(65, "1")},
			[]string{"0 order 1 +34 = 34", "3 reward -10 = 24", "40 order 2 +7 = 31", "59 expired -24 = 7", "65 taken back 1 -10 = -3"}},
		{"another currency", simple, 9, []events.Event{on(0, "chf", &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "1", Total: events.Money{Minor: 900, Currency: "CHF"}}})}, nil},
		{"nothing before it starts", with(func(p *points.Programme) { p.Starts = start.Add(2 * days) }), 9, []events.Event{order(0, "1", 3400), order(3, "2", 500)}, []string{"3 order 2 +5 = 5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 5 {
				l := c.p.Ledger(fold(append(slices.Clone(c.es), c.es...)), start.Add(time.Duration(c.at)*days))
				if d := cmp.Diff(c.want, told(l), cmpopts.EquateEmpty()); d != "" {
					t.Fatal(d)
				}
				rand.Shuffle(len(c.es), func(i, j int) { c.es[i], c.es[j] = c.es[j], c.es[i] })
			}
		})
	}
}

func TestARateCountsFromItsDay(t *testing.T) {
	p := points.Programme{Rates: []points.Rate{
		{Currency: "EUR", From: start.Add(5 * days), Millionths: 2_500_000}, {Millionths: 10_000}, {Currency: "EUR", Millionths: 1_000_000},
	}}
	yen := on(7, "yen", &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "3", Total: events.Money{Minor: 12345, Currency: "JPY"}}})
	l := p.Ledger(fold([]events.Event{order(0, "1", 1000), order(5, "2", 1010), yen}), start.Add(9*days))
	if d := cmp.Diff([]string{"0 order 1 +10 = 10", "5 order 2 +25 = 35", "7 order 3 +123 = 158"}, told(l)); d != "" {
		t.Error(d)
	}
}

// plain is the balance as one who keeps books would have it: every statement once, in the
// order of its time. It knows nothing of records, lots or ledgers.
func plain(es []events.Event) int {
	es = slices.Clone(es)
	slices.SortStableFunc(es, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	seen, total, back, gone, extra := map[string]bool{}, map[string]int64{}, map[string]int64{}, map[string]bool{}, 0
	for _, e := range es {
		if seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		switch d := e.Data.(type) {
		case *events.OrderPlaced:
			total[d.Order.ID] = d.Order.Total.Minor
		case *events.OrderRefunded:
			back[d.Order.ID] += d.Order.Amount.Minor
		case *events.OrderCancelled:
			gone[d.Order.ID] = true
		case *events.PointsAdjusted:
			extra += d.Adjustment.Points
		case *events.OfferIssued:
			extra -= d.Points
		}
	}
	for id, n := range total {
		if !gone[id] {
			extra += int(max(n-back[id], 0) / 100)
		}
	}
	return extra
}

// However late, in whatever sequence and however often what happened is told, and at
// whatever record of the person, the ledger is the same, and its balance is what a plain
// sum comes to.
func TestTheLedgerDoesNotDependOnHowItWasTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var es []events.Event
		for i := range rapid.IntRange(1, 6).Draw(t, "orders") {
			id, day := fmt.Sprint(i), rapid.IntRange(0, 200).Draw(t, "day")
			es = append(es, order(day, id, int64(rapid.IntRange(1, 20000).Draw(t, "minor")), "cup", "set"))
			for _, product := range []string{"cup", "set"} { // also before the order was placed
				if rapid.IntRange(0, 2).Draw(t, "refund") == 0 {
					es = append(es, refund(max(day+rapid.IntRange(0, 30).Draw(t, "after"), 0), id, product, int64(rapid.IntRange(1, 8000).Draw(t, "paid back"))))
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "cancel") == 0 {
				es = append(es, cancel(max(day+rapid.IntRange(-2, 30).Draw(t, "after"), 0), id))
			}
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "adjustments") {
			es = append(es, adjust(rapid.IntRange(0, 200).Draw(t, "day"), fmt.Sprint("a", i), rapid.IntRange(-50, 50).Draw(t, "points")))
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "rewards") {
			es = append(es, reward(rapid.IntRange(0, 200).Draw(t, "day"), fmt.Sprint("rewards.reward.x.", i), 100))
		}
		p := with(func(p *points.Programme) {
			p.Starts = start.Add(-days)
			p.Tiers = points.Tiers{Currency: "EUR", Window: 90 * days, Grace: 10 * days, Steps: []points.Tier{{Name: "silver", From: 10000}}}
		})
		first := slices.IndexFunc(es, func(e events.Event) bool { return e.Type == events.TypeRewardsJoined })
		if first < 0 {
			es = append(es, on(0, "joined", &events.RewardsJoined{Customer: ann}))
		}
		now := start.Add(400 * days)
		want := p.Ledger(fold(es), now)
		if want.Balance != plain(es) {
			t.Fatalf("%d, and a plain sum is %d:\n%s", want.Balance, plain(es), strings.Join(told(want), "\n"))
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		again := append(slices.Clone(es), es[:len(es)/2]...)
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		whole := fold(again)
		if d := cmp.Diff(want, p.Ledger(whole, now), exported); d != "" {
			t.Fatal(d)
		}
		kept, err := whole.Apart()
		if err != nil {
			t.Fatal(err)
		}
		cut := r.IntN(len(again))
		a, b := fold(again[:cut]), fold(again[cut:])
		customer.Join(a, *b)
		for _, c := range []*customer.Customer{&kept, a} {
			if d := cmp.Diff(told(want), told(p.Ledger(c, now)), cmpopts.EquateEmpty()); d != "" {
				t.Fatal(d)
			}
		}
		expiring(t, whole, now)
	})
}

// expiring checks that with lots that expire no point is lost or made: what was given and
// taken is what is there, and the balance is what is open less what is owed.
func expiring(t *rapid.T, c *customer.Customer, now time.Time) {
	p := with(func(p *points.Programme) { p.Expire, p.Pending = 2, 14*days })
	l := p.Ledger(c, now)
	sum, open := 0, 0
	for _, x := range l.Lines {
		if sum += x.Points; sum != x.Balance {
			t.Fatalf("%+v, and the sum is %d", x, sum)
		}
	}
	for _, x := range l.Lots {
		open += x.Left
	}
	if sum != l.Balance || open < l.Balance || open > 0 && l.Balance < 0 && open == l.Balance {
		t.Fatalf("%d, balance %d, open %d", sum, l.Balance, open)
	}
}

var exported = cmp.Exporter(func(reflect.Type) bool { return true })
