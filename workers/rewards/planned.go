package rewards

import (
	"fmt"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/points"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans what the ledger leads to.
func (w worker) Plan(in workers.Input) []touch.Touch { return w.planned(w.Ledger(in), in) }

// planned returns every email that the ledger leads to, past ones among them, by step and
// occasion. What it does not lead to any more is not wanted any more.
func (w worker) planned(l points.Ledger, in workers.Input) (out []touch.Touch) {
	if !l.Member {
		return nil
	}
	add := func(step, occasion string, due time.Time) {
		out = append(out, touch.Touch{Worker: Name, Step: step, Occasion: occasion, Due: due, Snapshot: &touch.Snapshot{}})
	}
	if !l.Asked.IsZero() || l.Balance+l.Pending > 0 {
		add(Joined, "member", l.Since.Add(w.config.JoinedAfter)) // once
	}
	w.aboutRewards(l, add)
	zone := zoneOf(in)
	for i, x := range l.Expiring() {
		if i == 2 {
			break // what comes after is planned when these are
		}
		for k, lead := range w.config.Expiring {
			on := localtime.DateOf(x.At.In(zone))
			add([]string{Expiring, Soon}[k], on.String(), on.Add(-int(lead/day)).At(morning, zone))
		}
	}
	w.aboutTiers(l, in, add)
	return out
}

// aboutRewards adds the reward, or else how little is missing. There is one email of each
// for each reward, by how many were paid for before; and one of a reward for each time
// that there were points enough for it, so that one who could not be mailed then is when
// points come in.
func (w worker) aboutRewards(l points.Ledger, add func(step, occasion string, due time.Time)) {
	if !w.rewards() {
		return
	}
	next := fmt.Sprint(l.Rewards + 1)
	costs := l.Next.Costs
	at, ok := enough(l, costs)
	if ok {
		add(earned(l.Next.Place), next+"-"+at.UTC().Format("20060102"), at)
	}
	if w.config.ProgressWithin == 0 || l.Balance >= costs {
		return
	}
	x, near := l.Reached(costs - w.config.ProgressWithin)
	told := later(x.At, paid(l)).Add(calmly)
	if near && (x.Balance < costs || l.Balance < costs && l.Balance >= costs-w.config.ProgressWithin) && !(ok && !at.After(told)) {
		add(Progress, next, told)
	}
}

// paid returns when a reward was last paid for; the zero time: none was.
func paid(l points.Ledger) (at time.Time) {
	for _, x := range l.Lines {
		if x.What == points.Reward {
			at = x.At
		}
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// enough returns when points last came in with which there are enough, and a while has
// passed since the reward before; or when they will.
func enough(l points.Ledger, costs int) (time.Time, bool) {
	var at time.Time
	for _, x := range l.Lines {
		if x.Points > 0 {
			at = x.At
		}
	}
	if l.Balance < costs {
		x, ok := l.Reached(costs)
		at = x.At
		if !ok {
			return time.Time{}, false
		}
	}
	if before := paid(l); !before.IsZero() {
		at = later(at, before.Add(apart))
	}
	return at, true
}

// aboutTiers adds the tier that was reached last, or will be when orders are old enough,
// once a year for each; and that it is about to end.
func (w worker) aboutTiers(l points.Ledger, in workers.Input, add func(step, occasion string, due time.Time)) {
	zone, now := zoneOf(in), in.Now
	at := []time.Time{now}
	if rise, ok := l.Rises(now); ok {
		at = append(at, rise)
	}
	for _, t := range at {
		s := l.Tier(t)
		if s.Step == 0 {
			continue
		}
		if s.Rose {
			add(Reached, fmt.Sprintf("%d-%d", s.Step, s.Since.In(zone).Year()), s.Since.Add(time.Hour))
		}
		if w.config.AtRisk > 0 && !s.Until.IsZero() && s.Keep > 0 {
			on := localtime.DateOf(s.Until.In(zone))
			add(AtRisk, fmt.Sprintf("%d-%s", s.Step, on), on.Add(-int(w.config.AtRisk/day)).At(morning, zone))
		}
	}
}

// zoneOf is the zone in which points expire and years end: the store's.
func zoneOf(in workers.Input) *time.Location {
	if in.Zone == nil {
		return time.UTC
	}
	return in.Zone
}
