package rehearsal

import (
	"maps"
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/config"
)

// Relay is what a store's relay would have had to do. In a rehearsal every email leaves
// when it may; here it is counted how long they would have waited in one line.
type Relay struct {
	Store     string  `json:"store"`
	PerSecond float64 `json:"per_second"` // 0: unlimited
	Waited    int     `json:"waited"`     // emails that would have waited for more than a minute
	Longest   float64 `json:"longest_wait_seconds"`

	// Of the warm-up, whose first day is taken to be the first of the rehearsal; of an
	// installation that goes on, what is left of it.
	WarmUp []WarmDay `json:"warm_up,omitempty"`
}

// WarmDay is a day of the warm-up.
type WarmDay struct {
	Date   string `json:"date"`
	Limit  int    `json:"limit"`
	Emails int    `json:"emails"` // that were to leave
	Late   int    `json:"late"`   // of these and those before, what the day had no room for
}

// relay puts the emails of each store in one line.
func (r *Result) relay() []Relay {
	by := map[string][]time.Time{}
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; o.Action == events.ActionSent {
			store := r.storeOf(o.Person)
			by[store] = append(by[store], o.At)
		}
	}
	var out []Relay
	for _, store := range slices.Sorted(maps.Keys(r.e.stores)) {
		mails := by[store]
		slices.SortFunc(mails, func(a, b time.Time) int { return a.Compare(b) })
		rate := r.e.config.Stores[store].Pacing.Throughput
		x := Relay{Store: store, PerSecond: rate.PerSecond}
		x.line(mails)
		from, perDay := r.From, rate.WarmUp.PerDay
		if r.Ahead() && len(perDay) > 0 {
			from, perDay = rest(rate.WarmUp, from)
		}
		x.warm(mails, from, perDay)
		out = append(out, x)
	}
	return out
}

// line counts how long emails wait for those before them.
func (x *Relay) line(mails []time.Time) {
	if x.PerSecond <= 0 {
		return
	}
	each := time.Duration(float64(time.Second) / x.PerSecond)
	var free time.Time
	for _, at := range mails {
		if free.Before(at) {
			free = at
		}
		wait := free.Sub(at)
		if wait > time.Minute {
			x.Waited++
		}
		x.Longest = max(x.Longest, wait.Seconds())
		free = free.Add(each)
	}
}

// warm counts what the days of the warm-up have no room for.
func (x *Relay) warm(mails []time.Time, from time.Time, perDay []int) {
	late, i := 0, 0
	day := from.UTC().Truncate(24 * time.Hour)
	for i < len(mails) && mails[i].Before(day) {
		i++
	}
	for _, limit := range perDay {
		end := day.Add(24 * time.Hour)
		n := 0
		for ; i < len(mails) && mails[i].Before(end); i++ {
			n++
		}
		late = max(0, late+n-limit)
		x.WarmUp = append(x.WarmUp, WarmDay{Date: day.Format(time.DateOnly), Limit: limit, Emails: n, Late: late})
		day = end
	}
}

// rest is what is left of a warm-up at a time, and from when on.
func rest(w config.WarmUp, now time.Time) (from time.Time, perDay []int) {
	from = w.Start.At(0, time.UTC)
	for perDay = w.PerDay; len(perDay) > 0 && !from.Add(24*time.Hour).After(now); perDay = perDay[1:] {
		from = from.Add(24 * time.Hour)
	}
	return from, perDay
}

// storeOf is whose customer a person is.
func (r *Result) storeOf(n int32) string {
	if n < 0 {
		return ""
	}
	store, _, _ := strings.Cut(r.h.who.name[n], ".")
	return store
}

// notes say what a history cannot know, and what a rehearsal does otherwise than live.
func (r *Result) notes() []string {
	if r.Ahead() {
		return r.notesAhead()
	}
	out := []string{
		"Nobody of the past could react to emails that were never sent: clicks, opens, answers, reviews and orders that they would have led to are missing, and so are unsubscribes. Who gets a last word stays asleep until the next order in the history.",
		"Consent and unsubscribes count from when the history says so. A history that says nothing about consent is judged by the policy alone.",
		"Every email leaves when it may and is accepted. Bounces, spam reports and what the relay would have made wait are not lived through; the report counts the wait apart.",
		"Lists of codes have as many codes as are asked for.",
	}
	if r.h.stored < r.h.Len() {
		out = append(out, "Each event is known as soon as it happened. A shop that tells late, or in another order, has a few other emails.")
	}
	if r.h.foreign {
		out = append(out, "The history is of an installation with another secret: others are held out than there, and its bounces and erasures reach nobody here.")
	}
	if r.e.secretless {
		out = append(out, "There is no secret, so others are held out than will be live, and what is spread within minutes is spread otherwise.")
	}
	return out
}
