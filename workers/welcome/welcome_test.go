package welcome_test

import (
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/welcome"
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

// yes says when the event comes that they said yes so long after noon.
func yes(said, told time.Duration) events.Event {
	t := noon.Add(said)
	return at(told, &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed, At: &t}}})
}

func no(after time.Duration) events.Event {
	return at(after, &events.CustomerUnsubscribed{Customer: who})
}

func ordered(after time.Duration, id string, coupons ...string) events.Event {
	return at(after, &events.OrderPlaced{Customer: who, Order: events.Order{ID: id, Coupons: coupons}})
}

// untimed is an order that repeats that they said yes, and not when.
func untimed(after time.Duration, id string) events.Event {
	e := ordered(after, id)
	e.Data.(*events.OrderPlaced).Consent = &events.Consent{Email: events.Subscribed}
	return e
}

func created(after time.Duration) events.Event {
	return at(after, &events.CustomerCreated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed}}})
}

func fold(es ...events.Event) customer.Customer {
	var c customer.Customer
	for _, e := range es {
		customer.Apply(&c, e)
	}
	return c
}

func asIs(*welcome.Config) {}

func worker(t *testing.T, set func(*welcome.Config)) workers.Worker {
	t.Helper()
	return workertest.New(t, welcome.Kind, set)
}

func of(step, occasion string) touch.Touch {
	return touch.Touch{Worker: welcome.Name, Step: step, Customer: ann, Occasion: occasion, Due: noon, Snapshot: &touch.Snapshot{}}
}

// sent is the fact that an email went out.
func sent(after time.Duration, step, occasion string) events.Event {
	return at(after, &events.EmailSent{Email: events.Email{Touch: of(step, occasion).ID()}})
}

func issued(after, valid time.Duration, occasion string) events.Event {
	expires := noon.Add(after + valid)
	return at(after, &events.OfferIssued{Touch: of("greeting", occasion).ID(), Code: "WELCOME10", Percent: 10, ExpiresAt: &expires})
}

func TestWhoIsWelcomed(t *testing.T) {
	for _, c := range []struct {
		name string
		told []events.Event // the last one plans
		want string         // the occasion; empty: nobody
	}{
		{"a first yes", []events.Event{yes(0, 0)}, "2025-06-10"},
		{"told an hour later", []events.Event{yes(0, time.Hour)}, "2025-06-10"},
		{"told a week later", []events.Event{yes(0, 7*day)}, ""},
		{"told again, with an order", []events.Event{yes(0, 0), yes(0, day)}, "2025-06-10"},
		{"said again", []events.Event{yes(0, 0), yes(day, day)}, "2025-06-10"},
		{"said again years later", []events.Event{yes(-900*day, -900*day), yes(0, 0)}, ""},
		{"the first one comes in late", []events.Event{yes(0, 0), yes(-900*day, time.Minute)}, ""},
		{"of an order, without a time", []events.Event{untimed(0, "1")}, ""},
		{"met with a yes", []events.Event{created(0)}, "2025-06-10"},
		{"a shop that takes whoever says nothing for a no", []events.Event{no(-day), yes(0, 0)}, "2025-06-10"},
		{"back after a month", []events.Event{yes(-900*day, -900*day), no(-30 * day), yes(0, 0)}, ""},
		{"back after a year", []events.Event{yes(-900*day, -900*day), no(-366 * day), yes(0, 0)}, "2025-06-10"},
		{"left again", []events.Event{yes(0, 0), no(time.Hour)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := c.told[len(c.told)-1]
			got := worker(t, asIs).Plan(workers.Input{Event: last, Customer: new(fold(c.told...)), Key: ann, Now: last.Time})
			if c.want == "" {
				if len(got) != 0 {
					t.Errorf("planned %+v", got)
				}
				return
			}
			if len(got) != 3 {
				t.Fatalf("planned %+v, want three", got)
			}
			for i, after := range []time.Duration{0, 2 * day, 5 * day} {
				if got[i].Occasion != c.want || !got[i].Due.Equal(noon.Add(after)) || got[i].Snapshot == nil {
					t.Errorf("planned %+v, want it %v after noon", got[i], after)
				}
			}
		})
	}
}

func TestEventsThatDoNotConcernIt(t *testing.T) {
	for name, c := range map[string]struct {
		e    events.Event
		want bool
	}{
		"a yes": {yes(0, 0), true}, "met with a yes": {created(0), true}, "an order that repeats it": {untimed(0, "1"), false}, "an order": {ordered(0, "1"), false},
	} {
		if got := welcome.Kind.Concerns(c.e); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		data, err := events.Encode(c.e)
		if err != nil {
			t.Fatal(err)
		}
		if c.want && welcome.Kind.Overlooks(c.e.Type, data) {
			t.Errorf("%s is overlooked", name)
		}
	}
}

func TestWanted(t *testing.T) {
	const on = "2025-06-10"
	for _, c := range []struct {
		name  string
		told  []events.Event
		step  string
		now   time.Duration
		want  reason.Reason
		until time.Duration
	}{
		{"the greeting", []events.Event{yes(0, 0)}, "greeting", 0, "", 0},
		{"they joined at the checkout", []events.Event{yes(0, 0), ordered(time.Minute, "1")}, "greeting", 2 * time.Minute, "", 0},
		{"ordered before", []events.Event{ordered(-90*day, "1"), yes(0, 0), sent(0, "greeting", on)}, "story", 2 * day, "", 0},
		{"ordered since", []events.Event{yes(0, 0), ordered(time.Hour, "1")}, "greeting", 2 * time.Hour, reason.Purchased, 0},
		{"ordered since, and cancelled", []events.Event{yes(0, 0), ordered(time.Hour, "1"), at(2*time.Hour, &events.OrderCancelled{Customer: who, Order: events.OrderChange{ID: "1"}})}, "story", 2 * day, reason.Purchased, 0},
		{"the story waits for the greeting", []events.Event{yes(0, 0)}, "story", 2 * day, reason.NotYet, 2*day + time.Hour},
		{"its turn", []events.Event{yes(0, 0), sent(0, "greeting", on)}, "story", 2 * day, "", 0},
		{"the greeting is not coming any more", []events.Event{yes(0, 0)}, "story", 3*day + time.Second, "", 0},
		{"too early", []events.Event{yes(0, 0), sent(0, "greeting", on)}, "story", day, reason.NotYet, 2 * day},
		{"the code is unused", []events.Event{yes(0, 0), issued(0, 14*day, on), sent(0, "greeting", on), sent(2*day, "story", on)}, "reminder", 5 * day, "", 0},
		{"the code is used", []events.Event{yes(0, 0), issued(0, 14*day, on), sent(0, "greeting", on), ordered(time.Minute, "1", "welcome10")}, "reminder", 5 * day, reason.Purchased, 0},
		{"the code has expired", []events.Event{yes(0, 0), issued(0, 4*day, on), sent(0, "greeting", on)}, "reminder", 5 * day, reason.Expired, 0},
		{"there was no code", []events.Event{yes(0, 0), sent(0, "greeting", on)}, "reminder", 5 * day, reason.InsufficientData, 0},
		{"ordered before, which was told after the greeting", []events.Event{yes(0, 0), issued(0, 14*day, on), sent(0, "greeting", on), ordered(-day, "1")}, "reminder", 5 * day, reason.Purchased, 0},
		{"the greeting waits", []events.Event{yes(0, 0)}, "reminder", 5 * day, reason.NotYet, 6 * day},
		{"greeted for the day before, as it was known then", []events.Event{yes(0, 0), sent(-time.Hour, "greeting", "2025-06-09")}, "greeting", 0, reason.NotNew, 0},
		{"greeted half a year ago", []events.Event{yes(0, 0), sent(-180*day, "greeting", "2024-12-12")}, "greeting", 0, reason.NotNew, 0},
		{"greeted two years ago", []events.Event{yes(0, 0), sent(-700*day, "greeting", "2023-07-11")}, "greeting", 0, "", 0},
		{"an earlier no and yes come in late", []events.Event{yes(0, 0), yes(-90*day, time.Minute), no(-30 * day)}, "greeting", time.Hour, reason.NotNew, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worker(t, asIs).Wanted(of(c.step, on), workers.Input{Customer: new(fold(c.told...)), Now: noon.Add(c.now)})
			if got.Reason != c.want || c.until != 0 && !got.Until.Equal(noon.Add(c.until)) {
				t.Errorf("verdict %+v, want %q until %v", got, c.want, c.until)
			}
		})
	}
}

func TestACodeIsForAFirstOrder(t *testing.T) {
	w := worker(t, asIs)
	compose := func(step string, told ...events.Event) workers.Wording {
		return w.Compose(of(step, "2025-06-10"), workers.Input{Customer: new(fold(told...)), Now: noon})
	}
	if got := compose("greeting", yes(0, 0)); got.Offer == nil || got.Offer.Value != "WELCOME10" {
		t.Errorf("who is new gets %+v", got)
	}
	for name, told := range map[string][]events.Event{
		"ordered before": {ordered(-90*day, "1"), yes(0, 0)}, "joined at the checkout": {yes(0, 0), ordered(time.Minute, "1")},
	} {
		if got := compose("greeting", told...); got.Offer != nil || !strings.Contains(got.Detail, "order 1") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := compose("reminder", yes(0, 0)); got.Offer != nil || got.OfferOf != of("greeting", "2025-06-10").ID() {
		t.Errorf("the reminder shows %+v", got)
	}
}

func TestWhyNobodyIsWelcomed(t *testing.T) {
	for name, c := range map[string]struct {
		told []events.Event
		want reason.Reason
	}{
		"no time":   {[]events.Event{untimed(0, "1")}, reason.InsufficientData},
		"came back": {[]events.Event{yes(-900*day, -900*day), no(-30 * day), yes(0, 0)}, reason.NotNew},
		"welcomed":  {[]events.Event{yes(0, 0)}, ""},
		"said no":   {[]events.Event{untimed(0, "1"), no(day)}, ""},
	} {
		if got, said := worker(t, asIs).Silence(workers.Input{Customer: new(fold(c.told...)), Now: noon}); got != c.want || (said == "") != (c.want == "") {
			t.Errorf("%s: %q %q, want %q", name, got, said, c.want)
		}
	}
}

func TestSteps(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*welcome.Config)
		want string
	}{
		"all":      {asIs, "greeting story reminder"},
		"no offer": {func(c *welcome.Config) { c.Offer.Code = "none" }, "greeting story"},
		"no story": {func(c *welcome.Config) { c.StoryAfter = 0 }, "greeting reminder"},
		"greeting": {func(c *welcome.Config) { c.StoryAfter, c.ReminderAfter = 0, 0 }, "greeting"},
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
	for want, set := range map[string]func(*welcome.Config){
		"story_after:":                  func(c *welcome.Config) { c.StoryAfter = -1 },
		"reminder_after: 24h0m0s does":  func(c *welcome.Config) { c.ReminderAfter = day },
		"reminder_after: 480h0m0s is n": func(c *welcome.Config) { c.ReminderAfter = 20 * day },
		"rejoined_after:":               func(c *welcome.Config) { c.RejoinedAfter = -1 },
		"class:":                        func(c *welcome.Config) { c.Class = touch.Transactional },
		"offer.percent:":                func(c *welcome.Config) { c.Offer.Percent = 101 },
	} {
		if _, err := welcome.Kind.New(workertest.Section(set)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
