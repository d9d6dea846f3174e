package cartrecovery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/cartrecovery"
)

const day = 24 * time.Hour

func TestPlanPlansTheWholeSeries(t *testing.T) {
	k := cart("k1", "tea", "pot")
	k.Total = events.Money{Minor: 1295, Currency: "GBP"}
	got := plan(t, asIs, left(0, k))
	shot := &touch.Snapshot{Cart: "k1", URL: "https://shop.example/k1", PlacedAt: noon, Items: k.Items, Total: k.Total}
	want := []touch.Touch{
		{Worker: "cart-recovery", Step: "reminder", Occasion: "k1-0", Due: noon.Add(time.Hour), Snapshot: shot},
		{Worker: "cart-recovery", Step: "second", Occasion: "k1-0", Due: noon.Add(day), Snapshot: shot},
		{Worker: "cart-recovery", Step: "last-call", Occasion: "k1-0", Due: noon.Add(3 * day), Snapshot: shot},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestPlan(t *testing.T) {
	tea, more := cart("k1", "tea"), cart("k1", "tea", "pot")
	many := []events.Event{}
	for i := range 9 { // the shop says it daily
		many = append(many, left(time.Duration(i)*day, tea))
	}
	for _, c := range []struct {
		name     string
		set      func(c *cartrecovery.Config)
		told     []events.Event // the last one plans
		occasion string         // empty: nothing is planned
		first    time.Duration  // when the first step is due, after noon
	}{
		{"an update is no abandonment", asIs, []events.Event{updated(0, tea)}, "", 0},
		{"an update of a cart that was left shows what it holds now", asIs, []events.Event{left(0, tea), updated(time.Minute, more)}, "k1-0", time.Hour},
		{"leaving it again moves nothing", asIs, []events.Event{left(0, tea), updated(time.Minute, more), left(time.Hour, more)}, "k1-0", time.Hour},
		{"nor does telling it every day", asIs, many, "k1-0", time.Hour},
		{"left on another visit, after a pause as long as a series", asIs, []events.Event{left(0, tea), left(4*day, tea)}, "k1-0-r" + stamp(4*day), 4*day + time.Hour},
		{"an empty cart", asIs, []events.Event{left(0, cart("k1"))}, "", 0},
		{"after an order the cart is another", asIs, []events.Event{left(0, tea), ordered(time.Hour, "1", "k1", "tea"), left(2*day, tea)}, "k1-1", 2*day + time.Hour},
		{"ordered at the same instant", asIs, []events.Event{ordered(0, "1", ""), left(0, tea)}, "", 0},
		{"ordered since", asIs, []events.Event{ordered(time.Minute, "1", ""), left(0, tea)}, "", 0},
		{"cancelled orders count in the number", asIs, []events.Event{ordered(-day, "1", ""), cancelled(-day, "1"), left(0, tea)}, "k1-1", time.Hour},
		{"the abandonment came in after the update", asIs, []events.Event{updated(time.Minute, more), left(0, tea)}, "k1-0", time.Hour},
		{"one that is overtaken and sets no times", asIs, []events.Event{left(0, tea), left(2*time.Hour, more), left(time.Hour, tea)}, "", 0},
		{"one that is overtaken and sets the times", asIs, []events.Event{left(2*time.Hour, more), left(0, tea)}, "k1-0", time.Hour},
		{"an update that is overtaken", asIs, []events.Event{left(0, tea), updated(2*time.Minute, more), updated(time.Minute, tea)}, "", 0},
		{"an id that cannot stand in a subject", asIs, []events.Event{left(0, cart("Cart #1", "tea"))}, touch.Token("Cart #1-0"), time.Hour},

		{"idle: an update begins a series", idle, []events.Event{updated(0, tea)}, "k1-0", 3 * time.Hour},
		{"idle: the next one moves it", idle, []events.Event{updated(0, tea), updated(time.Hour, more)}, "k1-0", 4 * time.Hour},
		{"idle: an emptied cart", idle, []events.Event{updated(0, tea), updated(time.Hour, cart("k1"))}, "", 0},
		{"idle: the shop's word comes first", idle, []events.Event{left(0, tea), updated(time.Hour, more)}, "k1-0", time.Hour},
		{"idle: once a mail is out nothing moves it", idle, []events.Event{updated(0, tea), sent(3*time.Hour, "reminder", "k1-0"), updated(5*time.Hour, more)}, "k1-0", 3 * time.Hour},
		{"idle: not even the shop's word", idle, []events.Event{updated(0, tea), sent(3*time.Hour, "reminder", "k1-0"), left(5*time.Hour, more)}, "k1-0", 3 * time.Hour},
		{"idle: the cart of an order", idle, []events.Event{updated(0, tea), sent(3*time.Hour, "reminder", "k1-0"), ordered(4*time.Hour, "1", "k1", "tea"), updated(5*time.Hour, more)}, "k1-1", 8 * time.Hour},
		{"idle: an update from before an order", idle, []events.Event{ordered(time.Hour, "1", ""), updated(0, tea)}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := plan(t, c.set, c.told...)
			if c.occasion == "" {
				if len(got) != 0 {
					t.Fatalf("planned %+v, want nothing", got)
				}
				return
			}
			if len(got) != 3 || got[0].Occasion != c.occasion || !got[0].Due.Equal(noon.Add(c.first)) {
				t.Fatalf("planned %+v, want a series %s from %v", got, c.occasion, noon.Add(c.first))
			}
			if e := c.told[len(c.told)-1]; got[0].Snapshot.Cart != "k1" && got[0].Snapshot.Cart != "Cart #1" || len(got[0].Snapshot.Items) == 0 {
				t.Errorf("%v: snapshot %+v", e.Type, got[0].Snapshot)
			}
		})
	}
}

// A shop that corrects what it said gives it the same time. Whichever of the two is
// planned last, the emails show the cart as it was told last.
func TestOfTwoCartsOfOneTimeTheOneToldLastIsPlanned(t *testing.T) {
	first, second := left(0, cart("k1", "tea")), left(0, cart("k1", "pot"))
	first.ID, first.Place, second.ID, second.Place = "1", 8, "2", 9
	late := first // a copy
	late.Place = 12
	for _, after := range [][]events.Event{nil, {updated(time.Minute, cart("k1", "pot", "pan"))}} {
		for _, told := range [][]events.Event{{first, second, late}, {second, late, first}, {late, second, first}} {
			who := fold(append(told, after...)...)
			for _, e := range told {
				got := worker(t, asIs).Plan(workers.Input{Event: e, Key: ann, Customer: &who, Now: e.Time})
				if e.ID != "2" && len(got) != 0 {
					t.Errorf("what was corrected is planned: %+v", got[0].Snapshot)
				}
				if e.ID == "2" && (len(got) != 3 || got[0].Snapshot.Items[0].ProductID != "pot") {
					t.Errorf("the correction is not planned: %+v", got)
				}
			}
		}
	}
}

// A shop may look for left carts every few minutes, and say of each what it said
// before. That moves nothing, also when it is more than is kept.
func TestTellingItEveryQuarterOfAnHourMovesNothing(t *testing.T) {
	var told []events.Event
	for i := range 2 * customer.MaxNotes {
		told = append(told, left(time.Duration(i)*15*time.Minute, cart("k1", "tea")))
	}
	if got := plan(t, asIs, told...); len(got) != 0 {
		t.Errorf("planned again: %+v", got)
	}
	told = append(told, sent(time.Hour, "reminder", "k1-0"))
	x := asked("second", "k1-0")
	x.Due = noon.Add(day)
	v := worker(t, asIs).Wanted(x, workers.Input{Customer: new(fold(told...)), Now: noon.Add(day - time.Hour)})
	if !v.Until.Equal(noon.Add(day)) {
		t.Errorf("woken an hour early: %+v, want held until %v", v, noon.Add(day))
	}
	x = asked("last-call", "k1-0")
	x.Due = noon.Add(3 * day)
	in := workers.Input{Customer: new(fold(append(told, sent(day, "second", "k1-0"))...)), Now: noon.Add(3 * day)}
	if v := worker(t, asIs).Wanted(x, in); v.Action != touch.Send {
		t.Errorf("the last call: %+v", v)
	}
	if got := worker(t, asIs).Compose(x, in); got.Offer == nil {
		t.Error("the last call has lost its offer")
	}
}

// The name of another visit says when it began. When that turns out to be earlier,
// its emails have two names, and are one all the same.
func TestAVisitThatBeganEarlierIsOneVisit(t *testing.T) {
	before, first, second := left(0, cart("k1", "tea")), left(9*day, cart("k1", "tea")), left(9*day+time.Hour, cart("k1", "tea"))
	old, again := "k1-0-r"+stamp(9*day+time.Hour), "k1-0-r"+stamp(9*day)
	if got := plan(t, asIs, before, second); len(got) != 3 || got[0].Occasion != old {
		t.Fatalf("planned %+v, want %s", got, old)
	}
	if got := plan(t, asIs, before, second, first); len(got) != 3 || got[0].Occasion != again {
		t.Fatalf("planned %+v, want %s", got, again)
	}
	x := asked("reminder", old)
	x.Due, x.Snapshot.PlacedAt = noon.Add(9*day+2*time.Hour), noon.Add(9*day+time.Hour)
	c := fold(before, second, first, sent(9*day+time.Hour, "reminder", again))
	if v := worker(t, asIs).Wanted(x, workers.Input{Customer: &c, Now: x.Due}); v.Reason != reason.Bundled {
		t.Errorf("the reminder went out as %s, and %s is to go out too: %+v", again, old, v)
	}
}

func stamp(after time.Duration) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	var out string
	for n := noon.Add(after).UnixMilli(); n > 0; n /= 36 {
		out = string(digits[n%36]) + out
	}
	return out
}

// A later statement about a cart goes into the email, but not what is overtaken.
func TestPlanTakesOverWhatIsSaidOfTheCart(t *testing.T) {
	tea, more := cart("k1", "tea"), cart("k1", "tea", "pot")
	tea.Total, more.Total = events.Money{Minor: 1, Currency: "GBP"}, events.Money{Minor: 2, Currency: "GBP"}
	more.URL = "https://shop.example/another"
	got := plan(t, asIs, left(0, tea), updated(time.Minute, more))[0].Snapshot
	if len(got.Items) != 2 || got.URL != more.URL || got.Total != more.Total {
		t.Errorf("%+v, want the update's", got)
	}
	if got := plan(t, asIs, updated(time.Minute, more), left(0, tea))[0].Snapshot; got.Total.Currency != "" {
		t.Errorf("%+v: the total is not so any more", got)
	}
}

func TestPlanOfAnotherEvent(t *testing.T) {
	e := ordered(0, "1", "k1", "tea")
	if got := worker(t, asIs).Plan(workers.Input{Event: e, Key: ann, Customer: new(fold(left(-day, cart("k1", "tea")), e))}); len(got) != 0 {
		t.Errorf("planned %+v", got)
	}
}
