package replenishment_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/replenishment"
)

var ann = customer.Key{Store: "main", Token: "ann"}

func item(id string, supply int) events.Item {
	return events.Item{ProductID: id, Name: strings.ToUpper(id), Quantity: 1, SupplyDays: supply}
}

// pending is the touch of a product of an order, as it waits.
func pending(order, id string, supply int) touch.Touch {
	return touch.Touch{Worker: "replenishment", Step: "reorder", Customer: ann, Occasion: touch.Token(id + "\n" + order),
		Snapshot: &touch.Snapshot{Order: order, PlacedAt: noon, Items: []events.Item{item(id, supply)}}}
}

func occasions(ts []touch.Touch) []string {
	var out []string
	for _, t := range ts {
		out = append(out, t.Occasion)
	}
	return out
}

func TestTheFirstToFallDueGathersWhatFollowsSoon(t *testing.T) {
	no := false
	order := placed(0, "1", item("tea", 30), item("oil", 37), item("rye", 38), item("now", 30), item("mug", 0))
	tokens := func(ids ...string) []string {
		var out []string
		for _, id := range ids {
			out = append(out, touch.Token(id+"\n1"))
		}
		return out
	}
	simultaneous := tokens("now")
	for _, c := range []struct {
		name     string
		set      func(c *replenishment.Config)
		events   []events.Event
		products *product.Snapshot
		claimed  string
		now      float64
		want     []string
	}{
		{"within the bundle, the earliest first", asIs, nil, nil, "", 25, append(simultaneous, tokens("oil")...)},
		{"what was held longer gathers more", asIs, nil, nil, "", 26, append(simultaneous, tokens("oil", "rye")...)},
		{"a bundle of one's own", func(c *replenishment.Config) { c.Bundle = time.Hour }, nil, nil, "", 25, simultaneous},
		{"no bundles", func(c *replenishment.Config) { c.Bundle = 0 }, nil, nil, "", 25, nil},
		{"bought again: that one is still far", asIs, []events.Event{placed(20, "2", item("oil", 37))}, nil, "", 25, simultaneous},
		{"came back", asIs, []events.Event{refunded(20, "1", "oil")}, nil, "", 25, simultaneous},
		{"cannot be bought", asIs, nil, &product.Snapshot{Products: map[string]product.Product{"oil": {Available: &no}}}, "", 25, simultaneous},
		{"had its outcome", asIs, nil, nil, "oil", 25, simultaneous},
		{"half of it is not used", func(c *replenishment.Config) { c.Bundle = 60 * day }, []events.Event{placed(20, "2", item("oil", 37))}, nil, "", 25, append(simultaneous, tokens("rye")...)},
		{"is too late anyway", asIs, []events.Event{placed(-40, "0", item("old", 30))}, nil, "", 25, append(simultaneous, tokens("oil")...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := fold(append([]events.Event{order}, c.events...)...)
			if c.claimed != "" {
				who.SetClaim(customer.Claim{Touch: pending("1", c.claimed, 37).ClaimKey(), State: customer.Sent, At: 1})
			}
			x := pending("1", "tea", 30)
			got := worker(t, c.set).Gathers(x, workers.Input{Customer: &who, Products: c.products, Zone: time.UTC, Now: after(c.now)})
			if d := cmp.Diff(c.want, occasions(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			for _, g := range got {
				if g.Customer != ann || g.Worker != "replenishment" || g.Step != "reorder" || g.Due.IsZero() {
					t.Errorf("%+v cannot be found", g)
				}
			}
		})
	}
}

func TestAMailShowsNoMoreThanItMay(t *testing.T) {
	var items []events.Item
	for i := range 2 * touch.MaxItems {
		items = append(items, item(fmt.Sprint("p", i), 30))
	}
	w, in := worker(t, asIs), workers.Input{Customer: new(fold(placed(0, "1", items...))), Zone: time.UTC, Now: after(25)}
	x := pending("1", "p0", 30)
	for _, g := range w.Gathers(x, in) {
		for _, it := range items {
			if touch.Token(it.ProductID+"\n1") == g.Occasion {
				in.Gathered = append(in.Gathered, pending("1", it.ProductID, 30))
			}
		}
	}
	if v := w.Compose(x, in); len(v.Items) != touch.MaxItems || len(v.Bundles) != touch.MaxItems-1 {
		t.Errorf("%d items, %d bundled", len(v.Items), len(v.Bundles))
	}
}

func TestComposeShowsItsOwnFirstAndWhatIsStillRight(t *testing.T) {
	who := fold(placed(0, "1", item("tea", 30), item("oil", 37), item("rye", 37), item("jam", 37)), placed(20, "2", item("rye", 37)), refunded(21, "1", "jam"))
	x, oil, rye, jam := pending("1", "tea", 30), pending("1", "oil", 37), pending("1", "rye", 37), pending("1", "jam", 37)
	bare := oil
	bare.Snapshot = &touch.Snapshot{}
	got := worker(t, asIs).Compose(x, workers.Input{Customer: &who, Gathered: []touch.Touch{rye, oil, jam, bare, x}, Zone: time.UTC, Now: after(25)})
	want := workers.Wording{Orders: 2, Items: []events.Item{item("tea", 30), item("oil", 37)}, Bundles: []string{oil.ID()},
		Detail: "1 × 30 days (the shop's supply_days) from 10 Jun 2025; sent whatever the chance; with 1 more that would follow"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// What was bought days ago is not in somebody else's reminder, however wide the bundle is.
func TestABundleLeavesOutWhatIsNotHalfUsed(t *testing.T) {
	wide := func(c *replenishment.Config) { c.Bundle = 60 * day }
	who := fold(placed(0, "1", item("tea", 30)), placed(20, "2", item("oil", 37)))
	x, oil := pending("1", "tea", 30), pending("2", "oil", 37)
	for now, with := range map[float64]int{25: 0, 38: 0, 39: 1} {
		in := workers.Input{Customer: &who, Zone: time.UTC, Now: after(now)}
		gathered := worker(t, wide).Gathers(x, in)
		in.Gathered = []touch.Touch{oil}
		if v := worker(t, wide).Compose(x, in); len(gathered) != with || len(v.Bundles) != with {
			t.Errorf("on day %v, %d are gathered and %d bundled, want %d", now, len(gathered), len(v.Bundles), with)
		}
	}
}

// The fact says what the email rests on.
func TestTheDetailStatesTheChanceAndWhatItRestsOn(t *testing.T) {
	regular := func(n int, every float64) (out []events.Event) {
		for i := range n {
			out = append(out, placed(-every*float64(n-1-i), fmt.Sprint(n-i), tea(1, 0)))
		}
		return out
	}
	const early = "; it is early: with no repurchases so far, the shop is taken for a typical one"
	for _, c := range []struct {
		name     string
		events   []events.Event
		products *product.Snapshot
		want     string
	}{
		{"said", []events.Event{placed(0, "1", tea(2, 30)), delivered(2, "1")}, nil, "2 × 30 days (the shop's supply_days) from 12 Jun 2025; sent whatever the chance"},
		{"learned", regular(5, 31), nil, "25 % likely in these two weeks; bought five times, about every 31 days; expected to last 32 days from 10 Jun 2025" + early},
		{"bought once", []events.Event{placed(0, "1", tea(2, 0))}, knows(often(28, 120, 300)),
			"16 % likely in these two weeks; bought once; 120 of its 300 buyers bought it again, about every 28 days; expected to last 30 days from 10 Jun 2025"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := touch.Touch{Snapshot: &touch.Snapshot{Order: "1", PlacedAt: noon, Items: []events.Item{tea(1, 0)}}}
			got := worker(t, asIs).Compose(x, workers.Input{Customer: new(fold(c.events...)), Products: c.products, Zone: time.UTC, Now: after(30)})
			if got.Detail != c.want {
				t.Errorf("got  %s\nwant %s", got.Detail, c.want)
			}
		})
	}
}

func TestSilenceSaysWhatIsMissing(t *testing.T) {
	var many []events.Item
	for i := range 8 {
		many = append(many, item(fmt.Sprint("p", i), 0))
	}
	for _, c := range []struct {
		name     string
		events   []events.Event
		products *product.Snapshot
		want     []string // parts of the detail; none: nothing to say
	}{
		{"never bought", nil, nil, nil},
		{"bought once", []events.Event{placed(0, "1", tea(1, 0))}, nil,
			[]string{"tea: no supply_days; bought once; nobody is known to have bought it again; it is early: with no repurchases so far, the shop is taken for a typical one; needed: 2 intervals of their own, or 10 customers who bought the product again"}},
		{"too few others", []events.Event{placed(0, "1", tea(1, 0))}, early(often(28, 12, 9000)),
			[]string{"12 of its 9000 buyers bought it again, about every 28 days", "(one in ten of its 9000 buyers at least)"}},
		{"hardly anybody buys it again", []events.Event{placed(0, "1", tea(1, 0))}, knows(often(28, 12, 9000)),
			[]string{"tea: 1 % likely in these two weeks", "below min_chance (15 %)"}},
		{"it lasts too long", []events.Event{placed(0, "1", tea(3, 365))}, nil, []string{"tea: it lasts 1095 days; reminders are for what lasts 3 to 730"}},
		{"a reminder is to come", []events.Event{placed(0, "1", tea(1, 0), cup(30))}, nil, nil},
		{"all came back", []events.Event{placed(0, "1", tea(1, 0)), refunded(1, "1")}, nil, nil},
		{"of many, some are named", []events.Event{placed(0, "1", many...)}, nil, []string{"p0: ", "p4: ", "and 3 more products"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			why, detail := worker(t, asIs).Silence(workers.Input{Customer: new(fold(c.events...)), Products: c.products, Zone: time.UTC, Now: noon})
			if want := map[bool]reason.Reason{true: reason.Unlikely, false: reason.InsufficientData}[strings.HasPrefix(c.name, "hardly")]; (why == want) != (len(c.want) > 0) || (why == "") != (detail == "") {
				t.Errorf("%s: %s", why, detail)
			}
			if slices.ContainsFunc(c.want, func(part string) bool { return !strings.Contains(detail, part) }) {
				t.Errorf("%s, want %q", detail, c.want)
			}
		})
	}
}
