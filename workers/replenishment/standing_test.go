package replenishment_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/replenishment"
)

func fulfilled(days float64, id string, products ...string) events.Event {
	return at(days, "fulfilled "+id, &events.OrderFulfilled{Order: change(id, products...)})
}

func returned(days float64, event, id string, quantity int) events.Event {
	return at(days, event, &events.OrderReturned{Order: events.OrderChange{ID: id, Items: []events.ChangedItem{{ProductID: "tea", Quantity: quantity}}}})
}

// sub is a line that comes again by itself.
func sub(it events.Item) events.Item {
	it.Subscription = true
	return it
}

func TestOnlyWhatTheCustomerHasIsRemindedOf(t *testing.T) {
	order, old := placed(0, "1", tea(1, 30), cup(60)), placed(0, "1", tea(2, 30))
	updated := func(days float64, items ...events.Item) events.Event {
		return at(days, "updated", &events.OrderUpdated{Order: events.Order{ID: "1", Items: items}})
	}
	for _, c := range []struct {
		name  string
		order events.Event
		knows []events.Event
		now   float64
		want  touch.Verdict // without its detail
	}{
		{"it left", order, []events.Event{fulfilled(1, "1", "tea")}, 26, touch.Verdict{}},
		{"another product left", order, []events.Event{fulfilled(1, "1", "cup")}, 25, touch.MoveTo(after(50), "")},
		{"it left later", order, []events.Event{fulfilled(1, "1", "cup"), fulfilled(40, "1", "tea")}, 50, touch.MoveTo(after(65), "")},
		{"it left later, and lasted", order, []events.Event{fulfilled(1, "1", "cup"), fulfilled(40, "1", "tea")}, 65, touch.Verdict{}},
		{"it arrived after it left", order, []events.Event{fulfilled(1, "1"), delivered(10, "1")}, 35, touch.Verdict{}},

		{"one of two came back", old, []events.Event{returned(3, "r1", "1", 1)}, 55, touch.Verdict{}},
		{"both came back, one by one", old, []events.Event{returned(3, "r1", "1", 1), returned(4, "r2", "1", 1)}, 55, touch.DropFor(reason.Refunded, "")},
		{"one came back, told twice", old, []events.Event{returned(3, "r1", "1", 1), returned(3, "r1", "1", 1)}, 55, touch.Verdict{}},
		{"it was cancelled, and placed again", old, []events.Event{cancelled(1, "1"), at(9, "again", old.Data)}, 55, touch.MoveTo(after(64), "")},
		{"and used up since", old, []events.Event{cancelled(1, "1"), at(9, "again", old.Data)}, 64, touch.Verdict{}},
		{"it was taken out of the order", order, []events.Event{updated(1, cup(60))}, 25, touch.DropFor(reason.Cancelled, "")},
		{"there is more of it now", order, []events.Event{updated(1, tea(2, 30))}, 25, touch.MoveTo(after(55), "")},

		{"it comes by subscription since", order, []events.Event{placed(20, "2", sub(tea(1, 30)))}, 25, touch.DropFor(reason.Repurchased, "")},
		{"it comes by subscription, and all of that came back", order, []events.Event{placed(20, "2", sub(tea(1, 30))), refunded(21, "2")}, 25, touch.DropFor(reason.Repurchased, "")},
		{"that subscription was cancelled", order, []events.Event{placed(20, "2", sub(tea(1, 30))), cancelled(21, "2")}, 25, touch.Verdict{}},
		{"something else comes by subscription", order, []events.Event{placed(20, "2", sub(cup(30)))}, 25, touch.Verdict{}},
		{"a subscription of before", order, []events.Event{placed(-40, "0", sub(tea(1, 30)))}, 25, touch.Verdict{}},

		{"it arrived two years later", order, []events.Event{delivered(700, "1")}, 725, touch.DropFor(reason.Expired, "")},
		{"it left two years later", order, []events.Event{fulfilled(700, "1")}, 725, touch.DropFor(reason.Expired, "")},
		{"it arrived months later", order, []events.Event{delivered(170, "1")}, 195, touch.Verdict{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var x touch.Touch
			for _, p := range plan(t, nil, c.order) {
				if p.Snapshot.Items[0].ProductID == "tea" {
					x = p
				}
			}
			in := workers.Input{Customer: new(fold(append(c.knows, c.order)...)), Zone: time.UTC, Now: after(c.now)}
			got := worker(t, asIs).Wanted(x, in)
			if got.Action != c.want.Action || got.Reason != c.want.Reason || !got.Until.Equal(c.want.Until) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestNothingIsPlannedForWhatComesByItself(t *testing.T) {
	order := placed(0, "1", sub(tea(1, 30)))
	if got := plan(t, nil, order); len(got) != 0 {
		t.Errorf("a subscription: %+v", got)
	}
	if got := plan(t, nil, placed(0, "1", tea(1, 30)), delivered(700, "1")); len(got) != 0 {
		t.Errorf("an order of two years ago: %+v", got)
	}
	w := worker(t, func(c *replenishment.Config) { c.MaxOrderAge = 1000 * day })
	late := []events.Event{placed(0, "1", tea(1, 30)), delivered(700, "1")}
	if got := w.Plan(workers.Input{Event: late[1], Customer: new(fold(late...)), Zone: time.UTC, Now: after(700)}); len(got) != 1 {
		t.Errorf("a bound of one's own: %+v", got)
	}
	why, text := worker(t, asIs).Silence(workers.Input{Customer: new(fold(order)), Zone: time.UTC, Now: noon})
	if why != "" {
		t.Errorf("it is said that too little is known: %s %s", why, text)
	}
	got := plan(t, nil, placed(0, "1", tea(1, 30)), at(1, "updated", &events.OrderUpdated{Order: events.Order{ID: "1", Items: []events.Item{tea(2, 30)}}}))
	if len(got) != 1 || !got[0].Due.Equal(after(55)) || got[0].Snapshot.Items[0].Quantity != 2 {
		t.Errorf("an order that was changed: %+v", got)
	}
}
