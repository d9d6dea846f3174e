package gate_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

var noon = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

// rival is a touch in the model: what it is, and what became of it.
type rival struct {
	touch    touch.Touch
	priority int
	ended    bool
}

const lookAhead = 2 * time.Hour

func (r *rival) step() touch.Step {
	return touch.Step{Name: r.touch.Step, Class: touch.Marketing, Expires: 14 * 24 * time.Hour}
}

func (r *rival) judge(c customer.Customer, policy gate.Policy, now time.Time) *gate.Case {
	return &gate.Case{Touch: r.touch, Step: r.step(), Listed: true, Customer: &c, Policy: policy, Now: now,
		Wanted: func() touch.Verdict { return touch.Verdict{} }, Address: func(s string) string { return s }}
}

// yieldOf is the fact that a touch yielded.
func yieldOf(t touch.Touch, at time.Time) events.Event {
	return events.Event{ID: t.ID(), Source: "homing", Type: events.TypeEmailHeld, Time: at,
		Data: &events.EmailHeld{Email: events.Email{Touch: t.ID(), Reason: string(reason.Yields)}}}
}

func yielded(c *customer.Customer, t touch.Touch) bool {
	return len(c.Noted(customer.Yielded, t.ID())) > 0
}

// A customer with any touches pending, under any caps: none is ever exceeded, no
// touch takes the place of a higher one that was pending and would have had it,
// and each touch ends.
func TestThePlacesGoToTheHighestPriority(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy := gate.Policy{Sections: gate.Sections{Consent: gate.Consent{Policy: gate.SoftOptIn}}}
		policy.PerDay = gate.PerDay(rapid.IntRange(0, 3).Draw(t, "per day"))
		for range rapid.IntRange(1, 2).Draw(t, "windows") {
			policy.Frequency = append(policy.Frequency, gate.Window{
				Limit:  rapid.IntRange(1, 3).Draw(t, "limit"),
				Length: time.Duration(rapid.IntRange(1, 48).Draw(t, "hours")) * time.Hour})
		}
		var c customer.Customer
		c.ID.Value, c.Email.Value, c.Consent.Value = "ann", "ann@example.com", "subscribed"
		var all []*rival
		for i := range rapid.IntRange(2, 7).Draw(t, "touches") {
			due := noon.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "due")) * time.Minute)
			all = append(all, &rival{priority: rapid.IntRange(0, 3).Draw(t, "priority"), touch: touch.Touch{
				Worker: "w", Step: "s", Occasion: fmt.Sprint(i), Customer: customer.Key{Store: "main", Token: "tok"}, Due: due, Wake: due}})
		}
		for range 200 {
			pending := slices.DeleteFunc(slices.Clone(all), func(r *rival) bool { return r.ended })
			if len(pending) == 0 {
				break
			}
			// The next to wake up; of one instant, any.
			r := slices.MinFunc(pending, func(a, b *rival) int { return a.touch.Wake.Compare(b.touch.Wake) })
			now := r.touch.Wake
			k := r.judge(c, policy, now)
			v := gate.Judge(k)
			if v.Action == touch.Send {
				var above []gate.Rival
				for _, o := range pending {
					if o != r && !o.touch.Wake.After(now.Add(lookAhead)) && gate.Judge(o.judge(c, policy, o.touch.Wake)).Action == touch.Send {
						above = append(above, gate.Rival{Touch: o.touch, Priority: o.priority, At: o.touch.Wake})
					}
				}
				if v = k.Yield(r.priority, above, lookAhead); v.Action == touch.Send {
					checkPlace(t, policy, c, r, above, now)
				}
			}
			switch v.Action {
			case touch.Send:
				c.SetClaim(customer.Claim{Touch: r.touch.ClaimKey(), State: customer.Sent, At: now.UnixMilli()})
				r.ended = true
			case touch.Drop:
				r.ended = true
			case touch.Hold:
				if !v.Until.After(now) {
					t.Fatalf("held until %s at %s", v.Until, now)
				}
				if v.Reason == reason.Yields {
					if yielded(&c, r.touch) {
						t.Fatal("it yielded twice")
					}
					customer.Apply(&c, yieldOf(r.touch, now))
				}
				r.touch.Wake = v.Until
			}
		}
		for _, r := range all {
			if !r.ended {
				t.Fatalf("touch %s of priority %d waits for ever", r.touch.Occasion, r.priority)
			}
		}
		checkCaps(t, policy, c)
	})
}

// checkPlace says, by trying, whether a touch that is about to be sent takes a
// place that a single higher one would have had.
func checkPlace(t *rapid.T, policy gate.Policy, c customer.Customer, r *rival, above []gate.Rival, now time.Time) {
	if yielded(&c, r.touch) {
		return
	}
	fits := func(at time.Time, mails ...time.Time) bool {
		for _, k := range c.Claims {
			mails = append(mails, time.UnixMilli(k.At))
		}
		for _, w := range policy.Frequency {
			n := 0
			for _, m := range mails {
				if m.Add(w.Length).After(at) {
					n++
				}
			}
			if n >= w.Limit {
				return false
			}
		}
		return policy.PerDay == 0 || onDay(mails, at, time.UTC) < int(policy.PerDay)
	}
	var higher []gate.Rival
	for _, o := range above {
		if o.Priority > r.priority {
			higher = append(higher, o)
		}
	}
	if len(higher) != 1 { // with several it matters who of them comes first: Yield's own business
		return
	}
	if h := higher[0]; fits(h.At) && !fits(h.At, now) {
		t.Fatalf("priority %d took the last place at %s from priority %d, due at %s", r.priority, now, h.Priority, h.At)
	}
}

// checkCaps counts the emails in every stretch that ends with one, and on each day.
func checkCaps(t *rapid.T, policy gate.Policy, c customer.Customer) {
	var mails []time.Time
	for _, k := range c.Claims {
		mails = append(mails, time.UnixMilli(k.At))
	}
	for _, m := range mails {
		if n := onDay(mails, m, time.UTC); policy.PerDay > 0 && n > int(policy.PerDay) {
			t.Fatalf("%d emails on the day of %s, the cap is %d", n, m, policy.PerDay)
		}
	}
	for _, w := range policy.Frequency {
		for _, k := range c.Claims {
			n, at := 0, time.UnixMilli(k.At)
			for _, o := range c.Claims {
				if m := time.UnixMilli(o.At); !m.After(at) && m.Add(w.Length).After(at) {
					n++
				}
			}
			if n > w.Limit {
				t.Fatalf("%d emails in %s, the cap is %d", n, w.Length, w.Limit)
			}
		}
	}
}

func TestAnEmailYieldsToOneOfHigherPriorityThatComesSoon(t *testing.T) {
	t.Parallel()
	caps := gate.Policy{Pacing: gate.Pacing{Frequency: gate.Frequency{{Limit: 1, Length: 16 * time.Hour}}}}
	mine := touch.Touch{Worker: "review-request", Step: "ask", Occasion: "1", Due: noon, Wake: noon}
	other := touch.Touch{Worker: "cart-recovery", Step: "reminder", Occasion: "k", Due: noon.Add(time.Hour), Wake: noon.Add(time.Hour)}
	for _, c := range []struct {
		name      string
		priority  int
		at        time.Duration
		limit     int
		yielded   bool
		class     touch.Class
		lookAhead time.Duration
		yields    bool
	}{
		{"higher and soon", 80, time.Hour, 1, false, touch.Marketing, lookAhead, true},
		{"higher and now", 80, 0, 1, false, touch.Marketing, lookAhead, true},
		{"higher, but too late", 80, 3 * time.Hour, 1, false, touch.Marketing, lookAhead, false},
		{"equal", 40, time.Hour, 1, false, touch.Marketing, lookAhead, false},
		{"lower", 30, time.Hour, 1, false, touch.Marketing, lookAhead, false},
		{"room for both", 80, time.Hour, 2, false, touch.Marketing, lookAhead, false},
		{"a second time", 80, time.Hour, 1, true, touch.Marketing, lookAhead, false},
		{"transactional", 80, time.Hour, 1, false, touch.Transactional, lookAhead, false},
		{"switched off", 80, time.Hour, 1, false, touch.Marketing, 0, false},
	} {
		policy := caps
		policy.Frequency = []gate.Window{{Limit: c.limit, Length: 16 * time.Hour}}
		var who customer.Customer
		if c.yielded {
			customer.Apply(&who, yieldOf(mine, noon.Add(-time.Hour)))
		}
		k := gate.Case{Touch: mine, Customer: &who, Step: touch.Step{Name: "ask", Class: c.class, Expires: 14 * 24 * time.Hour}, Policy: policy, Now: noon}
		v := k.Yield(40, []gate.Rival{{Touch: other, Priority: c.priority, At: noon.Add(c.at)}}, c.lookAhead)
		if got := v.Reason == reason.Yields; got != c.yields {
			t.Errorf("%s: %+v", c.name, v)
		} else if got && !v.Until.After(noon.Add(c.at)) {
			t.Errorf("%s: looked at again at %s, before the other went out", c.name, v.Until)
		}
	}
}
