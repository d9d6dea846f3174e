package delivery_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/codelist"
	"homing/pkg/homingtest"
	"homing/pkg/offer"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

var static = offer.Terms{Percent: 10, Valid: 3 * day, Kind: offer.Static, Value: "COMEBACK10"}
var list = offer.Terms{Percent: 10, Valid: 3 * day, Kind: offer.List, List: "spring"}
var mint = offer.Terms{Amount: events.Money{Minor: 500, Currency: "GBP"}, Valid: 14 * day, Kind: offer.Mint, Value: "BDAY"}

func TestAnOfferIsBoundAndRecorded(t *testing.T) {
	for _, terms := range []offer.Terms{static, list, mint} {
		t.Run(terms.Kind, func(t *testing.T) {
			bubble(t, offering(terms), func(r *rig) {
				r.load("spring", "S-1", "S-2")
				r.known("ann")
				r.start()
				bound := time.Now()
				at := r.touch("ann", "offer", "l1", time.Hour, nil)
				time.Sleep(2 * time.Hour)
				code := r.subjects()[0]
				switch {
				case terms.Kind == offer.Static && code != "COMEBACK10", terms.Kind == offer.List && code != "S-1",
					terms.Kind == offer.Mint && len(code) != len("BDAY-7KQ4-XW2P-9TRH"):
					t.Errorf("the email offers %q", code)
				}
				got := r.last().Offer
				last := time.Date(bound.Year(), bound.Month(), bound.Day()+int(terms.Valid/day), 23, 59, 59, 999e6, zone(r.t, "Europe/London"))
				if got.Percent != terms.Percent || got.Amount != terms.Amount || !got.Expires.Equal(last) || got.Expires.Location().String() != "Europe/London" {
					t.Errorf("the email shows %+v, want it good until %v", got, last)
				}
				expires := last.Add(time.Millisecond).UTC()
				want := &events.OfferIssued{Touch: at.ID(), Worker: worker, Customer: at.Customer.Token, Code: code, Kind: terms.Kind,
					List: terms.List, Percent: terms.Percent, Amount: terms.Amount, ExpiresAt: &expires}
				issued := r.facts(events.TypeOfferIssued)
				if len(issued) != 1 || issued[0].ID != fmt.Sprintf("%s.offer-%d", at.ID(), issued[0].Time.UnixMilli()) {
					t.Fatalf("facts: %+v", issued)
				}
				if d := cmp.Diff(want, issued[0].Data); d != "" {
					t.Errorf("the fact (-want +got):\n%s", d)
				}
			})
		})
	}
}

// Whatever breaks on the way from the list to the relay, the email goes out once,
// with a code that nobody else has and that is on the timeline.
func TestACodeSurvivesWhateverBreaks(t *testing.T) {
	for _, c := range []struct {
		name string
		act  string
		n    int // which time it fails
		lost int // codes
	}{
		{"between taking and binding", "taken", 1, 1},
		{"before the binding is written", "save", 1, 1},
		{"after the binding is written", "saved", 1, 0},
		{"before the offer is on the timeline", "append offer.issued", 1, 0},
		{"before the offer is marked", "mark offer.issued", 1, 0},
		{"before the claim", "save", 2, 0},
		{"before the mail is on the timeline", "append email.sent", 1, 0},
		{"before the mail is marked", "mark email.sent", 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, offering(list), func(r *rig) {
				r.load("spring", "S-1", "S-2", "S-3")
				r.known("ann", "bob")
				r.setFault(dieAt(c.act, c.n))
				p := r.start()
				r.touch("ann", "offer", "l1", time.Minute, nil)
				time.Sleep(90 * time.Second)
				p.stop() // whatever this process knew is gone
				r.setFault(nil)
				r.start()
				time.Sleep(time.Hour)
				r.touch("bob", "offer", "l1", time.Minute, nil)
				time.Sleep(time.Hour)
				got := r.subjects()
				if len(got) != 2 || got[0] == got[1] {
					t.Errorf("mailed %v", got)
				}
				if told := slices.Compact(r.issued()); !slices.Equal(told, got) {
					t.Errorf("on the timeline: %v, in the emails: %v", told, got)
				}
				lists, err := codelist.New(r.js).Lists(r.t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if lost := lists[0].Taken - 2; lost > c.lost {
					t.Errorf("%d codes were lost, at most %d may be", lost, c.lost)
				}
			})
		})
	}
}

// Within one process not even a code is lost when Redis is away for a while.
func TestACodeIsKeptWhileRedisIsAway(t *testing.T) {
	bubble(t, offering(list), func(r *rig) {
		r.load("spring", "S-1", "S-2")
		r.known("ann")
		r.setFault(dieAt("save", 1))
		r.start()
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(10 * time.Minute)
		r.setFault(nil)
		time.Sleep(time.Minute)
		if d := cmp.Diff([]string{"S-1"}, r.subjects()); d != "" {
			t.Error(d)
		}
	})
}

func TestAnEmailThatIsSentAgainHasTheSameCode(t *testing.T) {
	for _, terms := range []offer.Terms{list, mint} {
		bubble(t, offering(terms), func(r *rig) {
			r.load("spring", "S-1", "S-2")
			r.known("ann")
			n := 0
			r.sink.Answer = func(command, _ string) string {
				if n++; command == "RCPT" && n < 20 {
					return "450 4.2.0 greylisted"
				}
				return ""
			}
			r.start()
			r.touch("ann", "offer", "l1", time.Minute, nil)
			time.Sleep(10 * time.Hour)
			tries, code := map[string]int{}, ""
			for _, code = range r.codesOf() {
				tries[code]++
			}
			if len(tries) != 1 || tries[code] < 3 {
				t.Errorf("codes by tries: %v", tries)
			}
			if d := cmp.Diff([]string{code}, r.issued()); d != "" {
				t.Errorf("told more than once (-want +got):\n%s", d)
			}
			if d := cmp.Diff([]string{code}, r.subjects()); d != "" {
				t.Error(d)
			}
		})
	}
}

// The offer came with the second try, and the process died before it was on the
// timeline: the earlier try at the relay says nothing about it.
func TestALateOfferIsRecordedToo(t *testing.T) {
	tries := 0
	w := &series{compose: func(touch.Touch, workers.Input) workers.Wording {
		if tries++; tries == 1 {
			return workers.Wording{}
		}
		return workers.Wording{Offer: &list}
	}}
	bubble(t, w, func(r *rig) {
		r.load("spring", "S-1")
		r.known("ann")
		asked := 0
		r.sink.Answer = func(command, _ string) string {
			if command != "." {
				return ""
			}
			if asked++; asked == 1 {
				return "451 4.3.0 later"
			}
			return ""
		}
		r.setFault(dieAt("append offer.issued", 1))
		p := r.start()
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(10 * time.Minute)
		p.stop()
		r.setFault(nil)
		r.start()
		time.Sleep(time.Hour)
		if got := r.subjects(); len(got) != 1 || got[0] != "S-1" || !slices.Equal(r.issued(), got) {
			t.Errorf("in the emails: %v, on the timeline: %v", got, r.issued())
		}
	})
}

func TestAnEmptyListHoldsTheStepAndNoOther(t *testing.T) {
	w := &series{
		steps: []touch.Step{
			{Name: "offer", Template: "win-back/offer", Class: touch.Marketing, Expires: 14 * day},
			{Name: "miss-you", Template: "win-back/miss-you", Class: touch.Marketing, Expires: 14 * day},
		},
		compose: func(t touch.Touch, _ workers.Input) workers.Wording {
			if t.Step == "offer" {
				return workers.Wording{Offer: &list}
			}
			return workers.Wording{}
		},
	}
	bubble(t, w, func(r *rig) {
		r.known("ann", "bob", "cid")
		r.start()
		for _, id := range []string{"ann", "bob"} {
			r.touch(id, "offer", "l1", time.Minute, nil)
		}
		time.Sleep(time.Hour)
		r.touch("cid", "miss-you", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		if d := cmp.Diff([]string{"none"}, r.subjects()); d != "" {
			t.Errorf("emails while the list is empty (-want +got):\n%s", d)
		}
		if n := r.held(reason.NoOfferCode); n < 40 || n > 50 {
			t.Errorf("asked %d times in two hours for two touches, want every five minutes", n)
		}
		if f := r.facts(events.TypeEmailHeld); len(f) != 0 {
			t.Errorf("a fact for each touch: %+v", f)
		}
		r.load("spring", "S-1", "S-2", "S-3")
		time.Sleep(6 * time.Minute)
		got := r.subjects()
		slices.Sort(got)
		if d := cmp.Diff([]string{"S-1", "S-2", "none"}, got); d != "" {
			t.Errorf("emails after codes were loaded (-want +got):\n%s", d)
		}
	})
}

// Three replicas, and more emails than codes.
func TestNoTwoCustomersShareACode(t *testing.T) {
	bubble(t, offering(list), func(r *rig) {
		const people, n = 60, 45
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("S-%03d", i))
		}
		r.load("spring", all...)
		for i := range people {
			id := fmt.Sprint("c", i)
			r.known(id)
			r.touch(id, "offer", "l1", time.Minute, nil)
		}
		for range 3 {
			r.start()
		}
		time.Sleep(time.Hour)
		got := r.subjects()
		slices.Sort(got)
		if d := cmp.Diff(all, got); d != "" {
			t.Errorf("codes in emails (-want +got):\n%s", d)
			for _, f := range r.facts(events.TypeEmailUncertain) {
				t.Log(f.Time, f.Data.(events.Fact).Body())
			}
		}
	})
}

// during has something happen to a customer during an act of delivery's.
func (r *rig) during(act, id string, d events.Data) {
	r.setFault(func(op string) error {
		if op == act {
			r.fault = nil
			r.mu.Unlock()
			r.happened(id, d)
			r.mu.Lock()
		}
		return nil
	})
}

// The smaller offer was used while a code for the bigger one was being taken.
func TestACodeComesFromTheListThatTheEmailOffers(t *testing.T) {
	small := offer.Terms{Percent: 10, Valid: day, Kind: offer.List, List: "small"}
	w := &series{compose: func(_ touch.Touch, in workers.Input) workers.Wording {
		if in.Customer.OrderCount() > 1 {
			return workers.Wording{Offer: &small}
		}
		return workers.Wording{Offer: &list}
	}}
	bubble(t, w, func(r *rig) {
		r.load("spring", "BIG-1", "BIG-2")
		r.load("small", "SMALL-1")
		r.known("ann", "bob")
		r.during("taken", "ann", homingtest.Order("ann", "1002"))
		r.start()
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		r.touch("bob", "offer", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		if d := cmp.Diff([]string{"SMALL-1", "BIG-2"}, r.subjects()); d != "" {
			t.Error(d)
		}
	})
}

// The customer unsubscribes while their code is being taken.
func TestACodeThatIsNotNeededGoesToTheNext(t *testing.T) {
	bubble(t, offering(list), func(r *rig) {
		r.load("spring", "S-1", "S-2")
		r.known("ann", "bob")
		r.during("taken", "ann", &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}})
		r.start()
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		r.touch("bob", "offer", "l1", time.Minute, nil)
		time.Sleep(time.Hour)
		if d := cmp.Diff([]string{"S-1"}, r.subjects()); d != "" {
			t.Error(d)
		}
		if why := r.facts(events.TypeEmailDropped)[0].Data.(events.Fact).Body().Reason; why != "unsubscribed" {
			t.Errorf("dropped for %s", why)
		}
	})
}

func TestAReminderShowsTheOfferOfAnotherEmail(t *testing.T) {
	w := &series{
		steps: []touch.Step{
			{Name: "greeting", Template: "birthday/greeting", Class: touch.Marketing, Expires: 14 * day},
			{Name: "reminder", Template: "birthday/reminder", Class: touch.Marketing, Expires: 14 * day},
		},
		compose: func(t touch.Touch, _ workers.Input) workers.Wording {
			if t.Step == "greeting" {
				return workers.Wording{Offer: &mint}
			}
			t.Step = "greeting"
			return workers.Wording{OfferOf: t.ID()}
		},
	}
	bubble(t, w, func(r *rig) {
		r.known("ann", "bob")
		r.start()
		r.touch("ann", "greeting", "2025", time.Minute, nil)
		r.touch("ann", "reminder", "2025", day, nil)
		r.touch("bob", "reminder", "2025", day, nil) // had no greeting
		time.Sleep(25 * time.Hour)
		r.touch("ann", "reminder", "2025-late", time.Hour, nil) // of another greeting
		time.Sleep(2 * time.Hour)
		got := r.subjects()
		if len(got) != 4 || len(r.issued()) != 1 {
			t.Fatalf("emails %v, offers %v", got, r.issued())
		}
		slices.Sort(got)
		code := r.issued()[0]
		if d := cmp.Diff([]string{code, code, "none", "none"}, got); d != "" {
			t.Error(d)
		}
	})
}

// The relay refuses for a day, and the code is good for an hour.
func TestAnEmailWhoseCodeExpiredIsNotSentWithoutOne(t *testing.T) {
	today := static
	today.Valid = time.Hour
	bubble(t, offering(today), func(r *rig) {
		r.known("ann")
		r.sink.Answer = func(command, _ string) string {
			if command == "MAIL" && time.Since(epoch) < day {
				return "550 5.7.1 blocked"
			}
			return ""
		}
		r.start()
		r.touch("ann", "offer", "l1", time.Minute, nil)
		time.Sleep(26 * time.Hour)
		if d := cmp.Diff(map[string]string{"l1": "expired"}, r.outcomes()); d != "" {
			t.Errorf("outcomes (-want +got):\n%s", d)
		}
		if got := r.subjects(); len(got) != 0 {
			t.Errorf("emails: %q", got)
		}
	})
}

// epoch is when a bubble's time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestOffersAreCapped(t *testing.T) {
	bubble(t, offering(static), func(r *rig) {
		r.offers = programme.OfferCap{Limit: 2, Window: 30 * time.Hour}
		r.known("ann")
		r.start()
		for i := range 5 {
			r.touch("ann", "offer", fmt.Sprint("l", i), time.Minute, nil)
			time.Sleep(11 * time.Hour)
		}
		want := []string{"COMEBACK10", "COMEBACK10", "none", "COMEBACK10", "COMEBACK10"}
		if d := cmp.Diff(want, r.subjects()); d != "" {
			t.Errorf("codes (-want +got):\n%s", d)
		}
	})
}
