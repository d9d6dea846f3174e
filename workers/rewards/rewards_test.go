package rewards_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/rewards"
	"homing/workers/workertest"
)

const day = 24 * time.Hour

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ann  = customer.Key{Store: "main", Token: "abcdefghijklmnop"}
	who  = events.Customer{ID: "ann"}
)

func on(n int, id string, d events.Data) events.Event {
	return events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: noon.Add(time.Duration(n) * day), Data: d}
}

func order(n int, id string, pounds int64) events.Event {
	return on(n, "o"+id, &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, Total: events.Money{Minor: 100 * pounds, Currency: "GBP"},
		Items: []events.Item{{ProductID: "tea", Quantity: 1}}}})
}

func cancelled(n int, id string) events.Event {
	return on(n, "c"+id, &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: id}})
}

func touchOf(step, occasion string) touch.Touch {
	return touch.Touch{Worker: rewards.Name, Step: step, Customer: ann, Occasion: occasion, Due: noon, Snapshot: &touch.Snapshot{}}
}

// issued is the fact that the code of a reward was bound, and paid for.
func issued(n int, occasion string) events.Event {
	return on(n, "i"+occasion, &events.OfferIssued{Touch: touchOf(rewards.Earned, occasion).ID(), Worker: rewards.Name, Code: "REWARD-1", Percent: 10, Points: 200})
}

func input(n int, es []events.Event) workers.Input {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return workers.Input{Customer: &c, Key: ann, Zone: time.UTC, Now: noon.Add(time.Duration(n) * day)}
}

func atOnce(c *rewards.Config) { c.Pending = 0 }

func tiered(c *rewards.Config) {
	c.Pending = 0
	c.Tiers = rewards.Tiers{By: "spend", Currency: "GBP", Window: "rolling", Grace: 60 * day, Steps: []rewards.Tier{{Name: "Silver", From: "100"}, {Name: "Gold", From: "300"}}}
}

// The emails that a customer's ledger leads to, each with its occasion and the day, counted
// from noon of the first, on which it is due.
func TestWhatALedgerLeadsTo(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*rewards.Config)
		now  int
		es   []events.Event
		want []string
	}{
		{"nothing happened", atOnce, 0, nil, nil},
		{"nobody asked", func(c *rewards.Config) { c.Membership = "asked" }, 0, []events.Event{order(0, "1", 50)}, nil},
		{"a first order", atOnce, 0, []events.Event{order(0, "1", 50)}, []string{"joined member 1", "expiring 2028-04-01 731", "expiring-soon 2028-04-01 754"}},
		{"a first order that may be sent back", func(*rewards.Config) {}, 0, []events.Event{order(0, "1", 50)},
			[]string{"joined member 1", "expiring 2028-04-01 731", "expiring-soon 2028-04-01 754"}},
		{"an order that was cancelled", atOnce, 3, []events.Event{order(0, "1", 50), cancelled(2, "1")}, nil},
		{"little is missing", atOnce, 5, []events.Event{order(0, "1", 150), order(5, "2", 38)}, []string{"progress 1 7"}},
		{"enough", atOnce, 5, []events.Event{order(0, "1", 150), order(5, "2", 60)}, []string{"earned 1-20260307 5"}},
		{"enough, once it cannot be sent back", func(*rewards.Config) {}, 5, []events.Event{order(0, "1", 150), order(5, "2", 60)}, []string{"earned 1-20260321 19"}},
		{"enough again, after another order", atOnce, 9, []events.Event{order(0, "1", 210), order(9, "2", 5)}, []string{"earned 1-20260311 9"}},
		{"paid for", atOnce, 6, []events.Event{order(0, "1", 150), order(5, "2", 60), issued(6, "1-20260307")}, nil},
		{"enough for two", atOnce, 6, []events.Event{order(0, "1", 430), issued(6, "1-20260302")}, []string{"earned 2-20260309 7"}},
		{"nearly enough for the next", atOnce, 6, []events.Event{order(0, "1", 390), issued(6, "1-20260302")}, []string{"progress 2 8"}},
		{"a tier", tiered, 0, []events.Event{order(0, "1", 120)}, []string{"tier 1-2026 0", "at-risk 1-2027-05-01 395"}},
		{"the next one", tiered, 9, []events.Event{order(0, "1", 120), order(9, "2", 190)}, []string{"tier 2-2026 9", "at-risk 2-2027-05-01 395", "earned 1-20260311 9"}},
		{"a tier that was never one", tiered, 9, []events.Event{order(0, "1", 120), cancelled(9, "1")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := workertest.New(t, rewards.Kind, c.set)
			var got []string
			for _, x := range w.Plan(input(c.now, c.es)) {
				if len(c.want) == 0 || slices.ContainsFunc(c.want, func(s string) bool { return strings.HasPrefix(s, "joined") }) || x.Step != "joined" && !strings.HasPrefix(x.Step, "expiring") {
					if strings.HasPrefix(x.Step, "expiring") && c.now > 0 {
						continue
					}
					if x.Step == "joined" && c.now > 0 {
						continue
					}
					got = append(got, fmt.Sprintf("%s %s %d", x.Step, x.Occasion, localtime.DateOf(noon).Until(localtime.DateOf(x.Due.UTC()))))
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if d := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
		})
	}
}

// What was planned is not wanted any more once the ledger does not lead to it.
func TestWhatIsNotSoAnyMoreIsNotSent(t *testing.T) {
	w := workertest.New(t, rewards.Kind, tiered)
	two := []events.Event{order(0, "1", 150), order(5, "2", 60)}
	for _, c := range []struct {
		name string
		t    touch.Touch
		now  int
		es   []events.Event
		want string // the reason; empty: it is sent
	}{
		{"enough", touchOf("earned", "1-20260307"), 6, two, ""},
		{"sent back", touchOf("earned", "1-20260307"), 7, append(slices.Clone(two), cancelled(6, "2")), "points_changed"},
		{"its code is bound, and paid for", touchOf("earned", "1-20260307"), 7, append(slices.Clone(two), issued(6, "1-20260307")), ""},
		{"paid for by another", touchOf("earned", "1-20260302"), 7, append(slices.Clone(two), issued(6, "1-20260307")), "points_changed"},
		{"little is missing no more", touchOf("progress", "1"), 8, two, "points_changed"},
		{"expiring", touchOf("expiring", "2028-04-01"), 735, two, ""},
		{"spent before it expires", touchOf("expiring", "2028-04-01"), 735, append(slices.Clone(two), issued(6, "1-20260307"), on(9, "a", &events.PointsAdjusted{Customer: who, Adjustment: events.Adjustment{ID: "1", Points: -10}})), "points_changed"},
		{"too early", touchOf("expiring", "2028-04-01"), 9, two, "not_yet"},
		{"a tier", touchOf("tier", "1-2026"), 3, two[:1], ""},
		{"a higher one by now", touchOf("tier", "1-2026"), 9, append(slices.Clone(two), order(9, "3", 200)), "points_changed"},
		{"it ends", touchOf("at-risk", "1-2027-05-01"), 400, two, ""},
		{"it goes on", touchOf("at-risk", "1-2027-05-01"), 400, append(slices.Clone(two), order(300, "3", 250)), "points_changed"},
		{"no such email", touchOf("nothing", "1"), 6, two, "step_removed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v := w.Wanted(c.t, input(c.now, c.es)); string(v.Reason) != c.want {
				t.Errorf("%+v", v)
			}
		})
	}
}

func TestWhatAnEmailSays(t *testing.T) {
	w := workertest.New(t, rewards.Kind, tiered)
	es := []events.Event{order(0, "1", 150), order(5, "2", 60)}
	got := w.Compose(touchOf("earned", "1-20260307"), input(5, es))
	if got.Points.Balance != 10 || got.Offer == nil || got.Offer.Points != 200 {
		t.Errorf("%+v, %+v", got.Points, got.Offer)
	}
	if got := w.Compose(touchOf("earned", "1-20260307"), input(6, append(slices.Clone(es), issued(6, "1-20260307")))); got.Points.Balance != 10 {
		t.Errorf("made again: %+v", got.Points)
	}
	if got := w.Compose(touchOf("expiring", "2028-04-01"), input(740, es)).Points; got.Expiring != 210 || !got.Day.Equal(time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", got)
	}
	if got := w.Compose(touchOf("tier", "1-2026"), input(5, es)).Points; got.Tier != "Silver" || got.Next != "Gold" || got.Spend != (events.Money{Minor: 9000, Currency: "GBP"}) {
		t.Errorf("%+v", got)
	}
	if got := w.Compose(touchOf("at-risk", "1-2027-05-01"), input(400, es)).Points; got.Tier != "Silver" || got.Spend.Minor != 10000 {
		t.Errorf("%+v", got)
	}
}

func TestAWrongProgrammeIsRefused(t *testing.T) {
	for want, set := range map[string]func(*rewards.Config){
		"membership":            func(c *rewards.Config) { c.Membership = "paid" },
		"starts":                func(c *rewards.Config) { c.Starts = "1 March" },
		"earn[0].points":        func(c *rewards.Config) { c.Earn = []rewards.Rate{{Points: "0"}} },
		"earn[0].from":          func(c *rewards.Config) { c.Earn = []rewards.Rate{{Points: "1", From: "now"}} },
		"pending":               func(c *rewards.Config) { c.Pending = -day },
		"bonus.review":          func(c *rewards.Config) { c.Bonus.Review = -1 },
		"reward.points":         func(c *rewards.Config) { c.Reward.Points, c.ProgressWithin = 0, 0 },
		"reward.offer.percent":  func(c *rewards.Config) { c.Reward.Offer.Percent = 101 },
		"reward.offer.segments": func(c *rewards.Config) { c.Reward.Offer.Segments = []string{"loyal"} },
		"progress_within":       func(c *rewards.Config) { c.ProgressWithin = 200 },
		"expiring":              func(c *rewards.Config) { c.Expiring = []time.Duration{7 * day, 30 * day} },
		"class":                 func(c *rewards.Config) { c.Class = touch.Transactional },
		"tiers.by":              func(c *rewards.Config) { c.Tiers.By = "orders" },
		"tiers.currency":        func(c *rewards.Config) { c.Tiers.By = "spend" },
		"tiers.window":          func(c *rewards.Config) { c.Tiers.Window = "year" },
		"tiers.steps[1].from":   func(c *rewards.Config) { tiered(c); c.Tiers.Steps[1].From = "100" },
		"at_risk":               func(c *rewards.Config) { tiered(c); c.Tiers.Window, c.Tiers.Grace = "calendar", 0 },
	} {
		if _, err := rewards.Kind.New(workertest.Section(set)); err == nil || !strings.Contains(err.Error(), want+":") {
			t.Errorf("%s: %v", want, err)
		}
	}
}
