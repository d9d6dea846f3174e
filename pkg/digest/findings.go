package digest

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"homing/pkg/lift"
	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/reason"
	"homing/pkg/render"
)

// most is how many findings a digest has.
const most = 3

// A found is a finding, and how much it matters.
type found struct {
	render.Finding
	weight float64
}

// How much findings matter, the most first: what is broken, what can be said at last, what
// changed, what goes on. Within one kind, the larger change comes first.
const (
	ofRejected = 600
	ofFell     = 500
	ofRefused  = 400
	ofNewLift  = 350
	ofOrders   = 300
	ofLift     = 200
	ofRepeat   = 100
	ofEarly    = 50
	ofNothing  = 10
)

// findings are the three that matter most. What cannot be said yet is one, rather than
// something that chance may have made.
func findings(a About, w weeks) []render.Finding {
	all := slices.Concat(rejections(a), w.fell(), w.refused(), w.ordered(), lifts(a, w), repeats(a.Numbers))
	if w.before() == nil {
		all = append(all, found{render.Finding{Kind: "early", Days: w.days()}, ofNothing})
	}
	slices.SortStableFunc(all, func(x, y found) int { return cmp.Compare(y.weight, x.weight) })
	var out []render.Finding
	for _, f := range all[:min(len(all), most)] {
		out = append(out, f.Finding)
	}
	return out
}

// change is how many standard deviations a count is off a mean that counts of four weeks
// have, all of them taken for Poisson's: 3 of them happen by chance once in 700 weeks.
func change(now int, mean float64) float64 {
	return (float64(now) - mean) / math.Sqrt(max(mean, 1)*(1+1.0/usual))
}

// surely is from when on a change is said, and least of how many a week it takes.
const (
	surely = 3
	least  = 10
)

// rejections are events that shops sent and nobody could read.
func rejections(a About) []found {
	now, before := a.Rejected[0], a.Rejected[1]
	if now == 0 || change(now, float64(before)) < surely && now < least {
		return nil
	}
	return []found{{render.Finding{Kind: "rejected", Count: now, Before: before}, ofRejected}}
}

// fell are workers whose emails became fewer than chance makes of it, and at least by a third.
func (w weeks) fell() (out []found) {
	before := w.before()
	for _, name := range w.workers() {
		now, mean := w.last().by[name], before.mean(func(x *week) int { return x.by[name] })
		if mean >= least && float64(now) <= mean*2/3 && change(now, mean) <= -surely {
			out = append(out, found{render.Finding{Kind: "fell", Name: name, Count: now, Before: round(mean)}, ofFell + share(mean-float64(now), mean)})
		}
	}
	return out
}

// planned are reasons for which nothing is amiss: somebody decided so, or another email said it.
var planned = []reason.Reason{reason.Holdout, reason.Bundled, reason.Shadow, reason.CalledOff, reason.WorkerOff, reason.StepRemoved}

// refused are reasons for which more emails were not sent than chance makes of it.
func (w weeks) refused() (out []found) {
	before := w.before()
	if before == nil || before.blind() {
		return nil
	}
	for _, why := range slices.Sorted(maps.Keys(w.last().dropped)) {
		now, mean := w.last().dropped[why], before.mean(func(x *week) int { return x.dropped[why] })
		if slices.Contains(planned, reason.Reason(why)) || now < least || float64(now) < mean*3/2 || change(now, mean) < surely {
			continue
		}
		out = append(out, found{render.Finding{Kind: "refused", Name: why, Count: now, Before: round(mean)}, ofRefused + share(float64(now)-mean, float64(now))})
	}
	return out
}

// ordered tells of more or fewer orders than chance makes of it.
func (w weeks) ordered() []found {
	before := w.before()
	if before == nil {
		return nil
	}
	now, mean := w.last().orders, before.mean(func(x *week) int { return x.orders })
	c := change(now, mean)
	switch f := (render.Finding{Count: now, Before: round(mean)}); {
	case mean < least && now < least:
	case c <= -surely:
		f.Kind = "orders_fell"
		return []found{{f, ofOrders + 1}}
	case c >= surely:
		f.Kind = "orders_rose"
		return []found{{f, ofOrders}}
	}
	return nil
}

// lifts say what emails add, or that it is too early to. What a night a week ago could not
// say is new.
func lifts(a About, w weeks) (out []found) {
	kinds := map[lift.Verdict]string{lift.More: "lift_more", lift.Less: "lift_less", lift.Alike: "lift_alike", lift.TooEarly: "lift_early"}
	for i := range a.Numbers.Trials {
		t := &a.Numbers.Trials[i]
		if !t.Ended.IsZero() || t.Occasion != "" { // of one announcement, its own page tells
			continue
		}
		e := lift.Conversion(t.Emailed, t.Control)
		f := render.Finding{Kind: kinds[e.Verdict], Name: t.Worker, People: int(t.Emailed.People), Held: int(t.Control.People), Days: int(t.Window), Since: t.Since.In(a.Zone)}
		weight := float64(ofLift)
		if f.People > 0 && f.Held > 0 {
			f.Share, f.Other, f.Difference = tenths(e.Emailed), tenths(e.Control), tenths(e.Difference)
			f.Low, f.High = tenths(e.Always.Low), tenths(e.Always.High)
		}
		switch {
		case e.Verdict == lift.TooEarly:
			weight = ofEarly
		case newly(t, e.Verdict, w.last().from):
			f.New, weight = true, ofNewLift
		}
		if t.Worker == numbers.AllMarketing {
			weight += 5 // before that of one worker
		}
		out = append(out, found{f, weight})
	}
	return out
}

// newly reports whether on no night before the week it could be said what can be said now.
func newly(t *numbers.Trial, v lift.Verdict, week localtime.Date) bool {
	for _, l := range t.Looks {
		if l.Date >= week.String() {
			break
		}
		if v == lift.More && l.In.Low > 0 || v == lift.Less && l.In.High < 0 {
			return false
		}
	}
	return v != lift.Alike // of which the nights do not tell
}

// repeats say how many customers come back, with an interval.
func repeats(s *numbers.Snapshot) []found {
	k, n := s.Customers.YearRepeat, s.Customers.Year
	if n < least {
		return nil
	}
	in := lift.Wilson(int64(k), int64(n))
	return []found{{render.Finding{Kind: "repeat", Share: tenths(float64(k) / float64(n)), Low: tenths(in.Low), High: tenths(in.High), People: n, Days: 365}, ofRepeat}}
}

// workers are those that sent something.
func (w weeks) workers() []string {
	in := map[string]int{}
	for i := range w {
		for name, n := range w[i].by {
			in[name] += n
		}
	}
	return sortedBy(in)
}

// sortedBy lists the keys of a map, the largest value first.
func sortedBy(in map[string]int) []string {
	out := slices.Sorted(maps.Keys(in))
	slices.SortStableFunc(out, func(x, y string) int { return in[y] - in[x] })
	return out
}

func share(part, of float64) float64 { return part / max(of, 1) }

// tenths are of a per cent.
func tenths(f float64) int { return round(1000 * f) }

func round(f float64) int { return int(math.Round(f)) }
