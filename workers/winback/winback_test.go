package winback_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/offer"
	"homing/pkg/product"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/winback"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var (
	noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)
	ann  = customer.Key{Store: "main", Token: "abcdefghijklmnop"}
	who  = events.Customer{ID: "ann"}
)

func at(after time.Duration, d events.Data) events.Event {
	t := noon.Add(after)
	return events.Event{ID: string(d.Type()) + t.String(), Source: "/shop", Store: "main", Type: d.Type(), Time: t, Data: d}
}

func lapsed(after time.Duration) events.Event {
	return at(after, &events.CustomerLapsed{Customer: who})
}

// stale is a lapse whose last order was the one of long ago.
func stale(after time.Duration) events.Event {
	last := noon.Add(long)
	return at(after, &events.CustomerLapsed{Customer: who, LastOrderAt: &last})
}

func ordered(after time.Duration, id string, coupons ...string) events.Event {
	return at(after, &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, Coupons: coupons}})
}

func cancelled(after time.Duration, id string) events.Event {
	return at(after, &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: id}})
}

func sent(after time.Duration, step, occasion string) events.Event {
	return at(after, &events.EmailSent{Email: events.Email{Touch: asked(step, occasion).ID(), Sunset: step == "last-call"}})
}

func dropped(after time.Duration, step, occasion string) events.Event {
	return at(after, &events.EmailDropped{Email: events.Email{Touch: asked(step, occasion).ID(), Reason: "expired"}})
}

func uncertain(after time.Duration, step, occasion string) events.Event {
	return at(after, &events.EmailUncertain{Email: events.Email{Touch: asked(step, occasion).ID()}})
}

func issued(after time.Duration, step, occasion, code string) events.Event {
	expires := noon.Add(after + 14*day)
	return at(after, &events.OfferIssued{Touch: asked(step, occasion).ID(), Code: code, Percent: 10, ExpiresAt: &expires})
}

// long is how long before the lapse at noon order 1 was placed.
const long = -200 * day

// asked is a step of the episode that began at noon, about an order of long ago.
func asked(step, occasion string) touch.Touch {
	x := touch.Touch{Worker: "win-back", Step: step, Customer: ann, Occasion: occasion, Due: noon, Snapshot: &touch.Snapshot{}}
	if occasion != "none" {
		x.Snapshot.Order, x.Snapshot.PlacedAt = occasion, noon.Add(long)
	}
	return x
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func worker(t *testing.T, set func(c *winback.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, winback.Kind, set)
}

func asIs(*winback.Config) {}

func TestPlanPlansTheWholeEpisode(t *testing.T) {
	es := []events.Event{ordered(long, "1"), lapsed(0)}
	got := worker(t, asIs).Plan(workers.Input{Event: es[1], Customer: new(fold(es...)), Now: noon})
	shot := &touch.Snapshot{Order: "1", PlacedAt: noon.Add(long)}
	want := []touch.Touch{
		{Worker: "win-back", Step: "miss-you", Occasion: "1", Due: noon, Snapshot: shot},
		{Worker: "win-back", Step: "offer", Occasion: "1", Due: noon.Add(14 * day), Snapshot: shot},
		{Worker: "win-back", Step: "last-call", Occasion: "1", Due: noon.Add(30 * day), Snapshot: shot},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("plan (-want +got):\n%s", d)
	}
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name     string
		told     []events.Event // the last one plans
		occasion string         // empty: nothing is planned
		due      time.Duration  // of the first step
	}{
		{"an order that is not known", []events.Event{lapsed(0)}, "none", 0},
		{"told again", []events.Event{ordered(long, "1"), lapsed(0), lapsed(9 * day)}, "1", 0},
		{"an earlier lapse came in late", []events.Event{ordered(long, "1"), lapsed(0), lapsed(-day)}, "1", -day},
		{"ordered since", []events.Event{ordered(long, "1"), ordered(day, "2"), lapsed(0)}, "", 0},
		{"ordered at the same instant", []events.Event{ordered(0, "1"), lapsed(0)}, "", 0},
		{"ordered since, and lapsed again", []events.Event{ordered(long, "1"), lapsed(0), ordered(day, "2"), lapsed(200 * day)}, "2", 200 * day},
		{"the last order was cancelled", []events.Event{ordered(long, "1"), ordered(-day, "2"), cancelled(-day, "2"), lapsed(0)}, "1", 0},
		{"asleep", []events.Event{ordered(long, "1"), lapsed(0), sent(30*day, "last-call", "1"), lapsed(40 * day)}, "", 0},
		{"asleep, and ordered", []events.Event{ordered(long, "1"), lapsed(0), sent(30*day, "last-call", "1"), ordered(40*day, "2"), lapsed(240 * day)}, "2", 240 * day},
		{"a list that was drawn before the last order", []events.Event{ordered(long, "1"), ordered(-time.Hour, "2"), stale(0)}, "", 0},
		{"it names no last order, and there is one of an hour ago", []events.Event{ordered(long, "1"), ordered(-time.Hour, "2"), lapsed(0)}, "", 0},
		{"the order that disproves it was cancelled", []events.Event{ordered(long, "1"), ordered(-time.Hour, "2"), cancelled(-time.Minute, "2"), stale(0)}, "1", 0},
		{"a true lapse after one that was none", []events.Event{ordered(long, "1"), ordered(-time.Hour, "2"), stale(0), lapsed(180 * day)}, "2", 180 * day},
		{"an id that cannot stand in a subject", []events.Event{ordered(long, "No. 1"), lapsed(0)}, touch.Token("No. 1"), 0},
		{"another event", []events.Event{lapsed(0), ordered(long, "1")}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := c.told[len(c.told)-1]
			got := worker(t, asIs).Plan(workers.Input{Event: last, Customer: new(fold(c.told...)), Now: last.Time})
			if c.occasion == "" {
				if len(got) != 0 {
					t.Fatalf("planned %+v, want nothing", got)
				}
				return
			}
			if len(got) != 3 || got[0].Occasion != c.occasion || !got[0].Due.Equal(noon.Add(c.due)) {
				t.Fatalf("planned %+v, want an episode %s from %v", got, c.occasion, noon.Add(c.due))
			}
		})
	}
}

func TestWanted(t *testing.T) {
	send := touch.Verdict{}
	drop := func(r reason.Reason) touch.Verdict { return touch.Verdict{Action: touch.Drop, Reason: r} }
	hold := func(after time.Duration) touch.Verdict { return touch.HoldUntil(noon.Add(after), reason.NotYet, "") }
	one, lapse := ordered(long, "1"), lapsed(0)
	missed := sent(0, "miss-you", "1")
	for _, c := range []struct {
		name, step, occasion string
		told                 []events.Event
		at                   time.Duration
		want                 touch.Verdict
	}{
		{"at once", "miss-you", "1", []events.Event{one, lapse}, 0, send},
		{"no order is known", "miss-you", "none", []events.Event{lapse}, 0, send},
		{"woken too early", "offer", "1", []events.Event{one, lapse, missed}, 14*day - 1, touch.MoveTo(noon.Add(14*day), "")},
		{"told again, nothing moves", "offer", "1", []events.Event{one, lapse, missed, lapsed(3 * day)}, 14 * day, send},
		{"a step that is no more", "third", "1", []events.Event{one, lapse}, 0, drop(reason.StepRemoved)},

		{"ordered since", "offer", "1", []events.Event{one, lapse, missed, ordered(day, "2")}, 14 * day, drop(reason.Purchased)},
		{"at the same instant", "miss-you", "1", []events.Event{one, lapse, ordered(0, "2")}, 0, drop(reason.Purchased)},
		{"ordered since, and cancelled", "offer", "1", []events.Event{one, lapse, missed, ordered(day, "2"), cancelled(2*day, "2")}, 14 * day, drop(reason.Purchased)},
		{"an order of before the lapse came in late", "miss-you", "1", []events.Event{one, lapse, ordered(-day, "2")}, 0, drop(reason.Purchased)},
		{"the order that disproves it came in late", "miss-you", "1", []events.Event{one, stale(0), ordered(-time.Hour, "2")}, 0, drop(reason.Purchased)},
		{"a cancelled one", "miss-you", "1", []events.Event{one, lapse, ordered(-day, "2"), cancelled(-day, "2")}, 0, send},
		{"an older one", "miss-you", "1", []events.Event{one, lapse, ordered(2*long, "0")}, 0, send},

		{"asleep", "offer", "1", []events.Event{one, lapse, sent(13*day, "last-call", "1")}, 14 * day, drop(reason.Sunset)},
		{"answered", "offer", "1", []events.Event{one, lapse, missed, sent(13*day, "last-call", "1"), at(14*day, &events.CustomerAnswered{Customer: who, Question: "why_left", Answer: "other"})}, 14 * day, send},

		{"the first step is pending still", "offer", "1", []events.Event{one, lapse}, 14 * day, hold(14*day + time.Second)},
		{"and will not be sent any more", "offer", "1", []events.Event{one, lapse}, 14*day + 1, send},
		{"the first step was dropped", "offer", "1", []events.Event{one, lapse, dropped(0, "miss-you", "1")}, 14 * day, send},

		{"sent before an order was known", "miss-you", "1", []events.Event{lapse, sent(0, "miss-you", "none"), one}, day, drop(reason.Bundled)},
		{"sent about an order that was cancelled then", "miss-you", "1", []events.Event{one, ordered(-100*day, "2"), lapse, sent(0, "miss-you", "2"), cancelled(day, "2")}, 2 * day, drop(reason.Bundled)},
		{"sent in an episode of before", "miss-you", "1", []events.Event{lapsed(2 * long), sent(2*long, "miss-you", "none"), one, lapse}, 0, send},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).Wanted(asked(c.step, c.occasion), workers.Input{Customer: new(fold(c.told...)), Now: noon.Add(c.at)})
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

func TestTheBiggerOfferIsForAMissOfTheSmaller(t *testing.T) {
	one, lapse := ordered(long, "1"), lapsed(0)
	for _, c := range []struct {
		name, step string
		told       []events.Event
		want       string
	}{
		{"the first step has none", "miss-you", []events.Event{one, lapse}, ""},
		{"the smaller", "offer", []events.Event{one, lapse}, "MISSYOU10"},
		{"it was sent, and not used", "last-call", []events.Event{one, lapse, issued(14*day, "offer", "1", "MISSYOU10"), sent(14*day, "offer", "1")}, "LASTCALL20"},
		{"it was sent, and is good still", "last-call", []events.Event{one, lapse, issued(20*day, "offer", "1", "MISSYOU10"), sent(20*day, "offer", "1")}, "MISSYOU10"},
		{"sent without it: they had had enough offers", "last-call", []events.Event{one, lapse, sent(14*day, "offer", "1")}, "MISSYOU10"},
		{"used, with an order that was cancelled", "last-call", []events.Event{one, lapse, issued(14*day, "offer", "1", "MISSYOU10"), sent(14*day, "offer", "1"),
			ordered(15*day, "2", " missyou10 "), cancelled(15*day, "2")}, "MISSYOU10"},
		{"it was never sent", "last-call", []events.Event{one, lapse}, "MISSYOU10"},
		{"it was dropped", "last-call", []events.Event{one, lapse, dropped(14*day, "offer", "1")}, "MISSYOU10"},
		{"nobody knows", "last-call", []events.Event{one, lapse, uncertain(14*day, "offer", "1")}, "MISSYOU10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).Compose(asked(c.step, "1"), workers.Input{Customer: new(fold(c.told...)), Now: noon.Add(30 * day)})
			value := ""
			if got.Offer != nil {
				value = got.Offer.Value
			}
			if value != c.want || got.Detail == "" {
				t.Errorf("offers %q (%s), want %q", value, got.Detail, c.want)
			}
		})
	}
}

// A shop may tell every night who has lapsed. That moves nothing, also when it is
// more often than is kept.
func TestWhatCannotBeBoughtIsNotShown(t *testing.T) {
	gone := false
	shop := (*product.Snapshot)(nil).Hear([]events.Event{at(0, &events.ProductUpdated{Product: events.Product{ID: "pot", Available: &gone}})}, customer.Cursor{1})
	x := asked("miss-you", "1")
	x.Snapshot.Items = []events.Item{{ProductID: "tea"}, {ProductID: "pot"}}
	in := workers.Input{Customer: new(fold(ordered(long, "1"), lapsed(0))), Products: shop, Now: noon}
	got := worker(t, asIs).Compose(x, in)
	if d := cmp.Diff([]events.Item{{ProductID: "tea"}}, got.Items); d != "" || !strings.Contains(got.Detail, "pot") {
		t.Errorf("shown (-want +got):\n%s\n%s", d, got.Detail)
	}
	x.Snapshot.Items = x.Snapshot.Items[1:]
	if got := worker(t, asIs).Compose(x, in); got.Items == nil || len(got.Items) != 0 {
		t.Errorf("%v is shown, want nothing", got.Items)
	}
}

func TestTellingTheLapseEveryNightMovesNothing(t *testing.T) {
	told := []events.Event{ordered(long, "1")}
	for i := range customer.MaxNotes + 15 {
		told = append(told, lapsed(time.Duration(i)*day))
	}
	told = append(told, sent(0, "miss-you", "1"), issued(14*day, "offer", "1", "MISSYOU10"), sent(14*day, "offer", "1"))
	w := worker(t, func(c *winback.Config) { c.Steps[2].After = 60 * day })
	now := noon.Add(60 * day)
	if got := w.Plan(workers.Input{Event: lapsed((customer.MaxNotes + 14) * day), Customer: new(fold(told...)), Now: now}); len(got) != 0 {
		t.Errorf("planned again: %+v", got)
	}
	x := asked("last-call", "1")
	x.Due = now
	in := workers.Input{Customer: new(fold(told...)), Now: now}
	if v := w.Wanted(x, in); v.Action != touch.Send {
		t.Errorf("the last call: %+v", v)
	}
	if got := w.Compose(x, in); got.Offer == nil || got.Offer.Value != "LASTCALL20" {
		t.Errorf("offers %+v", got.Offer)
	}
}

func TestOffersThatAreNotBiggerAreTheirOwn(t *testing.T) {
	gbp := func(s string) workers.Amount { return workers.Amount{Amount: s, Currency: "GBP"} }
	for _, c := range []struct {
		name        string
		small, last workers.Offer
		own         bool
	}{
		{"less", workers.Offer{Percent: 20}, workers.Offer{Percent: 10}, true},
		{"the same", workers.Offer{Percent: 10}, workers.Offer{Percent: 10}, true},
		{"less money", workers.Offer{Amount: gbp("5.00")}, workers.Offer{Amount: gbp("4.99")}, true},
		{"more money", workers.Offer{Amount: gbp("5.00")}, workers.Offer{Amount: gbp("5.01")}, false},
		{"money and a share", workers.Offer{Amount: gbp("5.00")}, workers.Offer{Percent: 1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.small.Valid, c.small.Code, c.small.Value = day, offer.Static, "SMALL"
			c.last.Valid, c.last.Code, c.last.Value = day, offer.Static, "LAST"
			w := worker(t, func(k *winback.Config) { k.Steps[1].Offer, k.Steps[2].Offer = &c.small, &c.last })
			got := w.Compose(asked("last-call", "1"), workers.Input{Customer: new(fold(ordered(long, "1"), lapsed(0)))})
			if (got.Offer.Value == "LAST") != c.own {
				t.Errorf("offers %s", got.Offer.Value)
			}
		})
	}
}

func TestTheLastStepIsTheLastWord(t *testing.T) {
	for _, sunset := range []bool{true, false} {
		w := worker(t, func(c *winback.Config) { c.Sunset = sunset })
		for i, s := range w.Steps {
			if s.Sunset != (sunset && i == 2) || s.Expires != 14*day || s.Class != touch.Marketing {
				t.Errorf("sunset %v: step %+v", sunset, s)
			}
		}
	}
	w := worker(t, func(c *winback.Config) { c.Lapse = workers.Lapse{Days: 90, MaxChance: 0.25} })
	if *w.Lapse != (workers.Lapse{Days: 90, MaxChance: 0.25}) {
		t.Errorf("Lapse is %+v", *w.Lapse)
	}
}

// back is a shop in which half of those with one order come back within 90 days after a
// month of silence, and the more orders, the more do.
var back = &product.Snapshot{Version: 1, Lapse: foresight.Lapse{Level: math.Log(35), Silence: -1, Orders: 1, People: 1000}}

func TestTheChanceThatTheyComeBackPutsOffALapse(t *testing.T) {
	known := back.ComesBack()
	for _, c := range []struct {
		name   string
		rule   workers.Lapse
		known  foresight.Lapse
		orders int
		days   int
	}{
		{"not known: the days alone", workers.Lapse{Days: 180, MaxChance: 0.3}, foresight.Lapse{}, 9, 180},
		{"one order", workers.Lapse{Days: 180, MaxChance: 0.3}, known, 1, 180},
		{"five orders", workers.Lapse{Days: 180, MaxChance: 0.3}, known, 5, 404}, // 35·5·0.7/0.3 − 5 = 403.3
		{"no longer than three times the days", workers.Lapse{Days: 180, MaxChance: 0.3}, known, 50, 540},
		{"the days alone, as the shop wants it", workers.Lapse{Days: 180, MaxChance: 1}, known, 50, 180},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.rule.After(c.known, c.orders); got != time.Duration(c.days)*day {
				t.Errorf("after %v, want %d days", got, c.days)
			}
			if c.rule.After(c.known, c.orders) > c.rule.Latest(c.known) {
				t.Errorf("later than %v", c.rule.Latest(c.known))
			}
		})
	}
}

func TestNoDiscountForThoseWhoComeBackAnyway(t *testing.T) {
	w := worker(t, func(*winback.Config) {})
	compose := func(orders int, known *product.Snapshot) workers.Wording {
		es := []events.Event{ordered(-190*day, "1")}
		for i := range orders - 1 {
			es = append(es, ordered(-time.Duration(220+i)*day, fmt.Sprint("before", i)))
		}
		return w.Compose(asked("offer", "1"), workers.Input{Customer: new(fold(append(es, lapsed(0))...)), Products: known, Now: noon})
	}
	for _, c := range []struct {
		name   string
		orders int
		known  *product.Snapshot
		offer  bool
		why    string
	}{
		{"not known", 9, nil, true, "it is too early to say how likely they are to come back on their own"},
		{"one order", 1, lower, true, "8 % likely to order on their own within 90 days"},
		{"nine orders", 9, lower, false, "likely to order on their own within 90 days; sent without its offer, which is for those who are at most 15 % likely to"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := compose(c.orders, c.known)
			if (got.Offer != nil) != c.offer || !strings.Contains(got.Detail, c.why) {
				t.Errorf("offer %+v; %s", got.Offer, got.Detail)
			}
		})
	}
	why, text := w.Silence(workers.Input{Customer: new(fold(ordered(-10*day, "1"))), Products: lower, Now: noon, Zone: time.UTC})
	if why != reason.NotYet || !strings.Contains(text, "likely to order on their own within 90 days; counts as lapsed from ") {
		t.Errorf("%s %s", why, text)
	}
}

// lower is a shop in which 8 % of those with one order come back after 190 days.
var lower = &product.Snapshot{Version: 1, Lapse: foresight.Lapse{Level: math.Log(195 * 0.08 / 0.92), Silence: -1, Orders: 0.7, People: 1000}}

func TestTheConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *winback.Config)
		want string // part of the error
	}{
		{"no days", func(c *winback.Config) { c.Lapse.Days = 0 }, "lapse.days: 0"},
		{"a chance of nothing", func(c *winback.Config) { c.Lapse.MaxChance = 0 }, "lapse.max_chance: 0"},
		{"a chance that is no number", func(c *winback.Config) { c.Lapse.MaxChance = math.NaN() }, "lapse.max_chance: NaN"},
		{"the key of before", func(c *winback.Config) { c.Lapse.TimesOwnInterval = 3 }, "lapse.times_own_interval: is no longer used; remove it, and write max_chance"},
		{"offers to nobody", func(c *winback.Config) { c.OfferMaxChance = 0 }, "offer_max_chance: 0"},
		{"steps", func(c *winback.Config) { c.Steps[0].Template = "x" }, "steps[0].template"},
		{"an offer", func(c *winback.Config) { c.Steps[2].Offer.Percent = 101 }, "steps[2].offer.percent"},
		{"status", func(c *winback.Config) { c.Status = "on" }, `status: "on"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := winback.Kind.New(workertest.Section(c.set)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
	broken := errors.New("unknown key")
	if _, err := winback.Kind.New(func(any) error { return broken }); !errors.Is(err, broken) {
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
		var got winback.Config // empty: what the file does not mention shows
		if err := store.Workers[winback.Name].Decode(&got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(winback.Defaults(), got); d != "" {
			t.Errorf("store %s: the file is not the defaults (-defaults +file):\n%s", id, d)
		}
	}
}
