package subscription_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/subscription"
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

// of is a subscription that renews so long after noon, every count units.
func of(id string, renews time.Duration, every string, count int) events.Subscription {
	return events.Subscription{ID: id, Name: "Coffee", Items: []events.Item{{ProductID: "coffee", Quantity: 1}}, Interval: every, IntervalCount: count, NextRenewalAt: new(noon.Add(renews))}
}

func monthly(renews time.Duration) events.Subscription { return of("S", renews, events.EveryMonth, 0) }

func started(after time.Duration, s events.Subscription) events.Event {
	return at(after, &events.SubscriptionStarted{Customer: who, Subscription: s})
}

func updated(after time.Duration, s events.Subscription) events.Event {
	return at(after, &events.SubscriptionUpdated{Customer: who, Subscription: s})
}

func renewed(after time.Duration, s events.Subscription) events.Event {
	return at(after, &events.SubscriptionRenewed{Customer: who, Subscription: s})
}

func paused(after time.Duration) events.Event {
	return at(after, &events.SubscriptionPaused{Customer: who, Subscription: events.Subscription{ID: "S"}})
}

func resumed(after time.Duration, s events.Subscription) events.Event {
	return at(after, &events.SubscriptionResumed{Customer: who, Subscription: s})
}

func ended(after time.Duration, why string) events.Event {
	return at(after, &events.SubscriptionCancelled{Customer: who, Subscription: events.Subscription{ID: "S"}, Reason: why})
}

func failed(after time.Duration) events.Event {
	return at(after, &events.SubscriptionPaymentFailed{Customer: who, Subscription: events.Subscription{ID: "S"}, RetryAt: new(noon.Add(after + 3*day))})
}

func ordered(after time.Duration, bySubscription bool) events.Event {
	return at(after, &events.OrderPlaced{Customer: who, Order: events.Order{ID: "1", Items: []events.Item{{ProductID: "coffee", Quantity: 1, Subscription: bySubscription}}}})
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func asIs(*subscription.Config) {}

func worker(t *testing.T, set func(*subscription.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, subscription.Kind, set)
}

// planned is what the last of some events leads to, each told at its time.
func planned(t *testing.T, set func(*subscription.Config), es ...events.Event) []touch.Touch {
	t.Helper()
	last := es[len(es)-1]
	out := worker(t, set).Plan(workers.Input{Event: last, Customer: new(fold(es...)), Key: ann, Now: last.Time})
	for i := range out {
		out[i].Customer = ann
	}
	return out
}

func in(d time.Duration) string {
	return strings.TrimSuffix(fmt.Sprint((d).Hours()/24), ".0")
}

func TestWhatIsPlanned(t *testing.T) {
	// Reminders leave at nine: of a renewal at noon seven days and three hours before it.
	const week = 7*day + 3*time.Hour
	for _, c := range []struct {
		name string
		told []events.Event // the last one plans
		want string         // the steps, and when, in days after noon
	}{
		{"started", []events.Event{started(0, monthly(30*day))}, "renewal " + in(30*day-week)},
		{"renewed", []events.Event{started(-30*day, monthly(0)), renewed(0, monthly(30*day))}, "renewal " + in(30*day-week)},
		{"announced", []events.Event{at(0, &events.SubscriptionRenewing{Customer: who, Subscription: monthly(10 * day)})}, "renewal " + in(10*day-week)},
		{"announced late, and still in time", []events.Event{at(0, &events.SubscriptionRenewing{Customer: who, Subscription: monthly(2 * day)})}, "renewal " + in(2*day-week)},
		{"announced when it has renewed", []events.Event{at(0, &events.SubscriptionRenewing{Customer: who, Subscription: monthly(-time.Hour)})}, ""},
		{"skipped", []events.Event{started(-20*day, monthly(10*day)), updated(0, monthly(40*day))}, "renewal " + in(40*day-week)},
		{"started so late that they know", []events.Event{started(0, monthly(3*day))}, ""},
		{"weekly", []events.Event{started(0, of("S", 7*day, events.EveryWeek, 0))}, ""},
		{"four-weekly", []events.Event{started(0, of("S", 28*day, events.EveryWeek, 4))}, "renewal " + in(28*day-week)},
		{"yearly", []events.Event{started(0, of("S", 365*day, events.EveryYear, 0))}, "renewal " + in(365*day-21*day-3*time.Hour)},
		{"how often is not known", []events.Event{started(0, of("S", 30*day, "", 0))}, "renewal " + in(30*day-week)},
		{"when is not known", []events.Event{started(0, events.Subscription{ID: "S", Interval: events.EveryMonth})}, ""},
		{"when is known from before", []events.Event{started(-10*day, monthly(20*day)), updated(0, events.Subscription{ID: "S"})}, "renewal " + in(20*day-week)},
		{"changed while it is paused", []events.Event{started(-10*day, monthly(20*day)), paused(-day), updated(0, monthly(20*day))}, ""},
		{"resumed", []events.Event{started(-10*day, monthly(20*day)), paused(-day), resumed(0, monthly(25*day))}, "renewal " + in(25*day-week)},
		{"changed after it was cancelled", []events.Event{started(-10*day, monthly(20*day)), ended(-day, ""), updated(0, monthly(20*day))}, ""},
		{"not paid", []events.Event{started(-30*day, monthly(0)), failed(0)}, "payment 0, payment-again 5"},
		{"not paid again", []events.Event{started(-30*day, monthly(0)), failed(-3 * day), failed(0)}, "payment -3, payment-again 2"},
		{"not paid, told after it was", []events.Event{renewed(day, monthly(30*day)), failed(0)}, ""},
		{"cancelled", []events.Event{started(-30*day, monthly(0)), ended(0, events.CancelRequested)}, "come-back 14"},
		{"cancelled, nobody said why", []events.Event{ended(0, "")}, "come-back 14"},
		{"cancelled, and goes on for a while", []events.Event{at(0, &events.SubscriptionCancelled{Customer: who, Subscription: events.Subscription{ID: "S"}, EndsAt: new(noon.Add(20 * day))})}, "come-back 34"},
		{"died", []events.Event{started(-30*day, monthly(0)), ended(0, events.CancelDeceased)}, ""},
		{"cheated", []events.Event{started(-30*day, monthly(0)), ended(0, events.CancelFraud)}, ""},
		{"not offered any more", []events.Event{started(-30*day, monthly(0)), ended(0, events.CancelDiscontinued)}, ""},
		{"cancelled, told after it started again", []events.Event{started(day, monthly(30*day)), ended(0, "")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, x := range planned(t, asIs, c.told...) {
				got = append(got, x.Step+" "+in(x.Due.Sub(noon)))
				if x.Snapshot == nil || x.Snapshot.Subscription == nil || x.Snapshot.Subscription.ID != "S" || x.Occasion != touch.Token(x.Occasion) {
					t.Errorf("it does not say what it is of: %+v", x)
				}
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("planned %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatWasBroughtOverLeadsToRemindersAlone(t *testing.T) {
	for _, e := range []events.Event{failed(0), ended(0, "")} {
		e.Historical = true
		if got := planned(t, asIs, e); len(got) != 0 {
			t.Errorf("%s: %+v", e.Type, got)
		}
	}
	e := started(0, monthly(30*day))
	e.Historical = true
	if got := planned(t, asIs, e); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestTheRuleOfTheCountryCounts(t *testing.T) {
	set := func(c *subscription.Config) {
		c.Renewals = append([]subscription.Rule{{MinInterval: 300 * day, Before: 35 * day, Countries: []string{"FR"}}}, c.Renewals...)
	}
	for country, before := range map[string]time.Duration{"FR": 35, "DE": 21, "": 21} {
		e := started(0, of("S", 365*day, events.EveryYear, 0))
		d := e.Data.(*events.SubscriptionStarted)
		d.Country, d.TimeZone = country, "UTC"
		if got := planned(t, set, e); len(got) != 1 || !got[0].Due.Equal(noon.Add(365*day-before*day-3*time.Hour)) {
			t.Errorf("%q: %+v", country, got)
		}
	}
}

// A reminder leaves at nine on the clocks of the customer, and is early rather than late.
func TestAReminderHasItsTimeOfDay(t *testing.T) {
	for zone, want := range map[string]string{"Europe/London": "2025-07-03 08:00", "America/Los_Angeles": "2025-07-02 16:00", "Asia/Tokyo": "2025-07-03 00:00"} {
		e := started(0, monthly(30*day)) // 10 July at noon, UTC
		e.Data.(*events.SubscriptionStarted).TimeZone = zone
		if got := planned(t, asIs, e); len(got) != 1 || got[0].Due.UTC().Format("2006-01-02 15:04") != want {
			t.Errorf("%s: %+v, want %s", zone, got, want)
		}
	}
}

func TestWanted(t *testing.T) {
	begun := started(-30*day, monthly(10*day)) // its reminder is due in three days, at nine
	unpaid := []events.Event{started(-30*day, monthly(0)), failed(0)}
	gone := []events.Event{started(-30*day, monthly(0)), ended(0, events.CancelRequested)}
	for _, c := range []struct {
		name  string
		plans []events.Event // the last one plans
		step  string
		since []events.Event
		now   time.Duration
		want  reason.Reason
	}{
		{"a reminder", []events.Event{begun}, "renewal", nil, 3 * day, ""},
		{"too early", []events.Event{begun}, "renewal", nil, day, reason.NotYet},
		{"skipped", []events.Event{begun}, "renewal", []events.Event{updated(day, monthly(40*day))}, 3 * day, reason.NotRenewing},
		{"an hour later", []events.Event{begun}, "renewal", []events.Event{updated(day, monthly(10*day+time.Hour))}, 3 * day, ""},
		{"paused", []events.Event{begun}, "renewal", []events.Event{paused(day)}, 3 * day, reason.NotRenewing},
		{"paused and resumed", []events.Event{begun}, "renewal", []events.Event{paused(day), resumed(2*day, monthly(10*day))}, 3 * day, ""},
		{"cancelled", []events.Event{begun}, "renewal", []events.Event{ended(day, "")}, 3 * day, reason.Cancelled},
		{"renewed early", []events.Event{begun}, "renewal", []events.Event{renewed(day, monthly(40*day))}, 3 * day, reason.NotRenewing},
		{"it has renewed, as far as is known", []events.Event{begun}, "renewal", nil, 10 * day, reason.Expired},
		{"changed to weekly", []events.Event{begun}, "renewal", []events.Event{updated(day, of("S", 10*day, events.EveryWeek, 0))}, 3 * day, reason.NotRenewing},

		{"not paid", unpaid, "payment", nil, 0, ""},
		{"paid", unpaid, "payment", []events.Event{renewed(time.Minute, monthly(30*day))}, time.Hour, reason.Paid},
		{"paid, and the order told", unpaid, "payment-again", []events.Event{ordered(day, true)}, 5 * day, reason.Paid},
		{"bought something else", unpaid, "payment-again", []events.Event{ordered(day, false)}, 12*day + time.Second, ""},
		{"cancelled, not paid", unpaid, "payment-again", []events.Event{ended(day, events.CancelPaymentFailed)}, 5 * day, reason.Cancelled},
		{"paused, not paid", unpaid, "payment-again", []events.Event{paused(day)}, 5 * day, reason.NotRenewing},
		{"the first is on its way", unpaid, "payment-again", nil, 5 * day, reason.NotYet},
		{"the second is early", unpaid, "payment-again", nil, 4 * day, reason.NotYet},
		{"paid, and not paid again", unpaid, "payment", []events.Event{renewed(day, monthly(30*day)), failed(31 * day)}, 31 * day, reason.Paid},
		{"an earlier attempt comes in late", unpaid, "payment", []events.Event{failed(-time.Hour)}, time.Hour, reason.Bundled},

		{"asked back", gone, "come-back", nil, 14 * day, ""},
		{"asked back too early", gone, "come-back", nil, 13 * day, reason.NotYet},
		{"started again", gone, "come-back", []events.Event{started(day, monthly(30*day))}, 14 * day, reason.Purchased},
		{"started another", gone, "come-back", []events.Event{started(day, of("T", 30*day, events.EveryMonth, 0))}, 14 * day, reason.Purchased},
		{"ordered", gone, "come-back", []events.Event{ordered(day, false)}, 14 * day, reason.Purchased},
		{"complains", gone, "come-back", []events.Event{at(day, &events.ComplaintOpened{Customer: who, Complaint: events.Complaint{ID: "1"}})}, 14 * day, reason.ComplaintOpen},
		{"it turns out that they died", gone, "come-back", []events.Event{ended(day, events.CancelDeceased)}, 14 * day, reason.Cancelled},
		{"started again, and cancelled again", gone, "come-back", []events.Event{started(day, monthly(30*day)), ended(2*day, "")}, 16 * day, reason.Bundled},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, x := range planned(t, asIs, c.plans...) {
				if x.Step != c.step {
					continue
				}
				got := worker(t, asIs).Wanted(x, workers.Input{Customer: new(fold(append(c.plans[:len(c.plans):len(c.plans)], c.since...)...)), Now: noon.Add(c.now)})
				if got.Reason != c.want || (got.Action == touch.Send) != (c.want == "") || c.want != "" && got.Detail == "" {
					t.Errorf("verdict %+v, want %q", got, c.want)
				}
				return
			}
			t.Fatal("it was not planned")
		})
	}
}

// sent is the fact that an email of a touch went out.
func sent(after time.Duration, x touch.Touch) events.Event {
	return at(after, &events.EmailSent{Email: events.Email{Touch: x.ID()}})
}

func TestNobodyIsToldTwice(t *testing.T) {
	w := worker(t, asIs)
	wanted := func(x touch.Touch, now time.Duration, es ...events.Event) touch.Verdict {
		return w.Wanted(x, workers.Input{Customer: new(fold(es...)), Now: noon.Add(now)})
	}
	begun := started(-30*day, monthly(10*day))
	first := planned(t, asIs, begun)[0]
	for _, c := range []struct {
		moved time.Duration
		want  reason.Reason
	}{{2 * day, reason.Bundled}, {-2 * day, reason.Bundled}, {5 * day, ""}} {
		told := []events.Event{begun, sent(3*day, first), updated(3*day+time.Hour, monthly(10*day+c.moved))}
		again := planned(t, asIs, told...)
		if len(again) != 1 {
			t.Fatalf("planned %+v", again)
		}
		if got := wanted(again[0], 10*day-time.Hour+min(0, c.moved), told...); got.Reason != c.want {
			t.Errorf("moved by %v: %+v", c.moved, got)
		}
	}

	// The email about a payment left; then an attempt is told that failed before.
	told := []events.Event{started(-30*day, monthly(0)), failed(0)}
	left := planned(t, asIs, told...)
	told = append(told, sent(0, left[0]), failed(-time.Hour))
	for _, x := range planned(t, asIs, told...) {
		if got := wanted(x, 0, told...); x.Step == "payment" && got.Reason != reason.Bundled {
			t.Errorf("%s: %+v", x.Step, got)
		}
	}

	// Two subscriptions end.
	told = []events.Event{ended(0, ""), at(day, &events.SubscriptionCancelled{Customer: who, Subscription: events.Subscription{ID: "T"}})}
	other := planned(t, asIs, told...)[0]
	told = append(told, sent(14*day, planned(t, asIs, told[0])[0]))
	if got := wanted(other, 15*day, told...); got.Reason != reason.Bundled {
		t.Errorf("asked back again: %+v", got)
	}
	if got := wanted(other, 50*day, told...); got.Reason != "" {
		t.Errorf("much later: %+v", got)
	}
}

func TestOnlyTheWayBackCarriesAnOffer(t *testing.T) {
	w := worker(t, func(c *subscription.Config) {
		c.Offer = &workers.Offer{Percent: 15, Valid: 14 * day, Code: offer.Static, Value: "BACK"}
	})
	for _, s := range w.Steps {
		back := s.Name == "come-back"
		if (s.Offer != nil) != back || (s.Class == touch.Marketing) != back {
			t.Errorf("%+v", s)
		}
	}
	for _, told := range [][]events.Event{{started(0, monthly(30*day))}, {started(-30*day, monthly(0)), failed(0)}, {ended(0, "")}} {
		for _, x := range planned(t, asIs, told...) {
			got := w.Compose(x, workers.Input{Customer: new(fold(told...)), Now: noon})
			if (got.Offer != nil) != (x.Step == "come-back") || got.Detail == "" {
				t.Errorf("%s: %+v", x.Step, got)
			}
		}
	}
}

func TestWhyNobodyIsReminded(t *testing.T) {
	for name, c := range map[string]struct {
		told events.Event
		want reason.Reason
	}{
		"weekly":         {started(0, of("S", 7*day, events.EveryWeek, 0)), reason.NotRenewing},
		"nobody said":    {started(0, events.Subscription{ID: "S", Interval: events.EveryMonth}), reason.InsufficientData},
		"monthly":        {started(0, monthly(30*day)), ""},
		"cancelled":      {ended(0, ""), ""},
		"no such person": {ordered(0, false), ""},
	} {
		if got, said := worker(t, asIs).Silence(workers.Input{Customer: new(fold(c.told)), Now: noon}); got != c.want || (said == "") != (c.want == "") {
			t.Errorf("%s: %q %q, want %q", name, got, said, c.want)
		}
	}
}

func TestSteps(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*subscription.Config)
		want string
	}{
		"all":           {asIs, "renewal payment payment-again come-back"},
		"no reminders":  {func(c *subscription.Config) { c.Renewals = nil }, "payment payment-again come-back"},
		"payments once": {func(c *subscription.Config) { c.PaymentAgain = 0 }, "renewal payment come-back"},
		"no way back":   {func(c *subscription.Config) { c.ComeBackAfter = 0 }, "renewal payment payment-again"},
	} {
		var got []string
		for _, s := range worker(t, c.set).Steps {
			got = append(got, s.Name)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	rules := func(rs ...subscription.Rule) func(*subscription.Config) {
		return func(c *subscription.Config) { c.Renewals = rs }
	}
	for want, set := range map[string]func(*subscription.Config){
		"renewals[0].min_interval: 0s":      rules(subscription.Rule{Before: day}),
		"renewals[0].before: 0s":            rules(subscription.Rule{MinInterval: 28 * day}),
		"renewals[0].before: 7d is not":     rules(subscription.Rule{MinInterval: 7 * day, Before: 7 * day}),
		"renewals[0].countries: \"France\"": rules(subscription.Rule{MinInterval: 28 * day, Before: 7 * day, Countries: []string{"France"}}),
		"renewals[1].min_interval: never":   rules(subscription.Rule{MinInterval: 28 * day, Before: 7 * day}, subscription.Rule{MinInterval: 300 * day, Before: 35 * day, Countries: []string{"FR"}}),
		"payment_again:":                    func(c *subscription.Config) { c.PaymentAgain = -1 },
		"come_back_after:":                  func(c *subscription.Config) { c.ComeBackAfter = -1 },
		"class:":                            func(c *subscription.Config) { c.Class = touch.Marketing },
		"offer.percent:": func(c *subscription.Config) {
			c.Offer = &workers.Offer{Percent: 101, Valid: day, Code: "static", Value: "X"}
		},
	} {
		if _, err := subscription.Kind.New(workertest.Section(set)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
