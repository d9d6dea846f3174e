package points

import (
	"slices"
	"time"

	"homing/events"
)

// Tiers are the tiers of a programme.
type Tiers struct {
	Currency string        // of what is spent; empty: points count
	Calendar bool          // what counts in a calendar year; else in the time before
	Window   time.Duration // that time
	Grace    time.Duration // how long a tier is kept once too little counts for it
	Steps    []Tier        // ascending
}

// Tier is one of them.
type Tier struct {
	Name string
	From int64 // points, or minor units of the currency
}

// worth is how much counts for a tier from a time on.
type worth struct {
	at time.Time
	n  int64
}

func (t *Tiers) add(all []worth, at time.Time, spent events.Money, points int) []worth {
	n := int64(points)
	if t.Currency != "" {
		n = 0
		if spent.Currency == t.Currency {
			n = spent.Minor
		}
	}
	if len(t.Steps) == 0 || n == 0 {
		return all
	}
	return append(all, worth{at, n})
}

func (t *Tiers) bonus(all []worth, at time.Time, points int) []worth {
	return t.add(all, at, events.Money{}, points)
}

// stretch is a time in which the same amount counts.
type stretch struct {
	from time.Time // until the next one
	sum  int64
}

// tiers is what counted at which time, and will if nothing else happens.
type tiers struct {
	Tiers
	stretches []stretch
	turns     []time.Time // at which the tier may change, ascending
}

func (t *Tiers) line(all []worth, zone *time.Location) tiers {
	out := tiers{Tiers: *t}
	var moves []worth
	for _, w := range all {
		end := w.at.Add(t.Window)
		if t.Calendar {
			end = time.Date(w.at.In(zone).Year()+1, 1, 1, 0, 0, 0, 0, zone)
		}
		moves = append(moves, w, worth{end, -w.n})
	}
	slices.SortFunc(moves, func(a, b worth) int { return a.at.Compare(b.at) })
	sum := int64(0)
	for _, m := range moves {
		sum += m.n
		if last := len(out.stretches) - 1; last >= 0 && out.stretches[last].from.Equal(m.at) {
			out.stretches[last].sum = sum
			continue
		}
		out.stretches = append(out.stretches, stretch{m.at, sum})
	}
	for _, s := range out.stretches {
		out.turns = append(out.turns, s.from)
		if t.Grace > 0 {
			out.turns = append(out.turns, s.from.Add(t.Grace))
		}
	}
	slices.SortFunc(out.turns, time.Time.Compare)
	out.turns = slices.CompactFunc(out.turns, time.Time.Equal)
	return out
}

// step returns which tier an amount leads to, counted from 1; 0: none.
func (t *Tiers) step(sum int64) int {
	n := 0
	for n < len(t.Steps) && sum >= t.Steps[n].From {
		n++
	}
	return n
}

// sum returns what counts at a time.
func (t *tiers) sum(at time.Time) int64 {
	sum := int64(0)
	for _, s := range t.stretches {
		if s.from.After(at) {
			break
		}
		sum = s.sum
	}
	return sum
}

// at returns the tier at a time: the highest that the amounts led to then, or since so
// long before that it is still kept.
func (t *tiers) at(at time.Time) int {
	tier := 0
	for i, s := range t.stretches {
		if s.from.After(at) {
			break
		}
		if last := i+1 == len(t.stretches); last || t.stretches[i+1].from.Add(t.Grace).After(at) {
			tier = max(tier, t.step(s.sum))
		}
	}
	return tier
}

// Standing is a customer's tier at a time.
type Standing struct {
	Tier   string    // empty: none
	Step   int       // counted from 1; 0: none
	Since  time.Time // they are in it
	Rose   bool      // and were in a lower one before
	Until  time.Time // when they leave it if nothing else happens; the zero time: never
	Keep   int64     // how much more has to count before that so that they stay; 0 without Until
	Sum    int64     // what counts
	Next   string    // tier; empty: there is none
	Needed int64     // how much more has to count for it
}

// Tier returns the customer's tier at a time, as far as is known.
func (l *Ledger) Tier(at time.Time) Standing {
	t := &l.tiers
	s := Standing{Step: t.at(at), Sum: t.sum(at)}
	if s.Step < len(t.Steps) {
		next := t.Steps[s.Step]
		s.Next, s.Needed = next.Name, max(next.From-s.Sum, 0)
	}
	if s.Step == 0 {
		return s
	}
	own := t.Steps[s.Step-1]
	s.Tier = own.Name
	for i, turn := range slices.Backward(t.turns) {
		if turn.After(at) {
			continue
		}
		if before := t.before(i); before != s.Step {
			s.Since, s.Rose = turn, before < s.Step
			break
		}
	}
	for _, turn := range t.turns {
		if turn.After(at) && t.at(turn) < s.Step {
			s.Until = turn
			s.Keep = max(own.From-t.sum(latest(turn.Add(-t.Grace), at)), 0)
			break
		}
	}
	return s
}

// before returns the tier before a turn.
func (t *tiers) before(i int) int {
	if i == 0 {
		return 0
	}
	return t.at(t.turns[i-1])
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Rises returns when the customer next gets into a higher tier, if nothing else happens.
func (l *Ledger) Rises(after time.Time) (time.Time, bool) {
	step := l.tiers.at(after)
	for _, turn := range l.tiers.turns {
		if turn.After(after) && l.tiers.at(turn) > step {
			return turn, true
		}
	}
	return time.Time{}, false
}
