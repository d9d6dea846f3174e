package programme_test

import (
	"testing"
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/winback"
)

var (
	now = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	key = customer.Key{Store: "main", Token: "tok"}
)

// says gives a worker its answer.
func says(w *programme.Worker, v touch.Verdict) {
	w.Wanted = func(touch.Touch, workers.Input) touch.Verdict { return v }
}

func worker(t *testing.T) *programme.Worker {
	t.Helper()
	made, err := winback.Kind.New(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	w := &programme.Worker{Kind: winback.Kind, Worker: made, Policy: gate.Policy{Sections: gate.Sections{Consent: gate.Consent{Policy: gate.SoftOptIn}}}}
	says(w, touch.Verdict{})
	return w
}

func person(w *programme.Worker) *programme.Person {
	s := &programme.Store{Zone: time.UTC, LookAhead: 2 * time.Hour, Workers: []*programme.Worker{w}}
	p := &programme.Person{Store: s, Customer: &customer.Customer{}, Address: func(s string) string { return s }}
	p.Customer.ID.Value, p.Customer.Email.Value, p.Customer.Consent.Value = "ann", "ann@example.com", "subscribed"
	return p
}

// first returns a touch of the worker's first step that wakes up at a time.
func first(p *programme.Worker, wake time.Time) touch.Touch {
	return touch.Touch{Worker: p.Name, Step: p.Steps[0].Name, Customer: key, Occasion: "x", Due: wake, Wake: wake}
}

func TestWhoIsARival(t *testing.T) {
	const ahead = 2 * time.Hour
	for name, c := range map[string]struct {
		in     time.Duration // when it wakes up
		change func(p *programme.Person, w *programme.Worker, x *touch.Touch)
		at     time.Duration
		want   bool
	}{
		"due soon":           {in: time.Hour, at: time.Hour, want: true},
		"due, and waiting":   {in: -time.Hour, at: 0, want: true},
		"at the very end":    {in: ahead, at: ahead, want: true},
		"beyond it":          {in: ahead + time.Second},
		"of a shadow":        {in: 0, change: func(_ *programme.Person, w *programme.Worker, _ *touch.Touch) { w.Settings.Status = workers.Shadow }},
		"of a paused one":    {in: 0, change: func(_ *programme.Person, w *programme.Worker, _ *touch.Touch) { w.Settings.Status = workers.Paused }},
		"of one that is off": {in: 0, change: func(_ *programme.Person, w *programme.Worker, _ *touch.Touch) { w.Settings.Status = workers.Off }},
		"of no step":         {in: 0, change: func(_ *programme.Person, _ *programme.Worker, x *touch.Touch) { x.Step = "gone" }},
		"under way": {in: 0, change: func(p *programme.Person, _ *programme.Worker, x *touch.Touch) {
			p.Customer.SetClaim(customer.Claim{Touch: x.ClaimKey(), State: customer.Open, At: now.UnixMilli()})
		}},
		"not wanted": {in: 0, change: func(_ *programme.Person, w *programme.Worker, _ *touch.Touch) {
			says(w, touch.DropFor(reason.Purchased, ""))
		}},
		"to an address that came back": {in: 0, change: func(p *programme.Person, _ *programme.Worker, _ *touch.Touch) {
			p.Mailbox.Bounced = now.Add(-time.Hour)
		}},
		"not yet, but in time": {in: 0, at: time.Hour, want: true, change: func(_ *programme.Person, w *programme.Worker, _ *touch.Touch) {
			says(w, touch.HoldUntil(now.Add(time.Hour), reason.NotYet, ""))
		}},
		"not in time": {in: 0, change: func(_ *programme.Person, w *programme.Worker, _ *touch.Touch) {
			says(w, touch.HoldUntil(now.Add(3*time.Hour), reason.NotYet, ""))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			at := worker(t)
			who := person(at)
			x := first(at, now.Add(c.in))
			if c.change != nil {
				c.change(who, at, &x)
			}
			got, ok := who.Rival(x, now)
			if ok != c.want {
				t.Fatalf("a rival: %v, want %v", ok, c.want)
			}
			if ok && (!got.At.Equal(now.Add(c.at)) || got.Priority != at.Settings.Priority) {
				t.Errorf("at %s with priority %d, want %s and %d", got.At, got.Priority, now.Add(c.at), at.Settings.Priority)
			}
		})
	}
}

// A step that is no more is judged with the worker's class, and dropped for it.
func TestAStepThatIsNoMore(t *testing.T) {
	at := worker(t)
	x := first(at, now)
	x.Step = "gone"
	if s, listed := at.Step(touch.Touch{Step: "gone"}); listed || s.Class != at.Settings.Class {
		t.Errorf("the step is %+v, listed: %v", s, listed)
	}
	if v := gate.Judge(person(at).Case(at, x, now)); v.Reason != reason.StepRemoved {
		t.Errorf("%+v, want step_removed", v)
	}
}
