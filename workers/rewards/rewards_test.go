package rewards_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

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
		"reward.then[0].points": func(c *rewards.Config) { two(c); c.Reward.Then[0].Points = 200 },
		"reward.then[1].points": func(c *rewards.Config) {
			two(c)
			c.Reward.Then = append(c.Reward.Then, rewards.Further{Points: 400, Offer: c.Reward.Offer})
		},
		"reward.then[0].offer":          func(c *rewards.Config) { two(c); c.Reward.Then[0].Offer = nil },
		"reward.then[0].offer.valid":    func(c *rewards.Config) { two(c); c.Reward.Then[0].Offer.Valid = 0 },
		"reward.then[0].offer.segments": func(c *rewards.Config) { two(c); c.Reward.Then[0].Offer.Segments = []string{"loyal"} },
		"reward.then":                   func(c *rewards.Config) { two(c); c.Reward.Offer.Code = "none" },
		"progress_within":               func(c *rewards.Config) { c.ProgressWithin = 200 },
		"expiring":                      func(c *rewards.Config) { c.Expiring = []time.Duration{7 * day, 30 * day} },
		"class":                         func(c *rewards.Config) { c.Class = touch.Transactional },
		"tiers.by":                      func(c *rewards.Config) { c.Tiers.By = "orders" },
		"tiers.currency":                func(c *rewards.Config) { c.Tiers.By = "spend" },
		"tiers.window":                  func(c *rewards.Config) { c.Tiers.Window = "year" },
		"tiers.steps[1].from":           func(c *rewards.Config) { tiered(c); c.Tiers.Steps[1].From = "100" },
		"at_risk":                       func(c *rewards.Config) { tiered(c); c.Tiers.Window, c.Tiers.Grace = "calendar", 0 },
	} {
		if _, err := rewards.Kind.New(workertest.Section(set)); err == nil || !strings.Contains(err.Error(), want+":") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// two is a programme of two rewards: one at 200 points, one at 500.
func two(c *rewards.Config) {
	c.Pending = 0
	c.Reward.Then = []rewards.Further{{Points: 500, Offer: &workers.Offer{Amount: workers.Amount{Amount: "12.00", Currency: "GBP"}, Valid: 60 * day, Code: "list", List: "twelve"}}}
}

// paid is the fact that a reward of so many points was paid for.
func paid(n int, step, occasion string, points int) events.Event {
	return on(n, "i"+step+occasion, &events.OfferIssued{Touch: touchOf(step, occasion).ID(), Worker: rewards.Name, Code: "REWARD-1", Percent: 10, Points: points})
}

func TestRewardsAreGivenInTurn(t *testing.T) {
	w := workertest.New(t, rewards.Kind, two)
	first, second := paid(6, "earned", "1-20260302", 200), paid(8, "earned-2", "2-20260309", 300)
	for _, c := range []struct {
		name string
		now  int
		es   []events.Event
		want []string
	}{
		{"enough for both", 5, []events.Event{order(0, "1", 510)}, []string{"earned 1-20260302"}},
		{"the first is paid for", 6, []events.Event{order(0, "1", 510), first}, []string{"earned-2 2-20260309"}},
		{"both are", 9, []events.Event{order(0, "1", 510), first, second}, nil},
		{"little is missing for the second", 6, []events.Event{order(0, "1", 470), first}, []string{"progress 2"}},
		{"more is missing than for a first one", 6, []events.Event{order(0, "1", 390), first}, nil},
		{"the first again", 10, []events.Event{order(0, "1", 510), first, second, order(10, "2", 190)}, []string{"earned 3-20260312"}},
		{"two of 150, before there were others", 9, []events.Event{order(0, "1", 510), paid(2, "earned", "1", 150), paid(4, "earned", "2", 150)}, []string{"earned-2 3-20260307"}},
		{"four of them: a round is over", 9, []events.Event{order(0, "1", 830), paid(1, "earned", "1", 150), paid(2, "earned", "2", 150), paid(3, "earned", "3", 150), paid(4, "earned", "4", 150)}, []string{"earned 5-20260307"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, x := range w.Plan(input(c.now, c.es)) {
				if strings.HasPrefix(x.Step, "earned") || x.Step == "progress" {
					got = append(got, x.Step+" "+x.Occasion)
				}
			}
			if d := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestAnEmailOfEachRewardSaysWhatItIsAndWhatIsNext(t *testing.T) {
	w := workertest.New(t, rewards.Kind, two)
	es := []events.Event{order(0, "1", 520)}
	say := func(step, occasion string, now int) string {
		x := w.Compose(touchOf(step, occasion), input(now, es))
		terms := "no offer"
		if x.Offer != nil {
			terms = fmt.Sprintf("%d%% %s for %d", x.Offer.Percent, x.Offer.Amount, x.Offer.Points)
		}
		return fmt.Sprintf("%s; %d left, %d of %d missing", terms, x.Points.Balance, x.Points.Needed, x.Points.Reward)
	}
	was := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	was(say("joined", "member", 1), "no offer; 520 left, 0 of 200 missing")
	was(say("earned", "1-20260302", 1), "10% 0.00 for 200; 320 left, 0 of 300 missing")
	es = append(es, paid(2, "earned", "1-20260302", 200))
	was(say("earned", "1-20260302", 3), "10% 0.00 for 200; 320 left, 0 of 300 missing") // again, after a crash
	was(say("earned-2", "2-20260305", 3), "0% 12.00 GBP for 300; 20 left, 180 of 200 missing")
	es = append(es, paid(3, "earned-2", "2-20260305", 300))
	was(say("earned-2", "2-20260305", 4), "0% 12.00 GBP for 300; 20 left, 180 of 200 missing")
	was(say("progress", "3", 4), "no offer; 20 left, 180 of 200 missing")
	if v := w.Wanted(touchOf("earned-2", "2-20260305"), input(4, es)); v.Reason != "" {
		t.Errorf("bound and paid for: %+v", v)
	}
	if v := w.Wanted(touchOf("earned-3", "3"), input(4, es)); v.Reason != "step_removed" {
		t.Errorf("no such reward: %+v", v)
	}
	if _, why := w.Silence(input(4, es)); why != "20 points; the next reward, at 200, takes 200" {
		t.Error(why)
	}
}

// However points come in, one order or many, the same rewards are paid for with them.
func TestInWhateverStepsPointsComeTheRewardsAreTheSame(t *testing.T) {
	w := workertest.New(t, rewards.Kind, two)
	rapid.Check(t, func(t *rapid.T) {
		var es []events.Event
		sum, given, now := 0, map[string]int{}, 0
		for sum < 1300 {
			now++
			n := min(rapid.IntRange(1, 900).Draw(t, "pounds"), 1300-sum)
			sum += n
			es = append(es, order(now, fmt.Sprint("o", now), int64(n)))
			for range rapid.IntRange(0, 3).Draw(t, "days until the next order") {
				now++
				es = pay(w, now, es, given)
			}
		}
		for range 12 {
			now++
			es = pay(w, now, es, given)
		}
		// 200, 500; 700, 1000; 1200
		if d := cmp.Diff(map[string]int{"earned": 3, "earned-2": 2}, given); d != "" {
			t.Fatal(d)
		}
		shuffled := slices.Clone(es)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(es), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a, b := w.Ledger(input(now, es)), w.Ledger(input(now, append(shuffled, es...)))
		if d := cmp.Diff(a.Lines, b.Lines); d != "" || a.Next != b.Next || a.Balance != 100 || a.Next.Taken != 200 {
			t.Fatalf("%+v, %+v: %s", a.Next, b.Next, d)
		}
	})
}

// pay has the rewards that are due by then bound, as delivery does.
func pay(w workers.Worker, now int, es []events.Event, given map[string]int) []events.Event {
	in := input(now, es)
	for _, x := range w.Plan(in) {
		if !strings.HasPrefix(x.Step, "earned") || x.Due.After(in.Now) || w.Wanted(x, in).Reason != "" {
			continue
		}
		given[x.Step]++
		es = append(es, paid(now, x.Step, x.Occasion, w.Compose(x, in).Offer.Points))
	}
	return es
}

// What a reward takes beyond the one before bounds what "little is missing" may mean.
func TestLittleMissingIsLessThanAnyRewardTakes(t *testing.T) {
	near := func(c *rewards.Config) { two(c); c.Reward.Then[0].Points = 230 }
	if _, err := rewards.Kind.New(workertest.Section(near)); err == nil || !strings.Contains(err.Error(), "progress_within: 40 is not less than the 30 points") {
		t.Error(err)
	}
	if _, err := rewards.Kind.New(workertest.Section(func(c *rewards.Config) { near(c); c.ProgressWithin = 29 })); err != nil {
		t.Error(err)
	}
}
