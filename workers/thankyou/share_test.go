package thankyou_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/thankyou"
	"homing/workers/workertest"
)

var key = customer.Key{Store: "main", Token: "tokentokentokent"}

func hour(c *thankyou.Config) { c.MergeWithin = time.Hour }

func thanksFor(order string) touch.Touch {
	return touch.Touch{Worker: "thank-you", Step: "thanks", Customer: key, Occasion: order, Snapshot: &touch.Snapshot{Order: order}}
}

func after(d time.Duration, order string) events.Event { return placed(noon.Add(d), order) }

// to has an order come with an address.
func to(email string, e events.Event) events.Event {
	d := *e.Data.(*events.OrderPlaced)
	d.Customer.Email, e.Data = email, &d
	return e
}

func cancelled(order string) events.Event {
	return at(noon, "cancelled "+order, &events.OrderCancelled{Order: change(order)})
}

func TestOrdersThatArePlacedSoonAfterEachOtherShareAMail(t *testing.T) {
	const min = time.Minute
	sent, open, covered := customer.Claim{State: customer.Sent, At: 1}, customer.Claim{State: customer.Open, At: 1}, customer.Claim{State: customer.Open}
	for _, c := range []struct {
		name   string
		orders []events.Event
		claims map[string]customer.Claim
		ask    string
		now    time.Duration
		want   reason.Reason // empty: sent
		until  time.Duration
		also   []string
	}{
		{"alone", []events.Event{after(0, "a")}, nil, "a", 60 * min, "", 0, nil},
		{"the first waits for the window", []events.Event{after(0, "a")}, nil, "a", 30 * min, reason.NotYet, 60 * min, nil},
		{"the first names the others", []events.Event{after(0, "a"), after(20*min, "b"), after(60*min, "c")}, nil, "a", 60 * min, "", 0, []string{"b", "c"}},
		{"who comes later opens a group of their own", []events.Event{after(0, "a"), after(61*min, "b"), after(90*min, "c")}, nil, "a", 60 * min, "", 0, nil},
		{"the second group", []events.Event{after(0, "a"), after(61*min, "b"), after(90*min, "c")}, nil, "b", 121 * min, "", 0, []string{"c"}},
		{"a group is not a chain", []events.Event{after(0, "a"), after(40*min, "b"), after(80*min, "c")}, nil, "a", 60 * min, "", 0, []string{"b"}},
		{"one that is cancelled does not lead", []events.Event{after(0, "a"), after(20*min, "b"), after(70*min, "c"), cancelled("a")}, nil, "b", 80 * min, "", 0, []string{"c"}},
		{"one that is cancelled is not named", []events.Event{after(0, "a"), after(20*min, "b"), after(30*min, "c"), cancelled("b")}, nil, "a", 60 * min, "", 0, []string{"c"}},
		{"a member that wakes waits for the first", []events.Event{after(0, "a"), after(0, "b")}, nil, "b", 60 * min, reason.NotYet, 65 * min, nil},
		{"twice as long at each look", []events.Event{after(0, "a"), after(0, "b")}, nil, "b", 80 * min, reason.NotYet, 100 * min, nil},
		{"and no longer than an hour", []events.Event{after(0, "a"), after(0, "b")}, nil, "b", 105 * min, reason.NotYet, 120 * min, nil},
		{"while the first is being sent", []events.Event{after(0, "a"), after(20*min, "b")}, map[string]customer.Claim{"a": open}, "b", 80 * min, reason.NotYet, 85 * min, nil},
		{"while another leads", []events.Event{after(0, "a"), after(20*min, "b")}, map[string]customer.Claim{"b": open}, "a", 80 * min, reason.NotYet, 85 * min, nil},
		{"the first does not get its mail out", []events.Event{after(0, "a"), after(20*min, "b")}, nil, "b", 120 * min, "", 0, []string{"a"}},
		{"the first was thanked for before this one was known", []events.Event{after(0, "a"), after(20*min, "b"), after(30*min, "c")}, map[string]customer.Claim{"a": sent}, "b", 80 * min, "", 0, []string{"c"}},
		{"another is taken over by a mail on its way", []events.Event{after(0, "a"), after(20*min, "b"), after(30*min, "c")}, map[string]customer.Claim{"b": covered}, "a", 60 * min, "", 0, []string{"c"}},
		{"one whose email goes elsewhere has its own", []events.Event{to("ann@example.com", after(0, "a")), to("gus@example.com", after(20*min, "b")), after(30*min, "c")}, nil, "a", 60 * min, "", 0, []string{"c"}},
		{"and waits for none", []events.Event{to("ann@example.com", after(0, "a")), to("gus@example.com", after(20*min, "b"))}, nil, "b", 80 * min, "", 0, nil},
		{"details of the order gone", []events.Event{after(0, "a")}, nil, "z", 60 * min, "", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := fold(c.orders...)
			for order, k := range c.claims {
				k.Touch = thanksFor(order).ClaimKey()
				who.SetClaim(k)
			}
			w, in := worker(t, hour), workers.Input{Customer: &who, Now: noon.Add(c.now)}
			v := w.Wanted(thanksFor(c.ask), in)
			if v.Reason != c.want || c.until != 0 && !v.Until.Equal(noon.Add(c.until)) {
				t.Fatalf("verdict %+v, want %q until %v", v, c.want, c.until)
			}
			if c.want != "" {
				return
			}
			got := w.Compose(thanksFor(c.ask), in)
			var ids []string
			for _, o := range c.also {
				ids = append(ids, thanksFor(o).ID())
			}
			var named []string
			for _, g := range w.Gathers(thanksFor(c.ask), in) {
				named = append(named, g.ID())
			}
			if !slices.Equal(named, ids) {
				t.Errorf("gathers %v, want %v", named, ids)
			}
			if !slices.Equal(got.Also, c.also) || !slices.Equal(got.Bundles, ids) {
				t.Errorf("names %v and bundles %v, want %v", got.Also, got.Bundles, c.also)
			}
		})
	}
}

func TestASharedMailShowsTheItemsOfAllItsOrders(t *testing.T) {
	tea, cup := events.Item{ProductID: "tea", Quantity: 1}, events.Item{ProductID: "cup", Quantity: 2}
	a, b, c := thanksFor("a"), thanksFor("b"), thanksFor("c")
	a.Snapshot.Items, a.Snapshot.More = []events.Item{tea}, 1
	b.Snapshot.Items, b.Snapshot.More = []events.Item{cup, tea}, 2
	c.Snapshot.Items = make([]events.Item, touch.MaxItems)
	w := worker(t, hour)
	who := fold(after(0, "a"), after(time.Minute, "b"), after(2*time.Minute, "c"))
	got := w.Compose(a, workers.Input{Customer: &who, Gathered: []touch.Touch{b}})
	if d := cmp.Diff([]events.Item{tea, cup, tea}, got.Items); d != "" || got.More != 3 || len(got.Also) != 2 {
		t.Errorf("%d more, for %v (-want +got):\n%s", got.More, got.Also, d)
	}
	if got := w.Compose(a, workers.Input{Customer: &who, Gathered: []touch.Touch{b, c}}); len(got.Items) != touch.MaxItems || got.More != 6 {
		t.Errorf("%d items and %d more", len(got.Items), got.More)
	}
	if got := w.Compose(a, workers.Input{Customer: &who}); got.Items != nil {
		t.Errorf("nothing is gathered, and the email shows %v instead of its own items", got.Items)
	}
}

func TestAMilestoneIsCelebratedWhicheverOrderCarriesTheMail(t *testing.T) {
	w := worker(t, func(c *thankyou.Config) { c.MergeWithin, c.Milestones = time.Hour, []int{3} })
	who := fold(after(-time.Hour*24, "a"), after(0, "b"), after(time.Minute, "c"))
	if got := w.Compose(thanksFor("b"), workers.Input{Customer: &who}); got.Variant != "milestone" || got.Ordinal != 3 {
		t.Errorf("%+v", got)
	}
}

// Whatever comes in when, and whatever is cancelled: each order that is not cancelled is
// thanked for once, in an email of its own or in another's.
func TestEveryOrderIsThankedForOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := thankyou.Kind.New(workertest.Section(hour))
		if err != nil {
			t.Fatal(err)
		}
		type news struct {
			at time.Time
			e  events.Event
		}
		var all []news
		minutes := func(what string, max int) time.Duration {
			return time.Duration(rapid.IntRange(0, max).Draw(t, what)) * time.Minute
		}
		orders := rapid.IntRange(1, 6).Draw(t, "orders")
		for i := range orders {
			e := after(minutes("placed", 200), fmt.Sprint("o", i))
			known := e.Time.Add(minutes("comes late", 90))
			all = append(all, news{known, e})
			if rapid.IntRange(0, 3).Draw(t, "cancelled") == 0 {
				all = append(all, news{known.Add(minutes("cancelled", 200)), cancelled(fmt.Sprint("o", i))})
			}
		}
		var who customer.Customer
		pending, thanked := map[string]touch.Touch{}, map[string]int{}
		for now := noon; now.Before(noon.Add(12 * time.Hour)); now = now.Add(time.Minute) {
			for _, n := range all {
				if !n.at.Equal(now) {
					continue
				}
				customer.Apply(&who, n.e)
				for _, p := range w.Plan(workers.Input{Event: n.e, Customer: &who, Now: now}) {
					p.Customer, p.Wake = key, p.Due
					if _, claimed := who.Claimed(p.ClaimKey()); !claimed {
						pending[p.ID()] = p
					}
				}
			}
			for id, p := range pending { // in any order
				if p.Wake.After(now) {
					continue
				}
				delete(pending, id)
				if _, claimed := who.Claimed(customer.ClaimKey(id)); claimed {
					continue
				}
				in := workers.Input{Customer: &who, Now: now}
				switch v := w.Wanted(p, in); v.Action {
				case touch.Hold:
					p.Wake = v.Until
					pending[id] = p
				case touch.Drop:
					who.Settle(customer.Claim{Touch: customer.ClaimKey(id), State: customer.Dropped, At: now.UnixMilli(), Why: string(v.Reason)})
				default:
					m := w.Compose(p, in)
					who.Settle(customer.Claim{Touch: customer.ClaimKey(id), State: customer.Sent, At: now.UnixMilli()})
					thanked[p.Snapshot.Order]++
					for i, o := range m.Also {
						thanked[o]++
						who.Settle(customer.Claim{Touch: customer.ClaimKey(m.Bundles[i]), State: customer.Dropped, At: now.UnixMilli(), Why: "bundled"})
					}
				}
			}
		}
		for i := range orders {
			order := fmt.Sprint("o", i)
			if n := thanked[order]; n > 1 || n == 0 && !who.Whole(order, customer.Cancelled) {
				t.Fatalf("order %s was thanked for %d times", order, n)
			}
		}
	})
}

func TestAMilestoneWithAnOfferIsAMailOfItsOwn(t *testing.T) {
	w := worker(t, func(c *thankyou.Config) {
		c.Milestones = []int{2}
		c.MilestoneOffer = &workers.Offer{Percent: 10, Valid: 14 * 24 * time.Hour, Code: "static", Value: "TEN"}
	})
	steps := w.Steps
	if len(steps) != 2 || steps[0].Class != touch.Transactional || steps[0].Offer != nil || steps[1].Name != "milestone" ||
		steps[1].Template != "thank-you/milestone" || steps[1].Class != touch.Marketing || steps[1].Offer.Percent != 10 {
		t.Fatalf("steps %+v", steps)
	}
	first, second := after(0, "a"), after(time.Minute, "b")
	plan := func(e events.Event) touch.Touch {
		got := w.Plan(workers.Input{Event: e, Customer: new(fold(first, second)), Now: noon})
		if len(got) != 2 || got[0].Step != "thanks" || got[1].Step != "milestone" {
			t.Fatalf("planned %+v", got)
		}
		return got[1]
	}
	a, b := plan(first), plan(second)
	for _, c := range []struct {
		name  string
		touch touch.Touch
		knows []events.Event
		now   time.Time
		want  reason.Reason
	}{
		{"a milestone", b, []events.Event{first, second}, b.Due, ""},
		{"too early", b, []events.Event{first, second}, b.Due.Add(-time.Second), reason.NotYet},
		{"no milestone", a, []events.Event{first, second}, b.Due, reason.Bundled},
		{"no milestone any more", b, []events.Event{first, second, cancelled("a")}, b.Due, reason.Bundled},
		{"cancelled", b, []events.Event{first, second, cancelled("b")}, b.Due, reason.Cancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := workers.Input{Customer: new(fold(c.knows...)), Now: c.now}
			if v := w.Wanted(c.touch, in); v.Reason != c.want {
				t.Errorf("verdict %+v, want %q", v, c.want)
			}
			if m := w.Compose(c.touch, in); c.want == "" && (m.Offer.Percent != 10 || m.Ordinal != 2 || m.Variant != "") {
				t.Errorf("wording %+v", m)
			}
		})
	}
	if m := w.Compose(thanksFor("b"), workers.Input{Customer: new(fold(first, second))}); m.Offer != nil || m.Variant != "milestone" {
		t.Errorf("the thanks: %+v", m)
	}
}
