package replenishment_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/product"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/replenishment"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

// after is noon some days later.
func after(days float64) time.Time { return noon.Add(time.Duration(days * float64(day))) }

func at(days float64, id string, d events.Data) events.Event {
	return events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: after(days), Data: d}
}

func placed(days float64, id string, items ...events.Item) events.Event {
	return at(days, "placed "+id, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: id, Items: items}})
}

func change(id string, products ...string) events.OrderChange {
	c := events.OrderChange{ID: id}
	for _, p := range products {
		c.Items = append(c.Items, events.ChangedItem{ProductID: p})
	}
	return c
}

func delivered(days float64, id string, products ...string) events.Event {
	return at(days, "delivered "+id, &events.OrderDelivered{Order: change(id, products...)})
}

func refunded(days float64, id string, products ...string) events.Event {
	return at(days, "refunded "+id, &events.OrderRefunded{Order: change(id, products...)})
}

func cancelled(days float64, id string, products ...string) events.Event {
	return at(days, "cancelled "+id, &events.OrderCancelled{Order: change(id, products...)})
}

func tea(quantity, supply int) events.Item {
	return events.Item{ProductID: "tea", Name: "Assam", Quantity: quantity, SupplyDays: supply}
}

func cup(supply int) events.Item {
	return events.Item{ProductID: "cup", Name: "Filters", Quantity: 1, SupplyDays: supply}
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

// knows is a snapshot of tea.
func knows(p product.Product) *product.Snapshot {
	return &product.Snapshot{Version: 1, At: noon, Products: map[string]product.Product{"tea": p}, Foresight: foresight.Shop{Sums: p.Sums}}
}

// early makes a shop of a snapshot that does not know itself yet.
func early(p product.Product) *product.Snapshot {
	s := knows(p)
	s.Foresight.Again = 99
	return s
}

// often is a product that some customers bought again, ten times each, after some days.
func often(days float64, customers, buyers int) product.Product {
	n := int64(10 * customers)
	return product.Product{Buyers: buyers, Rhythm: product.Rhythm{Days: days, Intervals: int(n), Customers: customers},
		Sums: foresight.Sums{Pairs: int64(buyers), Again: n, Exposure: int64(float64(n) * days * 24), Intervals: n, LnDays: n * int64(1e6*math.Log(days))}}
}

func worker(t testing.TB, set func(c *replenishment.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, replenishment.Kind, set)
}

func asIs(*replenishment.Config) {}

// plan plans what the last of the events leads to.
func plan(t testing.TB, s *product.Snapshot, es ...events.Event) []touch.Touch {
	t.Helper()
	last := es[len(es)-1]
	return worker(t, asIs).Plan(workers.Input{Event: last, Customer: new(fold(es...)), Products: s, Zone: time.UTC, Now: last.Time})
}

func TestPlanRemindsOfEachProduct(t *testing.T) {
	got := plan(t, nil, placed(0, "1", tea(2, 30), cup(60), events.Item{ProductID: "mug", Name: "Mug", Quantity: 1}))
	want := []touch.Touch{{
		Worker: "replenishment", Step: "reorder", Occasion: touch.Token("cup\n1"), Due: after(55),
		Snapshot: &touch.Snapshot{Order: "1", PlacedAt: noon, Items: []events.Item{cup(60)}},
	}, {
		Worker: "replenishment", Step: "reorder", Occasion: touch.Token("tea\n1"), Due: after(55),
		Snapshot: &touch.Snapshot{Order: "1", PlacedAt: noon, Items: []events.Item{tea(2, 30)}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	for _, x := range got {
		x.Customer.Token = "t"
		if _, _, _, occasion, err := touch.ParseID(x.ID()); err != nil || occasion != x.Occasion {
			t.Errorf("%s: %v", x.ID(), err)
		}
	}
}

func TestALongOrderIsPlannedToItsLastLine(t *testing.T) {
	for _, lines := range []int{1200, events.MaxItems} {
		items := make([]events.Item, lines)
		for i := range items {
			items[i] = events.Item{ProductID: fmt.Sprint("sku-", i), Name: "Tea", Quantity: 1, SupplyDays: 30}
		}
		order := placed(0, "1", items...)
		left := change("1")
		for _, it := range items[1:] {
			left.Items = append(left.Items, events.ChangedItem{ProductID: it.ProductID})
		}
		parcels := at(2, "left", &events.OrderFulfilled{Order: left})
		who := fold(order, parcels)
		in := workers.Input{Event: order, Customer: &who, Zone: time.UTC, Now: order.Time}
		got := worker(t, asIs).Plan(in)
		if len(got) != lines {
			t.Fatalf("%d touches, want %d", len(got), lines)
		}
		if lines > 1200 {
			continue // how they go on is the same, and takes as long again
		}
		in.Now = after(27)
		for _, x := range got {
			if it := x.Snapshot.Items; len(it) != 1 {
				t.Fatalf("%+v", it)
			} else if p := it[0].ProductID; p == "sku-0" || p == fmt.Sprint("sku-", lines-1) {
				x.Customer.Token = "t"
				if v := worker(t, asIs).Wanted(x, in); (v.Action == touch.Send) != (p != "sku-0") {
					t.Errorf("%s of %d: %+v", p, lines, v)
				}
				if others := worker(t, asIs).Gathers(x, in); len(others) != touch.MaxItems-1 {
					t.Errorf("%d others share the email", len(others))
				}
			}
		}
	}
}

func TestPlan(t *testing.T) {
	many, few := often(28, 120, 300), often(28, 9, 300)
	for _, c := range []struct {
		name     string
		products *product.Snapshot
		events   []events.Event
		due      float64 // days after noon; 0: nothing is planned
	}{
		{"pieces times supply_days, less the lead", nil, []events.Event{placed(0, "1", tea(2, 30))}, 55},
		{"several lines add up", nil, []events.Event{placed(0, "1", tea(1, 30), tea(2, 30))}, 85},
		{"what the shop says of the product", knows(product.Product{SupplyDays: 40}), []events.Event{placed(0, "1", tea(1, 0))}, 35},
		{"the order's own word comes first", knows(product.Product{SupplyDays: 40}), []events.Event{placed(0, "1", tea(1, 30))}, 25},
		{"the shop's word comes before what customers do", knows(product.Product{SupplyDays: 40, Sums: often(10, 500, 500).Sums}), []events.Event{placed(0, "1", tea(1, 0))}, 35},
		{"from the delivery, if it came first", nil, []events.Event{delivered(4, "1"), placed(0, "1", tea(1, 30))}, 29},
		{"at least half of what lasts only for days", nil, []events.Event{placed(0, "1", tea(1, 6))}, 3},
		{"less than three days", nil, []events.Event{placed(0, "1", tea(1, 2))}, 0},
		{"more than two years", nil, []events.Event{placed(0, "1", tea(2, 366))}, 0},
		{"two years", nil, []events.Event{placed(0, "1", tea(2, 365))}, 725},
		{"bought once, and nothing is known", nil, []events.Event{placed(0, "1", tea(1, 0))}, 0},
		{"bought once, and the product is known", knows(many), []events.Event{placed(0, "1", tea(1, 0))}, 23},
		{"bought once, and too few came back for the product", knows(few), []events.Event{placed(0, "1", tea(1, 0))}, 0},
		{"bought once, and most came back for the product, in a shop that is early", early(often(28, 12, 15)), []events.Event{placed(0, "1", tea(1, 0))}, 23},
		{"bought once, and hardly any buyer came back for the product", knows(often(28, 120, 10_000)), []events.Event{placed(0, "1", tea(1, 0))}, 0},
		{"one own interval is too few", nil, []events.Event{placed(-30, "0", tea(1, 0)), placed(0, "1", tea(1, 0))}, 0},
		{"two own intervals", nil, []events.Event{placed(-60, "0", tea(1, 0)), placed(-30, "00", tea(1, 0)), placed(0, "1", tea(1, 0))}, 27.6},
		{"two own intervals, of a piece each", nil, []events.Event{placed(-60, "0", tea(2, 0)), placed(-30, "00", tea(2, 0)), placed(0, "1", tea(3, 0))}, 29.4},
		{"an order that came back is none", nil, []events.Event{placed(-60, "0", tea(1, 0)), refunded(-59, "0"), placed(-30, "00", tea(1, 0)), placed(0, "1", tea(1, 0))}, 0},
		{"cancelled before it came in", nil, []events.Event{cancelled(1, "1"), placed(0, "1", tea(1, 30))}, 0},
		{"some came back", nil, []events.Event{at(1, "r", &events.OrderRefunded{Order: events.OrderChange{ID: "1", Items: []events.ChangedItem{{ProductID: "tea", Quantity: 1}}}}), placed(0, "1", tea(2, 30))}, 25},
		{"bought again since, told late", nil, []events.Event{placed(9, "2", tea(1, 30)), placed(0, "1", tea(1, 30))}, 0},
		{"bought again since, and that came back", nil, []events.Event{placed(9, "2", tea(1, 30)), refunded(10, "2"), placed(0, "1", tea(1, 30))}, 25},
		{"another type of event", nil, []events.Event{placed(0, "1", tea(1, 30)), refunded(3, "1", "cup")}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := plan(t, c.products, c.events...)
			if c.due == 0 {
				if len(got) != 0 {
					t.Fatalf("planned %+v, want nothing", got)
				}
				return
			}
			if len(got) != 1 || got[0].Due.Sub(after(c.due)).Abs() > 2*time.Hour { // what is learned is no full day
				t.Fatalf("planned %+v, want one touch due %v", got, after(c.due))
			}
		})
	}
}

func TestADeliveryOnlyMovesWhatTheOrderPlanned(t *testing.T) {
	order := placed(0, "1", tea(1, 30), cup(60))
	first := plan(t, nil, order)
	got := plan(t, nil, order, delivered(3, "1"))
	if len(got) != 2 {
		t.Fatalf("%d touches, want 2", len(got))
	}
	for i, x := range got {
		if x.Snapshot != nil || x.ID() != first[i].ID() || x.Due.Sub(first[i].Due) != 3*day {
			t.Errorf("%+v, want %s three days later and without what it displays", x, first[i].ID())
		}
	}
	if got := plan(t, nil, order, delivered(3, "1", "cup")); len(got) != 2 || !got[0].Due.Equal(after(58)) || !got[1].Due.Equal(after(25)) {
		t.Errorf("a parcel with one product: %+v", got)
	}
	if got := plan(t, nil, delivered(3, "1")); len(got) != 0 {
		t.Errorf("an order that is still to come: %+v", got)
	}
}

func TestAnOrderToldAgainIsPlannedByTheNewerEventAlone(t *testing.T) {
	older, newer := placed(0, "1", tea(1, 30)), placed(1, "1", tea(2, 30))
	newer.ID = "again"
	if got := plan(t, nil, newer, older); len(got) != 0 {
		t.Errorf("planned %+v, want nothing", got)
	}
	if got := plan(t, nil, older, newer); len(got) != 1 || !got[0].Due.Equal(after(55)) || got[0].Snapshot.Items[0].Quantity != 2 {
		t.Errorf("planned %+v, want the newer one", got)
	}
}

// Days are those of the customer's calendar: the clocks going back does not make
// the email an hour early.
func TestDaysAreTheCustomersOwn(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	e := placed(130, "1", tea(1, 30)) // 18 October, 13:00 in London
	got := worker(t, asIs).Plan(workers.Input{Event: e, Customer: new(fold(e)), Zone: london, Now: e.Time})
	if len(got) != 1 || got[0].Due.In(london).Format("2 Jan 15:04 MST") != "12 Nov 13:00 GMT" {
		t.Errorf("%+v", got)
	}
}

func TestWanted(t *testing.T) {
	no := false
	order := placed(0, "1", tea(2, 30))
	learned := []events.Event{placed(-60, "x", tea(1, 0)), placed(-30, "y", tea(1, 0)), placed(0, "1", tea(1, 0))}
	item := tea(2, 30)
	var many []events.Event // so many that the details of the first are gone
	for i := range customer.MaxOrders {
		many = append(many, placed(1+float64(i)/100, fmt.Sprint("n", i), cup(0)))
	}
	drop := func(r reason.Reason) touch.Verdict { return touch.Verdict{Action: touch.Drop, Reason: r} }
	for _, c := range []struct {
		name     string
		products *product.Snapshot
		events   []events.Event
		now      float64
		want     touch.Verdict
	}{
		{"it runs out", nil, []events.Event{order}, 55, touch.Verdict{}},
		{"bought again", nil, []events.Event{order, placed(40, "2", tea(1, 30))}, 55, drop(reason.Repurchased)},
		{"bought again, told first", nil, []events.Event{placed(40, "2", tea(1, 30)), order}, 55, drop(reason.Repurchased)},
		{"bought again at the same instant", nil, []events.Event{order, placed(0, "2", tea(1, 30))}, 55, drop(reason.Repurchased)},
		{"bought again and sent back", nil, []events.Event{order, placed(40, "2", tea(1, 30)), refunded(41, "2")}, 55, touch.Verdict{}},
		{"something else was bought", nil, []events.Event{order, placed(40, "2", cup(30))}, 55, touch.Verdict{}},
		{"bought before", nil, []events.Event{order, placed(-40, "0", tea(1, 30))}, 55, touch.Verdict{}},
		{"the order was cancelled", nil, []events.Event{order, cancelled(1, "1")}, 55, drop(reason.Cancelled)},
		{"the order came back", nil, []events.Event{order, refunded(20, "1")}, 55, drop(reason.Refunded)},
		{"all of the product came back", nil, []events.Event{order, refunded(20, "1", "tea")}, 55, drop(reason.Refunded)},
		{"another product came back", nil, []events.Event{order, refunded(20, "1", "cup")}, 55, touch.Verdict{}},
		{"it cannot be bought", knows(product.Product{Available: &no}), []events.Event{order}, 55, drop(reason.Unavailable)},
		{"delivered since: it lasts longer", nil, []events.Event{order, delivered(4, "1")}, 55, touch.MoveTo(after(59), "")},
		{"woken too early", nil, []events.Event{order}, 54, touch.MoveTo(after(55), "")},
		{"some came back: it does not last so long", nil, []events.Event{order}, 70, touch.Verdict{}},
		{"learned", nil, learned, 28, touch.Verdict{}},
		{"learned, and a day before its time", nil, learned, 26.7, touch.Verdict{}},
		{"learned, and what others do changed a little", knows(often(31, 10, 20)), learned, 27, touch.Verdict{}},
		{"learned, and hardly anybody buys it again", knows(often(31, 10, 90_000)), learned, 60, drop(reason.Unlikely)},
		{"learned, and it is long ago", nil, learned, 400, drop(reason.Unlikely)},
		{"learned from an order that came back", nil, append([]events.Event{refunded(-59, "x")}, learned...), 25, drop(reason.InsufficientData)},
		{"the details of the order are gone", nil, append([]events.Event{order}, many...), 55, touch.Verdict{}},
		{"the details are gone, and it came back", nil, append([]events.Event{order, refunded(20, "1")}, many...), 55, drop(reason.Refunded)},
		{"the details are gone, and it was cancelled", nil, append([]events.Event{order, cancelled(1, "1")}, many...), 55, drop(reason.Cancelled)},
		{"the details are gone, and it was bought again", nil, append(append([]events.Event{order}, many...), placed(40, "2", tea(1, 0))), 55, drop(reason.Repurchased)},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := touch.Touch{Occasion: touch.Token("tea\n1"), Snapshot: &touch.Snapshot{Order: "1", PlacedAt: noon, Items: []events.Item{item}}}
			got := worker(t, asIs).Wanted(x, workers.Input{Customer: new(fold(c.events...)), Products: c.products, Zone: time.UTC, Now: after(c.now)})
			if (got.Detail == "") != (got.Action == touch.Send) {
				t.Errorf("detail %q", got.Detail)
			}
			got.Detail, got.Until = "", got.Until.Truncate(time.Minute)
			c.want.Until = c.want.Until.Truncate(time.Minute)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("verdict (-want +got):\n%s", d)
			}
		})
	}
}

func TestATouchThatCarriesNothingIsFoundByItsOccasion(t *testing.T) {
	w := worker(t, asIs)
	in := workers.Input{Customer: new(fold(placed(0, "1", tea(2, 30)))), Zone: time.UTC, Now: after(55)}
	if v := w.Wanted(touch.Touch{Occasion: touch.Token("tea\n1")}, in); v.Action != touch.Send {
		t.Errorf("%+v", v)
	}
	if v := w.Wanted(touch.Touch{Occasion: touch.Token("tea\n2"), Snapshot: &touch.Snapshot{}}, in); v.Reason != reason.InsufficientData {
		t.Errorf("an order that nobody knows: %+v", v)
	}
}

// Whatever happens to the orders, and in whatever order it is told: who bought
// the product again, and kept it, is not reminded of the older purchase; and at
// most one purchase of a product is.
func TestNobodyIsRemindedOfWhatTheyBoughtAgain(t *testing.T) {
	w := worker(t, asIs)
	rapid.Check(t, func(t *rapid.T) {
		var es []events.Event
		var ids []string
		for i := range rapid.IntRange(1, 5).Draw(t, "orders") {
			id := string(rune('a' + i))
			ids = append(ids, id)
			days := float64(rapid.IntRange(0, 100).Draw(t, "days"))
			es = append(es, placed(days, id, tea(rapid.IntRange(1, 3).Draw(t, "quantity"), 30)))
			if rapid.Bool().Draw(t, "delivered") {
				es = append(es, delivered(days+2, id))
			}
			if rapid.Bool().Draw(t, "refunded") {
				es = append(es, refunded(days+3, id))
			}
		}
		c := fold(rapid.Permutation(es).Draw(t, "told")...)
		in := workers.Input{Customer: &c, Zone: time.UTC, Now: after(1000)}
		var reminded []string
		for _, id := range ids {
			x := touch.Touch{Occasion: touch.Token("tea\n" + id)}
			if w.Wanted(x, in).Action == touch.Send {
				reminded = append(reminded, id)
			}
		}
		ps := c.PurchasesOf("tea")
		if len(reminded) > 1 || len(reminded) == 1 && (len(ps) == 0 || reminded[0] != ps[0].Order) {
			t.Fatalf("reminded of %v; what is left: %+v", reminded, ps)
		}
		// And what is planned is the same, whatever the order of the events.
		again := fold(es...)
		for _, e := range es {
			a := w.Plan(workers.Input{Event: e, Customer: &c, Zone: time.UTC, Now: e.Time})
			b := w.Plan(workers.Input{Event: e, Customer: &again, Zone: time.UTC, Now: e.Time})
			if d := cmp.Diff(a, b); d != "" {
				t.Fatalf("-permuted +in order:\n%s", d)
			}
		}
	})
}

func TestTheConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *replenishment.Config)
		want string // part of the error
	}{
		{"negative lead", func(c *replenishment.Config) { c.Lead = -1 }, "lead: -1ns"},
		{"endless lead", func(c *replenishment.Config) { c.Lead = 91 * day }, "lead: 2184h"},
		{"negative bundle", func(c *replenishment.Config) { c.Bundle = -1 }, "bundle: -1ns"},
		{"a chance of percent", func(c *replenishment.Config) { c.MinChance = 15 }, "min_chance: 15"},
		{"a chance that is no number", func(c *replenishment.Config) { c.MinChance = math.NaN() }, "min_chance: NaN"},
		{"nothing to learn from", func(c *replenishment.Config) { c.MinIntervals = 0 }, "min_intervals: 0"},
		{"status", func(c *replenishment.Config) { c.Status = "on" }, `status: "on"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := replenishment.Kind.New(workertest.Section(c.set))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	broken := errors.New("unknown key")
	if _, err := replenishment.Kind.New(func(any) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("what the decoder said is lost: %v", err)
	}
	w := worker(t, asIs)
	if s := w.Steps; len(s) != 1 || s[0].Class != touch.Marketing || s[0].Expires != 14*day || s[0].Template != "replenishment/reorder" {
		t.Errorf("steps %+v", s)
	}
}

func TestTheConfigurationFileHoldsTheDefaults(t *testing.T) {
	const path = "../../configs/homing.yaml"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse(path, data, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, store := range c.Stores {
		var got replenishment.Config // empty: what the file does not mention shows
		if err := store.Workers[replenishment.Name].Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(replenishment.Defaults(), got); d != "" {
			t.Errorf("store %s: the file is not the defaults (-defaults +file):\n%s", id, d)
		}
	}
}
