package numbers

import (
	"slices"
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
			if set.Holdout[t.Worker] == 0 {
				if t.Ended.IsZero() {
					t.Ended = now
				}
				t.People = nil
				ended = append(ended, t)
			}
		}
	}
	for _, worker := range sortedKeys(set.Holdout) {
		t := Trial{Worker: worker, Share: set.Holdout[worker], Window: set.LiftWindow.Hours() / 24, Since: first, Through: first}
		if t.Share <= 0 || t.Share >= 1 {
			continue
		}
		if before != nil {
			i := slices.IndexFunc(before.Trials, func(o Trial) bool {
				return o.Worker == worker && o.Ended.IsZero() && o.Share == t.Share && o.Window == t.Window
			})
			if i >= 0 {
				t = before.Trials[i]
			}
		}
		going = append(going, &trial{Trial: t, until: now.Add(-set.LiftWindow), draw: set.Draw, all: set.Holdout[AllMarketing], came: map[string]arrival{}})
	}
	return going, ended
}

// AllMarketing is the trial of all marketing email, where workers have trials of their own.
const AllMarketing = ""

// see notes that a touch of a worker came as far as the rule; held: it is one of those that
// are not sent. Nobody gets an email of a worker who gets none at all, so they say nothing of
// it; and what a worker of its own does not send says nothing of all.
func (t *trial) see(who *buyer, e customer.Entry, worker string, held bool) {
	at := e.Event.Time
	if !at.After(t.Through) || at.After(t.until) || t.Worker != AllMarketing && worker != t.Worker {
		return
	}
	token := e.Key.Token
	if who != nil {
		token = who.tokens[0]
	}
	none := t.all > 0 && t.draw(token, AllMarketing) < t.all
	if t.Worker == AllMarketing && held != none || t.Worker != AllMarketing && (none || held != (t.draw(token, t.Worker) < t.Share)) {
		return // or they changed sides since
	}
	if a, ok := t.came[token]; !ok || at.UnixMilli() < a.at {
		t.came[token] = arrival{at.UnixMilli(), held, who}
	}
}

// close adds those who came, and did not before, with what they ordered within the window.
func (t *trial) close(now time.Time, date string) Trial {
	in := t.People.list()
	window := now.UnixMilli() - t.until.UnixMilli()
	fresh := []uint64{}
	for _, token := range sortedKeys(t.came) {
		a := t.came[token]
		names := []string{token}
		if a.who != nil {
			names = a.who.tokens
		}
		if len(in)+len(fresh) >= mostMembers || slices.ContainsFunc(names, func(name string) bool { _, ok := slices.BinarySearch(in, member(name)); return ok }) {
			continue
		}
		fresh = append(fresh, member(token))
		ordered, spent := a.orders(window)
		arm := &t.Emailed
		if a.held {
			arm = &t.Control
		}
		arm.Add(ordered, spent)
	}
	t.People, t.Through = membersOf(append(in, fresh...)), maxTime(t.Through, t.until)
	e := lift.Conversion(t.Emailed, t.Control)
	if n := len(t.Looks); n > 0 && t.Looks[n-1].Date == date {
		t.Looks = t.Looks[:n-1]
	}
	if e.Always != (lift.Interval{Low: -1, High: 1}) {
		t.Looks = append(t.Looks, Look{date, e.Difference, e.Always})
	}
	t.Looks = t.Looks[max(len(t.Looks)-keptDays, 0):]
	return t.Trial
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
