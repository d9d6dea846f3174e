package thankyou_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/thankyou"
	"homing/workers/workertest"
)

var noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

func at(t time.Time, id string, d events.Data) events.Event {
	return events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: t, Data: d}
}

func placed(t time.Time, id string, items ...events.Item) events.Event {
	return at(t, "placed "+id+t.String(), &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: id, Items: items}})
}

func change(id string, items ...events.ChangedItem) events.OrderChange {
	return events.OrderChange{ID: id, Items: items}
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

// worker returns a worker whose section of the configuration is what set leaves.
func worker(t *testing.T, set func(c *thankyou.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, thankyou.Kind, set)
}

func asIs(*thankyou.Config) {}

func TestPlanThanksForTheOrder(t *testing.T) {
	tea := events.Item{ProductID: "tea", Name: "Assam", Quantity: 2}
	e := placed(noon, "1001", tea)
	got := worker(t, asIs).Plan(workers.Input{Event: e, Customer: new(fold(e)), Now: noon})
	want := []touch.Touch{{
		Worker: "thank-you", Step: "thanks", Occasion: "1001", Due: noon.Add(30 * time.Minute),
		Snapshot: &touch.Snapshot{Order: "1001", PlacedAt: noon, Items: []events.Item{tea}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestPlan(t *testing.T) {
	first := placed(noon, "1001", events.Item{ProductID: "old", Quantity: 1})
	again := placed(noon.Add(time.Hour), "1001", events.Item{ProductID: "new", Quantity: 1})
	updated := at(noon.Add(time.Minute), "u", &events.OrderUpdated{Order: events.Order{ID: "1001"}})
	old := at(noon, "old", &events.OrderPlaced{Order: events.Order{ID: "1001", PlacedAt: new(noon.Add(-1000 * time.Hour))}})
	unpaid := at(noon.Add(24*time.Hour), "c", &events.OrderCancelled{Order: change("1001")})
	paid := placed(noon.Add(7*24*time.Hour), "1001")
	test := at(noon, "test", &events.OrderPlaced{Order: events.Order{ID: "1001", Test: true}})
	for _, c := range []struct {
		name  string
		event events.Event
		knows []events.Event
		set   func(c *thankyou.Config)
		due   time.Time // zero: nothing is planned
	}{
		{"a wait of one's own", first, []events.Event{first}, func(c *thankyou.Config) { c.After = 2 * time.Hour }, noon.Add(2 * time.Hour)},
		{"at once", first, []events.Event{first}, func(c *thankyou.Config) { c.After = 0 }, noon},
		{"told again, it is due when it was", again, []events.Event{first, again}, asIs, noon.Add(30 * time.Minute)},
		{"cancelled, and placed again days later", paid, []events.Event{first, unpaid, paid}, asIs, noon.Add(7*24*time.Hour + 30*time.Minute)},
		{"cancelled, and placed again months later", placed(noon.Add(90*24*time.Hour), "1001"), []events.Event{first, unpaid, placed(noon.Add(90*24*time.Hour), "1001")}, asIs, noon.Add(30 * time.Minute)},
		{"changed, it is due when it was", updated, []events.Event{first, updated}, asIs, noon.Add(30 * time.Minute)},
		{"changed before it was told", updated, []events.Event{updated}, asIs, time.Time{}},
		{"changed, by an event that is not the newest", updated, []events.Event{first, updated, again}, asIs, time.Time{}},
		{"told long after it was placed", old, []events.Event{old}, asIs, noon.Add(-1000*time.Hour + 30*time.Minute)},
		{"a test", test, []events.Event{test}, asIs, time.Time{}},
		{"an order placed again is planned by the newer event alone", first, []events.Event{again, first}, asIs, time.Time{}},
		{"an order whose details are gone, as after an import", first, nil, asIs, noon.Add(30 * time.Minute)},
		{"another type of event", at(noon, "x", &events.OrderDelivered{Order: change("1001")}), []events.Event{first}, asIs, time.Time{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, c.set).Plan(workers.Input{Event: c.event, Customer: new(fold(c.knows...)), Now: noon})
			if c.due.IsZero() {
				if len(got) != 0 {
					t.Fatalf("planned %+v, want nothing", got)
				}
				return
			}
			if len(got) != 1 || !got[0].Due.Equal(c.due) {
				t.Fatalf("planned %+v, want one touch due %v", got, c.due)
			}
		})
	}
}

func TestPlanCarriesNoMoreThanAMailShows(t *testing.T) {
	e := placed(noon, "Bestellung Nr. 7", make([]events.Item, touch.MaxItems+4)...)
	got := worker(t, asIs).Plan(workers.Input{Event: e, Customer: new(fold(e)), Now: noon})
	if len(got) != 1 {
		t.Fatalf("%d touches, want 1", len(got))
	}
	if s := got[0].Snapshot; len(s.Items) != touch.MaxItems || s.More != 4 || s.Order != "Bestellung Nr. 7" {
		t.Errorf("%d items and %d more of order %q", len(s.Items), s.More, s.Order)
	}
	if _, _, _, occasion, err := touch.ParseID(touch.Touch{Worker: "w", Step: "s", Customer: customer.Key{Token: "t"}, Occasion: got[0].Occasion}.ID()); err != nil || occasion != touch.Token("Bestellung Nr. 7") {
		t.Errorf("occasion %q: %v", got[0].Occasion, err)
	}
}

func TestWanted(t *testing.T) {
	order := placed(noon, "1001")
	tea := placed(noon, "1001", events.Item{ProductID: "tea", Quantity: 1})
	partly := change("1001", events.ChangedItem{ProductID: "tea", Quantity: 1})
	late := noon.Add(30 * time.Minute)
	for _, c := range []struct {
		name  string
		knows []events.Event
		now   time.Time
		want  touch.Verdict
	}{
		{"an order that is not cancelled", []events.Event{order}, late, touch.Verdict{}},
		{"cancelled", []events.Event{order, at(noon, "c", &events.OrderCancelled{Order: change("1001")})}, late, touch.Verdict{Action: touch.Drop, Reason: reason.Cancelled}},
		{"refunded", []events.Event{order, at(noon, "r", &events.OrderRefunded{Order: change("1001")})}, late, touch.Verdict{Action: touch.Drop, Reason: reason.Refunded}},
		{"cancelled before the order came in", []events.Event{at(noon, "c", &events.OrderCancelled{Order: change("1001")})}, late, touch.Verdict{Action: touch.Drop, Reason: reason.Cancelled}},
		{"cancelled, and placed again", []events.Event{order, at(noon.Add(1), "c", &events.OrderCancelled{Order: change("1001")}), placed(noon.Add(time.Minute), "1001")}, late.Add(time.Minute), touch.Verdict{}},
		{"cancelled, and placed again just now", []events.Event{order, at(noon.Add(1), "c", &events.OrderCancelled{Order: change("1001")}), placed(late, "1001")}, late, touch.MoveTo(late.Add(30*time.Minute), "")},
		{"refunded, and placed again", []events.Event{order, at(noon.Add(1), "r", &events.OrderRefunded{Order: change("1001")}), placed(noon.Add(time.Minute), "1001")}, late.Add(time.Minute), touch.Verdict{}},
		{"its only item cancelled", []events.Event{tea, at(late, "c", &events.OrderCancelled{Order: partly})}, late, touch.Verdict{Action: touch.Drop, Reason: reason.Cancelled}},
		{"one item refunded", []events.Event{order, at(noon, "r", &events.OrderRefunded{Order: partly})}, late, touch.Verdict{}},
		{"another order cancelled", []events.Event{order, at(noon, "c", &events.OrderCancelled{Order: change("1002")})}, late, touch.Verdict{}},
		{"woken too early", []events.Event{order}, late.Add(-time.Millisecond), touch.MoveTo(late, "")},
		{"details of the order gone", nil, late, touch.Verdict{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := touch.Touch{Snapshot: &touch.Snapshot{Order: "1001"}}
			got := worker(t, asIs).Wanted(x, workers.Input{Customer: new(fold(c.knows...)), Now: c.now})
			got.Detail = ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("verdict (-want +got):\n%s", d)
			}
		})
	}
}

func TestComposeChoosesTheWordingByThePlaceOfTheOrder(t *testing.T) {
	var es []events.Event
	name := func(i int) string { return "o" + string(rune('a'+i)) }
	for i := range 12 {
		es = append(es, placed(noon.Add(time.Duration(11-i)*time.Hour), name(11-i))) // the newest comes in first
	}
	c := fold(es...)
	for i, want := range map[int]string{0: "first", 1: "repeat", 3: "repeat", 4: "milestone", 5: "repeat", 9: "milestone", 11: "repeat"} {
		got := worker(t, asIs).Compose(touch.Touch{Snapshot: &touch.Snapshot{Order: name(i)}}, workers.Input{Customer: &c})
		if !reflect.DeepEqual(got, workers.Wording{Variant: want, Ordinal: i + 1, Orders: 12}) {
			t.Errorf("order %d of 12: %+v, want %s", i+1, got, want)
		}
	}
	got := worker(t, asIs).Compose(touch.Touch{Snapshot: &touch.Snapshot{Order: "forgotten"}}, workers.Input{Customer: &c})
	if !reflect.DeepEqual(got, workers.Wording{Variant: "repeat", Orders: 12}) {
		t.Errorf("an order whose details are gone: %+v, want a wording that names no number", got)
	}
}

func TestTheConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *thankyou.Config)
		want string // part of the error
	}{
		{"negative wait", func(c *thankyou.Config) { c.After = -time.Second }, "after: -1s"},
		{"a window before the order", func(c *thankyou.Config) { c.MergeWithin = -time.Hour }, "merge_within: -1h"},
		{"an offer without an end", func(c *thankyou.Config) {
			c.MilestoneOffer = &workers.Offer{Percent: 10, Code: "static", Value: "TEN"}
		}, "milestone_offer.valid"},
		{"the first order as a milestone", func(c *thankyou.Config) { c.Milestones = []int{1, 5} }, "milestones: 1 "},
		{"status", func(c *thankyou.Config) { c.Status = "on" }, `status: "on"`},
		{"priority below", func(c *thankyou.Config) { c.Priority = -1 }, "priority: -1"},
		{"priority above", func(c *thankyou.Config) { c.Priority = 101 }, "priority: 101"},
		{"class", func(c *thankyou.Config) { c.Class = "newsletter" }, `class: "newsletter"`},
		{"two at once", func(c *thankyou.Config) { c.Status, c.After = "", -1 }, "status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := thankyou.Kind.New(workertest.Section(c.set))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	broken := errors.New("unknown key")
	if _, err := thankyou.Kind.New(func(any) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("what the decoder said is lost: %v", err)
	}
	w, err := thankyou.Kind.New(workertest.Section(func(c *thankyou.Config) { c.Class, c.Status = touch.Marketing, workers.Shadow }))
	if err != nil || w.Settings.Status != workers.Shadow || w.Steps[0].Class != touch.Marketing {
		t.Errorf("settings %+v, steps %+v, %v", w.Settings, w.Steps, err)
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
	if len(c.Stores) == 0 {
		t.Fatal("the file has no store")
	}
	for id, store := range c.Stores {
		var got thankyou.Config // empty: what the file does not mention shows
		if err := store.Workers[thankyou.Name].Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(thankyou.Defaults(), got); d != "" {
			t.Errorf("store %s: the file is not the defaults (-defaults +file):\n%s", id, d)
		}
	}
}
