package birthday

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/touch"
	"homing/workers"
)

// life is a customer in the days around a birthday, with a schedule of one touch
// a subject and no memory but the customer's record: what the stages do.
type life struct {
	w       worker
	who     customer.Customer
	pending map[string]touch.Touch
	sent    []time.Time
	dropped []time.Time
}

var ann = customer.Key{Store: "main", Token: "tokentokentokent"}

// happens folds an event and plans by it.
func (l *life) happens(e events.Event) {
	customer.Apply(&l.who, e)
	for _, t := range l.w.Plan(workers.Input{Event: e, Customer: new(l.who), Now: e.Time}) {
		t.Customer, t.Wake = ann, t.Due
		if _, claimed := l.who.Claimed(t.ClaimKey()); !claimed && t.Step == Greeting {
			l.pending[t.ID()] = t
		}
	}
}

// until wakes what falls due before a time.
func (l *life) until(end, now time.Time) {
	for {
		var next touch.Touch
		for _, t := range l.pending {
			if t.Wake.Before(end) && (next.Worker == "" || t.Wake.Before(next.Wake)) {
				next = t
			}
		}
		if next.Worker == "" {
			return
		}
		if next.Wake.After(now) {
			now = next.Wake
		}
		v := l.w.Wanted(next, workers.Input{Customer: new(l.who), Now: now})
		if v.Action == touch.Hold {
			next.Wake = v.Until
			l.pending[next.ID()] = next
			continue
		}
		delete(l.pending, next.ID())
		k := customer.Claim{Touch: next.ClaimKey(), State: customer.Dropped, At: now.UnixMilli(), Why: string(v.Reason)}
		if v.Action == touch.Send {
			k.State = customer.Sent
			l.sent = append(l.sent, now)
		} else {
			l.dropped = append(l.dropped, now)
		}
		l.who.SetClaim(k)
	}
}

// A customer who moves, changes their birthday and is announced again and again is
// greeted once, on the day and at the time of where they are then: never twice,
// and never not at all if there was a moment at which it would have been right.
func TestNeverNoneNeverTwo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leap := rapid.SampledFrom([]LeapDay{Feb28, Mar01}).Draw(t, "leap day")
		w := worker{Defaults()}
		w.config.LeapDay, w.config.Lead = leap, time.Duration(rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "lead"))*day
		w.config.SendAt = localtime.Clock(rapid.IntRange(0, 23*60).Draw(t, "send at"))
		d := rapid.SampledFrom([]localtime.Date{date(2025, 6, 10), date(2025, 3, 30), date(2025, 10, 26), date(2025, 12, 31), date(2026, 1, 1), date(2025, 2, 28), date(2028, 2, 29), date(2025, 1, 3)}).Draw(t, "day")
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		tell := func(at time.Time, id string, d events.Data) events.Event {
			return events.Event{ID: id, Source: "/shop", Type: d.Type(), Time: at.UTC().Truncate(time.Millisecond), Data: d}
		}
		who := events.Customer{ID: "ann", Birthday: fmt.Sprintf("--%02d-%02d", d.Month, d.Day), TimeZone: zone}
		start := w.greets(d, load(t, zone)).Add(-30 * day)
		l := &life{w: w, pending: map[string]touch.Touch{}}
		l.happens(tell(start, "created", &events.CustomerCreated{Customer: who}))

		// The calendar says so at least 36 hours before; it may say so again.
		announce := w.greets(d, load(t, zone)).Add(-36*time.Hour - time.Duration(rapid.IntRange(0, 24).Draw(t, "hours earlier"))*time.Hour)
		all := []events.Event{tell(announce, "announced", &events.CustomerBirthday{Customer: who, Year: d.Year})}
		for i := range rapid.IntRange(0, 4).Draw(t, "events") {
			at := announce.Add(time.Duration(rapid.IntRange(1, 8*24*60).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 2).Draw(t, "kind") {
			case 0:
				all = append(all, tell(at, fmt.Sprint("again", i), &events.CustomerBirthday{Customer: events.Customer{ID: "ann"}, Year: d.Year}))
			default:
				all = append(all, tell(at, fmt.Sprint("moved", i), &events.CustomerUpdated{Customer: events.Customer{ID: "ann", TimeZone: rapid.SampledFrom(zones).Draw(t, "new zone")}}))
			}
		}
		if rapid.Bool().Draw(t, "changed") {
			at := announce.Add(time.Duration(rapid.IntRange(1, 4*24*60).Draw(t, "changed at")) * time.Minute)
			to := d.Add(rapid.IntRange(-2, 2).Draw(t, "days off"))
			all = append(all, tell(at, "changed", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Birthday: fmt.Sprintf("--%02d-%02d", to.Month, to.Day)}}))
		}
		slices.SortStableFunc(all, func(a, b events.Event) int { return a.Time.Compare(b.Time) })

		possible := false // there was a moment at which the greeting was right
		for i, e := range all {
			l.happens(e)
			end := e.Time.Add(20 * day)
			if i+1 < len(all) {
				end = all[i+1].Time
			}
			before := len(l.sent)
			birthday, z := l.celebrates(d), l.who.Location(nil)
			from, over := w.greets(birthday, z), over(birthday, z)
			if from.Before(end) && over.After(e.Time) && from.Before(over) && len(l.dropped) == 0 {
				possible = true
			}
			l.until(end, e.Time)
			if len(l.sent) > before {
				at := l.sent[before]
				if at.Before(from) || !at.Before(over) {
					t.Fatalf("greeted at %v for %v", at.In(z), birthday)
				}
			}
		}
		if len(l.sent) > 1 || possible && len(l.sent) == 0 {
			t.Fatalf("greeted at %v, dropped at %v; a greeting was possible: %v", l.sent, l.dropped, possible)
		}
	})
}

// celebrates returns the birthday as the customer has it now, that is nearest to d.
func (l *life) celebrates(d localtime.Date) localtime.Date {
	b, _ := parse(l.who.Birthday.Value)
	best := b.in(d.Year, l.w.config.LeapDay)
	for _, y := range []int{d.Year - 1, d.Year + 1} {
		if o := b.in(y, l.w.config.LeapDay); max(d.Until(o), -d.Until(o)) < max(d.Until(best), -d.Until(best)) {
			best = o
		}
	}
	return best
}
