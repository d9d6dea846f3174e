package reviewrequest_test

import (
	"errors"
	"os"
	"slices"
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
	"homing/workers/reviewrequest"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var (
	noon = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	key  = customer.Key{Store: "main", Token: "tokentokentokent"}
)

// on is the noon of some day after the order.
func on(d int) time.Time { return noon.Add(time.Duration(d) * day) }

func at(d int, data events.Data) events.Event {
	return events.Event{ID: string(data.Type()) + on(d).String(), Source: "/shop", Store: "main", Type: data.Type(), Time: on(d), Data: data}
}

func placed(products ...string) events.Event {
	o := events.Order{ID: "1001"}
	for _, p := range products {
		o.Items = append(o.Items, events.Item{ProductID: p, Name: "The " + p, Quantity: 1, URL: "https://shop.example/" + p})
	}
	return at(0, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: o})
}

func change(products ...string) events.OrderChange {
	c := events.OrderChange{ID: "1001"}
	for _, p := range products {
		c.Items = append(c.Items, events.ChangedItem{ProductID: p})
	}
	return c
}

func delivered(d int, products ...string) events.Event {
	return at(d, &events.OrderDelivered{Order: change(products...)})
}

func fulfilled(d int, products ...string) events.Event {
	return at(d, &events.OrderFulfilled{Order: change(products...)})
}

func refunded(d int, products ...string) events.Event {
	return at(d, &events.OrderRefunded{Order: change(products...)})
}

func cancelled(d int, products ...string) events.Event {
	return at(d, &events.OrderCancelled{Order: change(products...)})
}

func reviewed(d int, product string) events.Event {
	return at(d, &events.ReviewSubmitted{Review: events.Review{ProductID: product}})
}

func complained(d int, order string) events.Event {
	return at(d, &events.ComplaintOpened{Complaint: events.Complaint{ID: "c1", OrderID: order}})
}

func calmed(d int, order string) events.Event {
	return at(d, &events.ComplaintClosed{Complaint: events.Complaint{ID: "c1", OrderID: order}})
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func asIs(*reviewrequest.Config) {}

func worker(t *testing.T, set func(c *reviewrequest.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, reviewrequest.Kind, set)
}

func TestAnOrderPlansAnAskAndAReminder(t *testing.T) {
	e := placed("tea", "cup")
	got := worker(t, asIs).Plan(workers.Input{Event: e, Customer: new(fold(e)), Now: noon})
	s := &touch.Snapshot{Order: "1001", PlacedAt: noon, Items: e.Data.(*events.OrderPlaced).Order.Items}
	want := []touch.Touch{
		{Worker: "review-request", Step: "ask", Occasion: "1001", Due: on(21), Snapshot: s},
		{Worker: "review-request", Step: "reminder", Occasion: "1001", Due: on(28), Snapshot: s},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
	for _, x := range []events.Event{fulfilled(1), delivered(3)} {
		for _, p := range worker(t, asIs).Plan(workers.Input{Event: x, Customer: new(fold(e, x)), Now: x.Time}) {
			if p.Snapshot != nil || p.Occasion != "1001" {
				t.Errorf("%s plans %+v; it knows a better time and nothing to display", x.Type, p)
			}
		}
	}
}

// The days are those of the ask; nothing is ever due before that.
func TestTheBestSignalDecidesTheTime(t *testing.T) {
	order := placed("tea", "cup")
	for _, c := range []struct {
		name  string
		knows []events.Event
		set   func(c *reviewrequest.Config)
		want  int
	}{
		{"the order alone", nil, asIs, 21},
		{"fulfilled", []events.Event{fulfilled(1)}, asIs, 15},
		{"delivered", []events.Event{delivered(3)}, asIs, 10},
		{"delivered beats fulfilled, also when that is later", []events.Event{delivered(3), fulfilled(4)}, asIs, 10},
		{"fulfilled late", []events.Event{fulfilled(20)}, asIs, 34},
		{"delivered in two parcels", []events.Event{delivered(3, "tea"), delivered(9, "cup")}, asIs, 16},
		{"one parcel of two", []events.Event{delivered(3, "tea")}, asIs, 21},
		{"one parcel of two, late", []events.Event{delivered(19, "tea")}, asIs, 26},
		{"one parcel of two, all fulfilled", []events.Event{fulfilled(1), delivered(3, "tea")}, asIs, 15},
		{"one parcel of two, the other product cancelled", []events.Event{delivered(3, "tea"), cancelled(2, "cup")}, asIs, 10},
		{"one of two fulfilled", []events.Event{fulfilled(1, "tea")}, asIs, 21},
		{"one of two fulfilled, late", []events.Event{fulfilled(12, "tea")}, asIs, 26},
		{"waits of one's own", []events.Event{delivered(3)}, func(c *reviewrequest.Config) { c.AfterDelivery = 2 * day }, 5},
		{"a wait of one's own after the order", nil, func(c *reviewrequest.Config) { c.AfterOrder = 30 * day }, 30},
		{"a wait of one's own after the fulfilment", []events.Event{fulfilled(1)}, func(c *reviewrequest.Config) { c.AfterFulfilment = 0 }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, who := worker(t, c.set), fold(append(c.knows, order)...)
			for _, e := range append(c.knows, order) {
				if !slices.Contains(reviewrequest.Kind.Triggers, e.Type) {
					continue
				}
				if p := w.Plan(workers.Input{Event: e, Customer: &who, Now: noon}); len(p) != 2 || !p[0].Due.Equal(on(c.want)) {
					t.Errorf("%s plans %+v, want the ask on day %d", e.Type, p, c.want)
				}
			}
			ask := w.Plan(workers.Input{Event: order, Customer: &who, Now: noon})[0]
			if v := w.Wanted(ask, workers.Input{Customer: &who, Now: on(c.want).Add(-time.Second)}); v.Reason != reason.NotYet || !v.Until.Equal(on(c.want)) {
				t.Errorf("woken too early: %+v, want a hold until day %d", v, c.want)
			}
			if v := w.Wanted(ask, workers.Input{Customer: &who, Now: on(c.want)}); v.Action != touch.Send {
				t.Errorf("on day %d: %+v", c.want, v)
			}
		})
	}
}

func TestNothingIsPlanned(t *testing.T) {
	order := placed("tea")
	again := at(1, order.Data)
	for _, c := range []struct {
		name  string
		event events.Event
		knows []events.Event
		now   time.Time
		want  []string
	}{
		{"by the older of two events that placed the order", order, []events.Event{order, again}, noon, nil},
		{"by another type of event", refunded(3), []events.Event{order}, noon, nil},
		{"for an order of long ago", order, []events.Event{order}, on(60), nil},
		{"for an ask that is too late, but a reminder", order, []events.Event{order}, on(36), []string{"reminder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range worker(t, asIs).Plan(workers.Input{Event: c.event, Customer: new(fold(c.knows...)), Now: c.now}) {
				got = append(got, p.Step)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("planned %v, want %v", got, c.want)
			}
		})
	}
}

func TestWanted(t *testing.T) {
	order := placed("tea", "cup")
	for _, c := range []struct {
		name  string
		knows []events.Event
		now   int
		want  reason.Reason // empty: sent
		items []string
	}{
		{"all of it", nil, 21, "", []string{"tea", "cup"}},
		{"cancelled", []events.Event{cancelled(1)}, 21, reason.Cancelled, nil},
		{"cancelled, long before its time", []events.Event{cancelled(1)}, 2, reason.Cancelled, nil},
		{"refunded", []events.Event{refunded(1)}, 21, reason.Refunded, nil},
		{"one returned long ago", []events.Event{delivered(3), refunded(4, "tea")}, 18, "", []string{"cup"}},
		{"one returned lately", []events.Event{delivered(3), refunded(4, "tea")}, 17, reason.Refunded, nil},
		{"both returned, one by one", []events.Event{refunded(1, "tea"), refunded(2, "cup")}, 21, reason.Refunded, nil},
		{"one cancelled", []events.Event{cancelled(1, "tea")}, 21, "", []string{"cup"}},
		{"both cancelled, one by one", []events.Event{cancelled(1, "tea"), cancelled(2, "cup")}, 21, reason.Cancelled, nil},
		{"one reviewed", []events.Event{reviewed(5, "cup")}, 21, "", []string{"tea"}},
		{"both reviewed", []events.Event{reviewed(5, "cup"), reviewed(6, "tea")}, 21, reason.Reviewed, nil},
		{"one reviewed, one returned", []events.Event{reviewed(5, "cup"), refunded(6, "tea")}, 21, reason.Reviewed, nil},
		{"reviewed not long before this order", []events.Event{reviewed(-5, "cup")}, 21, "", []string{"tea"}},
		{"reviewed long before this order", []events.Event{reviewed(-75, "cup")}, 21, "", []string{"tea", "cup"}},
		{"one arrived", []events.Event{delivered(5, "cup")}, 21, "", []string{"cup"}},
		{"parcels named by other ids", []events.Event{delivered(5, "sku-7")}, 21, "", []string{"tea", "cup"}},
		{"a complaint about the order", []events.Event{complained(9, "1001")}, 21, reason.ComplaintOpen, nil},
		{"a complaint in general", []events.Event{complained(9, "")}, 21, reason.ComplaintOpen, nil},
		{"a complaint about another order", []events.Event{complained(9, "1002")}, 21, "", []string{"tea", "cup"}},
		{"a complaint that may yet be closed", []events.Event{complained(9, "1001")}, 20, reason.NotYet, nil},
		{"a complaint that was closed", []events.Event{complained(9, "1001"), calmed(10, "1001")}, 21, "", []string{"tea", "cup"}},
		{"two weeks late", nil, 35, "", []string{"tea", "cup"}},
		{"more than two weeks late", nil, 36, reason.Expired, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, who := worker(t, asIs), fold(append(c.knows, order)...)
			ask := w.Plan(workers.Input{Event: order, Customer: new(fold(order)), Now: noon})[0]
			in := workers.Input{Customer: &who, Now: on(c.now)}
			if v := w.Wanted(ask, in); v.Reason != c.want {
				t.Fatalf("verdict %+v, want %q", v, c.want)
			}
			if c.want != "" {
				return
			}
			var got []string
			for _, it := range w.Compose(ask, in).Items {
				if it.URL == "" {
					t.Errorf("%s has no link", it.ProductID)
				}
				got = append(got, it.ProductID)
			}
			if !slices.Equal(got, c.items) {
				t.Errorf("asks about %v, want %v", got, c.items)
			}
		})
	}
}

func TestAProductOnTwoLinesIsAskedAboutOnce(t *testing.T) {
	order := placed("tea", "cup", "tea")
	w, in := worker(t, asIs), workers.Input{Event: order, Customer: new(fold(order)), Now: on(21)}
	if got := w.Compose(w.Plan(in)[0], in); len(got.Items) != 2 || got.Detail != "placed 2025-06-01 12:00 UTC" {
		t.Errorf("%+v", got)
	}
}

func TestTheReminderFollowsTheAsk(t *testing.T) {
	order := placed("tea", "cup")
	for _, c := range []struct {
		name  string
		claim customer.Claim
		knows []events.Event
		now   int
		want  touch.Verdict
	}{
		{"the ask waits", customer.Claim{}, nil, 28, touch.HoldUntil(on(35), reason.NotYet, "")},
		{"the ask is on its way", customer.Claim{State: customer.Open, At: on(28).UnixMilli()}, nil, 28, touch.HoldUntil(on(35), reason.NotYet, "")},
		{"the ask was sent late", customer.Claim{State: customer.Sent, At: on(25).UnixMilli()}, nil, 28, touch.MoveTo(on(32), "")},
		{"a week after the ask", customer.Claim{State: customer.Sent, At: on(25).UnixMilli()}, nil, 32, touch.Verdict{}},
		{"nobody knows whether the ask arrived", customer.Claim{State: customer.Uncertain, At: on(21).UnixMilli()}, nil, 28, touch.Verdict{}},
		{"the ask expired", customer.Claim{State: customer.Dropped, Why: "expired", At: on(36).UnixMilli()}, nil, 37, touch.DropFor(reason.Expired, "")},
		{"a complaint stopped the ask", customer.Claim{State: customer.Dropped, Why: "complaint_open", At: on(21).UnixMilli()}, nil, 28, touch.DropFor(reason.ComplaintOpen, "")},
		{"reviewed since the ask", customer.Claim{State: customer.Sent, At: on(21).UnixMilli()}, []events.Event{reviewed(22, "tea"), reviewed(22, "cup")}, 28, touch.DropFor(reason.Reviewed, "")},
		{"complained since the ask", customer.Claim{State: customer.Sent, At: on(21).UnixMilli()}, []events.Event{complained(22, "1001")}, 28, touch.DropFor(reason.ComplaintOpen, "")},
		{"more than two weeks late", customer.Claim{State: customer.Sent, At: on(21).UnixMilli()}, nil, 43, touch.DropFor(reason.Expired, "")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, who := worker(t, asIs), fold(append(c.knows, order)...)
			p := w.Plan(workers.Input{Event: order, Customer: new(fold(order)), Now: noon})
			ask, reminder := p[0], p[1]
			ask.Customer, reminder.Customer = key, key
			if c.claim.State != 0 {
				c.claim.Touch = ask.ClaimKey()
				who.SetClaim(c.claim)
			}
			got := w.Wanted(reminder, workers.Input{Customer: &who, Now: on(c.now)})
			got.Detail = ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("verdict (-want +got):\n%s", d)
			}
		})
	}
}

// A touch must never be judged too late by the gate while Wanted calls it right.
func TestTheStepsOutliveWhatMovesThem(t *testing.T) {
	steps := worker(t, asIs).Steps
	if steps[0].Expires < 21*day+14*day || steps[1].Expires < steps[0].Expires+14*day {
		t.Errorf("%+v", steps)
	}
	if steps := worker(t, func(c *reviewrequest.Config) { c.ReminderAfter = 0 }).Steps; len(steps) != 1 {
		t.Errorf("a reminder after 0s: %+v", steps)
	}
}

func TestTheConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *reviewrequest.Config)
		want string
	}{
		{"delivery", func(c *reviewrequest.Config) { c.AfterDelivery = -1 }, "after_delivery: "},
		{"fulfilment", func(c *reviewrequest.Config) { c.AfterFulfilment = -1 }, "after_fulfilment: "},
		{"order", func(c *reviewrequest.Config) { c.AfterOrder = -1 }, "after_order: "},
		{"reminder", func(c *reviewrequest.Config) { c.ReminderAfter = -1 }, "reminder_after: "},
		{"status", func(c *reviewrequest.Config) { c.Status = "on" }, `status: "on"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := reviewrequest.Kind.New(workertest.Section(c.set)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	broken := errors.New("unknown key")
	if _, err := reviewrequest.Kind.New(func(any) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("what the decoder said is lost: %v", err)
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
		var got reviewrequest.Config // empty: what the file does not mention shows
		if err := store.Workers[reviewrequest.Name].Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(reviewrequest.Defaults(), got); d != "" {
			t.Errorf("store %s: the file is not the defaults (-defaults +file):\n%s", id, d)
		}
	}
}

func TestADeliveryAfterTheAskDoesNotMoveTheReminder(t *testing.T) {
	order, late := placed("tea"), delivered(23)
	who := fold(order, late)
	ask := touch.Touch{Worker: "review-request", Step: "ask", Customer: key, Occasion: "1001"}
	who.SetClaim(customer.Claim{Touch: ask.ClaimKey(), State: customer.Sent, At: on(21).UnixMilli()})
	got := worker(t, asIs).Plan(workers.Input{Event: late, Key: key, Customer: &who, Now: late.Time})
	if len(got) != 2 || got[1].Step != "reminder" || !got[1].Due.Equal(on(28)) {
		t.Errorf("planned %+v", got)
	}
}
