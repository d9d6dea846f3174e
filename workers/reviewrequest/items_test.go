package reviewrequest_test

import (
	"slices"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/reason"
	"homing/workers"
	"homing/workers/reviewrequest"
)

func TestWhatIsNotReviewedIsNotAskedAbout(t *testing.T) {
	no, yes := false, true
	gbp := func(minor int64) events.Money { return events.Money{Minor: minor, Currency: "GBP"} }
	item := func(id string, price int64) events.Item {
		return events.Item{ProductID: id, Quantity: 1, Price: gbp(price)}
	}
	wrap, sample, loved := item("wrap", 200), item("sample", 0), item("gift", 0)
	wrap.Reviewable, loved.Reviewable = &no, &yes
	cup, pot := item("cup", 0), item("pot", 500)
	cup.BundleOf, pot.BundleOf = "set", "set"
	for _, c := range []struct {
		name  string
		items []events.Item
		knows []events.Event
		want  []string
	}{
		{"gift wrap", []events.Item{item("tea", 300), wrap}, nil, []string{"tea"}},
		{"a sample", []events.Item{item("tea", 300), sample}, nil, []string{"tea"}},
		{"a gift that the shop wants reviewed", []events.Item{item("tea", 300), loved}, nil, []string{"tea", "gift"}},
		{"a bundle and its parts", []events.Item{item("set", 900), cup, pot}, nil, []string{"set"}},
		{"parts of a bundle that isn't a line", []events.Item{item("tea", 300), pot}, nil, []string{"tea", "pot"}},
		{"a bundle whose parts left", []events.Item{item("set", 900), cup, pot, item("tea", 300)}, []events.Event{fulfilled(2, "cup")}, []string{"set"}},
		{"a bundle whose parts arrived", []events.Item{item("set", 900), cup, pot, item("tea", 300)}, []events.Event{delivered(2, "cup", "pot")}, []string{"set"}},
		{"a sample of what was bought, too", []events.Item{{ProductID: "tea", Quantity: 1, Price: gbp(0)}, item("tea", 300)}, nil, []string{"tea"}},
		{"nothing but wrap", []events.Item{wrap}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			order := placed()
			order.Data.(*events.OrderPlaced).Order.Items = c.items
			w, in := worker(t, asIs), workers.Input{Event: order, Customer: new(fold(append(c.knows, order)...)), Now: on(21)}
			ask := w.Plan(workers.Input{Event: order, Customer: new(fold(order)), Now: noon})[0]
			v := w.Wanted(ask, in)
			if c.want == nil {
				if v.Reason != reason.InsufficientData {
					t.Errorf("verdict %+v", v)
				}
				return
			}
			if got := names(w.Compose(ask, in).Items); v.Reason != "" || !slices.Equal(got, c.want) {
				t.Errorf("%+v, asks about %v, want %v", v, got, c.want)
			}
		})
	}
}

func TestOnlyWhatHasLeftTheShopIsAskedAbout(t *testing.T) {
	order := placed("lamp", "chair")
	for _, c := range []struct {
		name  string
		knows []events.Event
		want  []string
	}{
		{"one of two left", []events.Event{fulfilled(2, "lamp")}, []string{"lamp"}},
		{"and then the other", []events.Event{fulfilled(2, "lamp"), fulfilled(5, "chair")}, []string{"lamp", "chair"}},
		{"all left at once", []events.Event{fulfilled(2)}, []string{"lamp", "chair"}},
		{"one left, and it all arrived", []events.Event{fulfilled(2, "lamp"), delivered(6)}, []string{"lamp", "chair"}},
		{"nothing is told", nil, []string{"lamp", "chair"}},
		{"one was taken out of the order", []events.Event{at(1, &events.OrderUpdated{Order: events.Order{ID: "1001", Items: []events.Item{{ProductID: "lamp", Quantity: 1}}}})}, []string{"lamp"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := worker(t, asIs)
			ask := w.Plan(workers.Input{Event: order, Customer: new(fold(order)), Now: noon})[0]
			if got := names(w.Compose(ask, workers.Input{Customer: new(fold(append(c.knows, order)...)), Now: on(21)}).Items); !slices.Equal(got, c.want) {
				t.Errorf("asks about %v, want %v", got, c.want)
			}
		})
	}
}

func TestAnOrderThatWasChangedIsPlannedAsItIsNow(t *testing.T) {
	order := placed("lamp", "chair")
	changed := at(1, &events.OrderUpdated{Order: events.Order{ID: "1001", Items: []events.Item{{ProductID: "lamp", Quantity: 1}}}})
	w, who := worker(t, asIs), fold(order, changed)
	got := w.Plan(workers.Input{Event: changed, Customer: &who, Now: on(1)})
	if len(got) != 2 || !got[0].Due.Equal(on(21)) || !slices.Equal(names(got[0].Snapshot.Items), []string{"lamp"}) || !got[0].Snapshot.PlacedAt.Equal(noon) {
		t.Errorf("planned %+v", got)
	}
	if got := w.Plan(workers.Input{Event: order, Customer: &who, Now: on(1)}); len(got) != 0 {
		t.Errorf("the older event planned %+v", got)
	}
}

// A shop that cleans up tells deliveries of years ago.
func TestNobodyIsAskedAboutAnOrderOfLongAgo(t *testing.T) {
	order := placed("sofa")
	for _, c := range []struct {
		name  string
		knows events.Event
		set   func(c *reviewrequest.Config)
		right int // day on which it is asked
		want  bool
	}{
		{"two years", delivered(700), asIs, 707, false},
		{"made to order", delivered(150), asIs, 157, true},
		{"the last day", delivered(173), asIs, 180, true},
		{"a day more", delivered(174), asIs, 181, false},
		{"sent two years later", fulfilled(700), asIs, 714, false},
		{"a bound of one's own", delivered(30), func(c *reviewrequest.Config) { c.MaxOrderAge = 30 * day }, 37, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, who := worker(t, c.set), fold(order, c.knows)
			if got := w.Plan(workers.Input{Event: c.knows, Customer: &who, Now: c.knows.Time}); (len(got) > 0) != c.want {
				t.Errorf("planned %+v", got)
			}
			ask := touchOf(t, order, "ask")
			if v := w.Wanted(ask, workers.Input{Customer: &who, Now: on(c.right)}); (v.Reason == "") != c.want || !c.want && v.Reason != reason.Expired {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

// The time of an order that was cancelled and placed again counts from then.
func TestAnOrderThatStandsAgainIsAskedAbout(t *testing.T) {
	order, again := placed("tea"), placed("tea")
	again.ID, again.Time = "again", on(10)
	for _, gone := range []events.Event{cancelled(5), refunded(5), cancelled(5, "tea"), refunded(9, "tea")} {
		w, who := worker(t, asIs), fold(order, gone, again)
		got := w.Plan(workers.Input{Event: again, Customer: &who, Now: again.Time})
		if len(got) != 2 || !got[0].Due.Equal(on(31)) {
			t.Fatalf("%s: planned %+v", gone.Type, got)
		}
		if v := w.Wanted(got[0], workers.Input{Customer: &who, Now: on(31)}); v.Reason != "" {
			t.Errorf("%s: %+v", gone.Type, v)
		}
		if v := w.Wanted(got[0], workers.Input{Customer: new(fold(order, gone)), Now: on(31)}); v.Reason == "" {
			t.Errorf("%s alone: %+v", gone.Type, v)
		}
	}
	if got := worker(t, asIs).Plan(workers.Input{Event: again, Customer: new(fold(order, again)), Now: again.Time}); !got[0].Due.Equal(on(21)) {
		t.Errorf("told again: due %v", got[0].Due.Sub(noon)/(24*time.Hour))
	}
}
