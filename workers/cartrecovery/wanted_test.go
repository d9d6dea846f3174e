package cartrecovery_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/cartrecovery"
)

// asked is a step of the series that began at noon with one packet of tea.
func asked(step, occasion string) touch.Touch {
	return touch.Touch{Worker: "cart-recovery", Step: step, Customer: ann, Occasion: occasion, Due: noon.Add(time.Hour),
		Snapshot: &touch.Snapshot{Cart: "k1", PlacedAt: noon, Items: cart("k1", "tea").Items}}
}

func TestWanted(t *testing.T) {
	const h = time.Hour
	tea, pots, none := cart("k1", "tea"), cart("k1", "tea", "pot"), cart("k1")
	send := touch.Verdict{}
	drop := func(r reason.Reason) touch.Verdict { return touch.Verdict{Action: touch.Drop, Reason: r} }
	hold := func(after time.Duration) touch.Verdict { return touch.HoldUntil(noon.Add(after), reason.NotYet, "") }
	move := func(after time.Duration) touch.Verdict { return touch.MoveTo(noon.Add(after), "") }
	begun := left(0, tea)
	for _, c := range []struct {
		name string
		set  func(c *cartrecovery.Config)
		step string
		told []events.Event
		at   time.Duration
		want touch.Verdict
	}{
		{"its time has come", asIs, "reminder", []events.Event{begun}, h, send},
		{"woken too early", asIs, "reminder", []events.Event{begun}, h - 1, move(h)},
		{"the wait was made longer", func(c *cartrecovery.Config) { c.Steps[0].After = 3 * h }, "reminder", []events.Event{begun}, h, move(3 * h)},
		{"a step that is no more", asIs, "third", []events.Event{begun}, h, drop(reason.StepRemoved)},

		{"an order since, of anything", asIs, "reminder", []events.Event{begun, ordered(h/2, "1", "", "mug")}, h, drop(reason.Purchased)},
		{"at the same instant", asIs, "reminder", []events.Event{begun, ordered(0, "1", "", "mug")}, h, drop(reason.Purchased)},
		{"cancelled again", asIs, "reminder", []events.Event{begun, ordered(h/2, "1", ""), cancelled(h/2, "1")}, h, drop(reason.Purchased)},
		{"an order just before that names the cart", asIs, "reminder", []events.Event{ordered(-h, "1", "k1"), begun}, h, drop(reason.Purchased)},
		{"long before, the id is used again", asIs, "reminder", []events.Event{ordered(-day, "1", "k1", "tea"), begun}, h, send},
		{"an order just before that has all of it", asIs, "reminder", []events.Event{ordered(-h, "1", "", "mug", "tea"), begun}, h, drop(reason.Purchased)},
		{"one that was cancelled", asIs, "reminder", []events.Event{ordered(-h, "1", "k1", "tea"), cancelled(-h/2, "1"), begun}, h, send},
		{"one that has some of it", asIs, "reminder", []events.Event{ordered(-h, "1", "", "tea"), left(0, pots)}, h, send},
		{"one of another cart", asIs, "reminder", []events.Event{ordered(-h, "1", "k0", "mug"), begun}, h, send},

		{"emptied", asIs, "reminder", []events.Event{begun, updated(h/2, none)}, h, drop(reason.Emptied)},
		{"emptied and filled again", asIs, "second", []events.Event{begun, dropped(h, "reminder", "k1-0"), updated(2*h, none), left(3*h, tea)}, day, send},
		{"another cart in progress", asIs, "reminder", []events.Event{begun, updated(h/2, cart("k2", "mug"))}, h, drop(reason.Recovered)},
		{"another cart, empty", asIs, "reminder", []events.Event{begun, updated(h/2, cart("k2"))}, h, send},

		{"the cart has just changed", asIs, "reminder", []events.Event{begun, updated(h/2, pots)}, h, hold(h + h/2)},
		{"it grew: they are back", asIs, "reminder", []events.Event{begun, updated(h/2, pots)}, h + h/2, drop(reason.Recovered)},
		{"it shrank", asIs, "reminder", []events.Event{left(0, pots), updated(h/2, tea)}, h + h/2, send},
		{"only its prices changed", asIs, "reminder", []events.Event{begun, updated(h/2, tea)}, h + h/2, send},
		{"left again", asIs, "reminder", []events.Event{begun, updated(h/2, pots), left(h-1, pots)}, h, send},
		{"left and changed at the same instant", asIs, "reminder", []events.Event{begun, updated(0, pots)}, h, send},
		{"idle: left again by itself", idle, "reminder", []events.Event{begun, updated(h/2, pots)}, 3*h + h/2, send},
		{"idle: not yet", idle, "reminder", []events.Event{begun, updated(h/2, pots)}, 3 * h, hold(3*h + h/2)},
		{"idle: every update moves the first step", idle, "reminder", []events.Event{updated(0, tea), updated(h, tea)}, 3 * h, move(4 * h)},
		{"idle: and no step once one is out", idle, "second", []events.Event{updated(0, tea), sent(3*h, "reminder", "k1-0"), updated(5*h, pots)}, 2*h + day, send},
		{"idle: switched off in the meantime", asIs, "reminder", []events.Event{updated(0, tea)}, h, send},
		{"idle: a cart that is updated after its order is another", idle, "reminder", []events.Event{ordered(-h, "1", "k1", "mug"), updated(0, tea)}, 3 * h, send},
		{"idle: unless it is the order's", idle, "reminder", []events.Event{ordered(-h, "1", "k1", "tea"), updated(0, tea)}, 3 * h, drop(reason.Purchased)},

		{"the first step is pending still", asIs, "second", []events.Event{begun}, day, hold(day + h)},
		{"and will not be sent any more", asIs, "second", []events.Event{begun}, day + h + 1, send},
		{"the first step is out", asIs, "second", []events.Event{begun, sent(h, "reminder", "k1-0")}, day, send},
		{"the first step was dropped", asIs, "second", []events.Event{begun, dropped(h, "reminder", "k1-0")}, day, send},
		{"leaving it again brings nothing nearer", asIs, "last-call", []events.Event{begun, sent(h, "reminder", "k1-0"), left(2*h, pots)}, 3 * h, move(3 * day)},
		{"nor moves it away", asIs, "second", []events.Event{begun, sent(h, "reminder", "k1-0"), left(20*h, pots)}, day, send},

		{"sent under another number", asIs, "reminder", []events.Event{ordered(-9*day, "0", "k1"), begun, sent(h, "reminder", "k1-0")}, 2 * h, drop(reason.Bundled)},
		{"a late order, and nothing was sent", asIs, "reminder", []events.Event{ordered(-9*day, "0", "k1"), begun}, h, send},
		{"the same id, before an order", asIs, "reminder", []events.Event{left(-3*day, tea), sent(-3*day+h, "reminder", "k1-0"), ordered(-2*day, "1", "k1", "tea"), begun}, h, send},
	} {
		t.Run(c.name, func(t *testing.T) {
			occasion := "k1-0"
			if c.want.Reason == reason.Bundled || c.name == "the same id, before an order" {
				occasion = "k1-1"
			}
			got := worker(t, c.set).Wanted(asked(c.step, occasion), workers.Input{Customer: new(fold(c.told...)), Now: noon.Add(c.at)})
			if got.Action != touch.Send && got.Detail == "" {
				t.Error("the verdict has no detail for a person to read")
			}
			got.Detail = ""
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("verdict (-want +got):\n%s", d)
			}
		})
	}
}

// Whatever order two events come in, and also if they are of one instant, who
// bought is not asked.
func TestNobodyWhoBoughtIsAskedInWhateverOrderItIsTold(t *testing.T) {
	for _, after := range []time.Duration{-time.Minute, 0, time.Minute} {
		a, b := left(0, cart("k1", "tea")), ordered(after, "1", "k1", "tea")
		for _, es := range [][]events.Event{{a, b}, {b, a}, {a, b, a}, {b, a, b}} {
			v := worker(t, asIs).Wanted(asked("reminder", "k1-0"), workers.Input{Customer: new(fold(es...)), Now: noon.Add(time.Hour)})
			if v.Reason != reason.Purchased {
				t.Errorf("ordered %v after, %d told: %+v", after, len(es), v)
			}
		}
	}
}

// A touch that was planned before an order, and one of the cart's next visit, do
// not take each other for the same.
func TestASeriesEndsWithTheOrder(t *testing.T) {
	c := fold(left(0, cart("k1", "tea")), sent(time.Hour, "reminder", "k1-0"), ordered(2*time.Hour, "1", "k1", "tea"), left(2*day, cart("k1", "pot")))
	now := noon.Add(2*day + time.Hour)
	if v := worker(t, asIs).Wanted(asked("second", "k1-0"), workers.Input{Customer: &c, Now: now}); v.Reason != reason.Purchased {
		t.Errorf("the old series: %+v", v)
	}
	next := asked("reminder", "k1-1")
	next.Snapshot.PlacedAt = noon.Add(2 * day)
	if v := worker(t, asIs).Wanted(next, workers.Input{Customer: &c, Now: now}); v.Action != touch.Send {
		t.Errorf("the new series: %+v", v)
	}
}

func TestCompose(t *testing.T) {
	const h = time.Hour
	begun, reminded := left(0, cart("k1", "tea", "pot")), sent(h, "reminder", "k1-0")
	bound := func(step, occasion string) events.Event {
		return at(3*day, &events.OfferIssued{Touch: id(step, occasion), Code: "X", Percent: 10})
	}
	for _, c := range []struct {
		name  string
		step  string
		told  []events.Event
		offer bool
	}{
		{"the last step, after others", "last-call", []events.Event{begun, reminded}, true},
		{"the first step", "reminder", []events.Event{begun}, false},
		{"no mail went out before", "last-call", []events.Event{begun, dropped(h, "reminder", "k1-0"), dropped(day, "second", "k1-0")}, false},
		{"one of them did", "last-call", []events.Event{begun, dropped(h, "reminder", "k1-0"), sent(day, "second", "k1-0")}, true},
		{"under another number", "last-call", []events.Event{begun, sent(h, "reminder", "k1-3")}, true},
		{"its own code is bound already", "last-call", []events.Event{begun, reminded, bound("last-call", "k1-0")}, true},
		{"an offer of the cart was made already", "last-call", []events.Event{begun, reminded, bound("last-call", "k1-1")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := asked(c.step, "k1-0")
			x.Snapshot.Items = cart("k1", "tea", "pot").Items
			got := worker(t, asIs).Compose(x, workers.Input{Customer: new(fold(c.told...)), Now: noon.Add(3 * day)})
			if (got.Offer != nil) != c.offer {
				t.Errorf("offer %+v", got.Offer)
			}
			if got.Items != nil {
				t.Errorf("the cart is as it was, and %+v is shown", got.Items)
			}
		})
	}
}

func TestAnotherVisitBringsNoOffer(t *testing.T) {
	c := fold(left(0, cart("k1", "tea")), left(5*day, cart("k1", "tea")), sent(5*day+time.Hour, "reminder", "k1-0-r"+stamp(5*day)))
	x := asked("last-call", "k1-0-r"+stamp(5*day))
	x.Snapshot.PlacedAt = noon.Add(5 * day)
	in := workers.Input{Customer: &c, Now: noon.Add(8 * day)}
	if v := worker(t, asIs).Wanted(x, in); v.Action != touch.Send {
		t.Fatalf("%+v", v)
	}
	if got := worker(t, asIs).Compose(x, in); got.Offer != nil {
		t.Errorf("offer %+v", got.Offer)
	}
}

func TestAMailShowsTheCartAsItIsNow(t *testing.T) {
	for _, c := range []struct {
		name string
		now  events.Cart
		want []string // nil: as the touch has it
		more int
	}{
		{"the same", cart("k1", "tea", "pot"), nil, 0},
		{"in another order", cart("k1", "pot", "tea"), nil, 0},
		{"something taken out", cart("k1", "pot"), []string{"pot 1"}, 0},
		{"more of something", cart("k1", "tea xx", "pot"), []string{"tea 2", "pot 1"}, 0},
		{"something new", cart("k1", "tea", "pot", "mug"), []string{"tea 1", "pot 1"}, 1},
		{"all of it new", cart("k1", "mug"), []string{}, 1},
		{"another cart", cart("k2"), nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := asked("reminder", "k1-0")
			x.Snapshot.Items = cart("k1", "tea", "pot").Items
			got := worker(t, asIs).Compose(x, workers.Input{Customer: new(fold(left(0, cart("k1", "tea", "pot")), updated(time.Minute, c.now)))})
			var shown []string
			if got.Items != nil {
				shown = []string{}
			}
			for _, it := range got.Items {
				shown = append(shown, it.ProductID+" "+string(rune('0'+it.Quantity)))
			}
			if d := cmp.Diff(c.want, shown); d != "" || got.More != c.more {
				t.Errorf("shown and %d more (-want +got):\n%s", got.More, d)
			}
		})
	}
}
