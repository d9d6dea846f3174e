package numbers

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/lift"
)

// trial is a Trial on the night on which people are added to it.
type trial struct {
	Trial
	until time.Time // who came by then has had the whole window
	draw  func(token, worker string) float64
	all   float64 // share of those who get no marketing email at all
	own   float64 // of an occasion: share of those who get no email of its worker
	came  map[string]arrival
}

// arrival is when somebody came as far as the rule that draws the control group.
type arrival struct {
	at   int64 // ms
	held bool
	who  *buyer // nil: they have one id, and did not order
}

// trialsOf returns the trials of a night: what there were the night before, and those that
// begin. One whose share or window changed begins again, since people changed sides.
func trialsOf(before *Snapshot, set Settings, now, first time.Time) (going []*trial, ended []Trial) {
	if before != nil {
		first = now
		for _, t := range before.Trials {
			if set.share(t.Worker, t.Occasion) == 0 {
				if t.Ended.IsZero() {
					t.Ended = now
				}
				t.People = nil
				ended = append(ended, t)
			}
		}
	}
	for _, t := range set.begins(first) {
		if t.Share <= 0 || t.Share >= 1 {
			continue
		}
		if before != nil {
			i := slices.IndexFunc(before.Trials, func(o Trial) bool {
				return o.Worker == t.Worker && o.Occasion == t.Occasion && o.Ended.IsZero() && o.Share == t.Share && o.Window == t.Window
			})
			if i >= 0 {
				t = before.Trials[i]
			}
		}
		x := &trial{Trial: t, until: now.Add(-set.LiftWindow), draw: set.Draw, all: set.Holdout[AllMarketing], came: map[string]arrival{}}
		if t.Occasion != "" {
			x.own = set.Holdout[t.Worker]
		}
		going = append(going, x)
	}
	return going, ended
}

// begins are the trials as they are when they begin: those of workers from the first night on,
// and those of occasions when somebody was told of them first.
func (s Settings) begins(first time.Time) (out []Trial) {
	window := s.LiftWindow.Hours() / 24
	for _, worker := range sortedKeys(s.Holdout) {
		out = append(out, Trial{Worker: worker, Share: s.Holdout[worker], Window: window, Since: first, Through: first})
	}
	for _, o := range s.Occasions {
		out = append(out, Trial{Worker: o.Worker, Occasion: o.Name, Share: o.Share, Window: window, Since: o.Since, Through: o.Since})
	}
	return out
}

// share is that of a control group; 0: there is none.
func (s Settings) share(worker, occasion string) float64 {
	if occasion == "" {
		return s.Holdout[worker]
	}
	for _, o := range s.Occasions {
		if o.Worker == worker && o.Name == occasion {
			return o.Share
		}
	}
	return 0
}

// AllMarketing is the trial of all marketing email, where workers have trials of their own.
const AllMarketing = ""

// see notes that a touch of a worker came as far as the rule; held: it is one of those that
// are not sent. Nobody gets an email of a worker who gets none at all, so they say nothing of
// it; and what a worker of its own does not send says nothing of all. So it is with an
// occasion and its worker.
func (t *trial) see(who *buyer, e customer.Entry, worker, occasion string, held bool) {
	at := e.Event.Time
	if !at.After(t.Through) || at.After(t.until) || t.Worker != AllMarketing && worker != t.Worker || t.Occasion != "" && occasion != t.Occasion {
		return
	}
	token := e.Key.Token
	if who != nil {
		token = who.tokens[0]
	}
	drawn := func(name string, share float64) bool { return share > 0 && t.draw(token, name) < share }
	switch none := drawn(AllMarketing, t.all); {
	case t.Worker == AllMarketing && held != none, t.Worker != AllMarketing && none, drawn(t.Worker, t.own),
		t.Worker != AllMarketing && held != drawn(t.group(), t.Share):
		return // or they changed sides since
	}
	if a, ok := t.came[token]; !ok || at.UnixMilli() < a.at {
		t.came[token] = arrival{at.UnixMilli(), held, who}
	}
}

// group is by what the control group is drawn, as the gate's rule holdout has it.
func (t *trial) group() string {
	if t.Occasion == "" {
		return t.Worker
	}
	return t.Worker + "." + t.Occasion
}

// close adds those who came, and did not before, with what they ordered within the window. It
// looks once for each night since the last one, as of that night: the nights that were missed,
// or that lie before the first, say what they would have said.
func (t *trial) close(now time.Time, zone *time.Location) Trial {
	came := slices.SortedFunc(maps.Keys(t.came), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.came[a].at, t.came[b].at), strings.Compare(a, b))
	})
	in, fresh := t.People.list(), []uint64{}
	window := now.Sub(t.until)
	for _, night := range t.nights(now, zone) {
		for len(came) > 0 && t.came[came[0]].at <= night.Add(-window).UnixMilli() {
			fresh = t.add(in, fresh, came[0], window.Milliseconds())
			came = came[1:]
		}
		t.look(night.In(zone).Format(time.DateOnly))
	}
	t.People, t.Through = membersOf(append(in, fresh...)), maxTime(t.Through, t.until)
	t.Looks = t.Looks[max(len(t.Looks)-keptDays, 0):]
	return t.Trial
}

// nights are those on which people are added, the last one now.
func (t *trial) nights(now time.Time, zone *time.Location) (out []time.Time) {
	last := t.Through.Add(now.Sub(t.until))
	for night := now.In(zone); len(out) == 0 || night.After(last) && len(out) < keptDays; night = night.AddDate(0, 0, -1) {
		out = append(out, night)
	}
	slices.Reverse(out)
	return out
}

// add adds somebody who came, unless they are among those who did before.
func (t *trial) add(in, fresh []uint64, token string, window int64) []uint64 {
	a := t.came[token]
	names := []string{token}
	if a.who != nil {
		names = a.who.tokens
	}
	if len(in)+len(fresh) >= mostMembers || slices.ContainsFunc(names, func(name string) bool { _, ok := slices.BinarySearch(in, member(name)); return ok }) {
		return fresh
	}
	ordered, spent := a.orders(window)
	arm := &t.Emailed
	if a.held {
		arm = &t.Control
	}
	arm.Add(ordered, spent)
	return append(fresh, member(token))
}

// look notes where the difference is, as of a night.
func (t *trial) look(date string) {
	e := lift.Conversion(t.Emailed, t.Control)
	if n := len(t.Looks); n > 0 && t.Looks[n-1].Date == date {
		t.Looks = t.Looks[:n-1]
	}
	if e.Always != (lift.Interval{Low: -1, High: 1}) {
		t.Looks = append(t.Looks, Look{date, e.Difference, e.Always})
	}
}

// orders returns what somebody ordered within so many ms.
func (a *arrival) orders(window int64) (ordered bool, spent Money) {
	if a.who == nil {
		return false, nil
	}
	for _, o := range a.who.orders {
		if o.at < a.at || o.at >= a.at+window {
			continue
		}
		if ordered = true; o.currency != "" {
			spent.add(o.currency, o.minor)
		}
	}
	return ordered, spent
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
