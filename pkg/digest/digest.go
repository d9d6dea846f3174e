// Package digest is what the people of a shop are told once a week: how the week went next
// to the four before it, what is worth knowing, and some charts. All of it follows from the
// numbers of the night (pkg/numbers), and from how many events were rejected; nothing in it
// is about one customer. It also puts the digest on the schedule; whether it is sent, and
// how, is delivery's, as of every email.
package digest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/numbers"
	"homing/pkg/render"
)

// usual is how many weeks a week is compared with: those before it.
const usual = 4

// About is what a digest is made of.
type About struct {
	Store  string
	Zone   *time.Location
	Locale string // BCP 47: how charts write dates
	// Currency is the store's own, which is shown first.
	Currency string
	// Numbers are those of the last night; nil: nothing was counted yet.
	Numbers *numbers.Snapshot
	// Rejected are how many events of the store were rejected in the week, and in the one
	// before.
	Rejected [2]int
	URL      string // of the console's page with all numbers; may be empty
	Now      time.Time
}

// Week returns the first moment of the week that ended before a time, seven whole days on
// the clocks of a zone, and the first after it.
func Week(now time.Time, zone *time.Location) (from, end time.Time) {
	today := localtime.DateOf(now.In(zone))
	return today.Add(-7).At(0, zone), today.At(0, zone)
}

// Of returns the digest, and the pictures of its charts.
func Of(a About) (*render.Digest, []Picture, error) {
	at := a.Now
	if a.Numbers != nil {
		at = a.Numbers.At // so that the days of a night that was missed are not taken for empty ones
	}
	from, end := Week(at, a.Zone)
	d := &render.Digest{From: from, To: end.Add(-time.Minute), URL: a.URL}
	if a.Numbers == nil {
		d.Findings = []render.Finding{{Kind: "early"}}
		return d, nil, nil
	}
	d.At = at.In(a.Zone)
	w := weeksOf(a.Numbers, localtime.DateOf(end), chartWeeks)
	d.Figures = w.figures(a.Currency)
	d.Findings = findings(a, w)
	charts, pictures, err := draw(a, w)
	if err != nil {
		return nil, nil, fmt.Errorf("the charts of the digest of store %s: %w", a.Store, err)
	}
	d.Charts = charts
	return d, pictures, nil
}

// A week is what is known of seven days.
type week struct {
	from    localtime.Date
	known   bool // something is, of it or of a day before it
	orders  int
	buyers  int // who ordered for the first time
	sent    int
	revenue numbers.Money
	by      map[string]int // emails that were sent, by worker
	dropped map[string]int // emails that were not, by reason
	blind   bool           // by a version that counted neither those nor who ordered first
}

// weeks are the last weeks, the latest last.
type weeks []week

// weeksOf adds up the days of the n weeks that end before a day.
func weeksOf(s *numbers.Snapshot, end localtime.Date, n int) weeks {
	out := make(weeks, n)
	for i := range out {
		out[i] = week{from: end.Add(7 * (i - n)), revenue: numbers.Money{}, by: map[string]int{}, dropped: map[string]int{}}
	}
	first := end
	for i := range s.Days {
		d := &s.Days[i]
		var date localtime.Date
		if date.UnmarshalText([]byte(d.Date)) != nil {
			continue
		}
		if date.Until(first) > 0 {
			first = date
		}
		if before := date.Until(end); before > 0 && before <= 7*n {
			out[n-1-(before-1)/7].add(d)
		}
	}
	for i := range out {
		out[i].known = first.Until(out[i].from) >= 0
	}
	return out
}

func (w *week) add(d *numbers.Day) {
	w.blind = w.blind || d.Dropped == nil
	w.orders += d.Orders
	w.buyers += d.First
	for currency, minor := range d.Revenue {
		w.revenue[currency] += minor
	}
	for name, x := range d.Workers {
		w.sent += x.Sent
		w.by[name] += x.Sent
	}
	for why, n := range d.Dropped {
		w.dropped[why] += n
	}
}

// last is the week that the digest is about.
func (w weeks) last() *week { return &w[len(w)-1] }

// before are the weeks that it is compared with; nil: not all of them are known.
func (w weeks) before() weeks {
	b := w[len(w)-1-usual : len(w)-1]
	if !b[0].known {
		return nil
	}
	return b
}

// blind reports whether of one of the weeks less is known.
func (w weeks) blind() bool { return slices.ContainsFunc(w, func(x week) bool { return x.blind }) }

// mean is the average of something over some weeks, 0 of none.
func (w weeks) mean(of func(*week) int) float64 {
	sum := 0
	for i := range w {
		sum += of(&w[i])
	}
	if len(w) == 0 {
		return 0
	}
	return float64(sum) / float64(len(w))
}

// days is how many days are known.
func (w weeks) days() int {
	i := slices.IndexFunc(w, func(x week) bool { return x.known })
	if i < 0 {
		return 0
	}
	return 7 * (len(w) - i)
}

// figures are the numbers of the week. Each amount is of one currency.
func (w weeks) figures(own string) []render.Figure {
	before, now := w.before(), w.last()
	known := before != nil
	count := func(kind string, of func(*week) int) render.Figure {
		return render.Figure{Kind: kind, Count: of(now), Before: round(before.mean(of)), Known: known}
	}
	out := []render.Figure{count("orders", func(x *week) int { return x.orders })}
	first := count("new", func(x *week) int { return x.buyers })
	if first.Known = known && !before.blind(); !now.blind {
		out = append(out, first)
	}
	for _, currency := range w[max(0, len(w)-1-usual):].currencies(own) {
		of := func(x *week) int { return int(x.revenue[currency]) }
		out = append(out, render.Figure{Kind: "revenue", Known: known, Amount: events.Money{Minor: int64(of(now)), Currency: currency},
			Usual: events.Money{Minor: int64(before.mean(of)), Currency: currency}})
	}
	return append(out, count("emails", func(x *week) int { return x.sent }))
}

// mostCurrencies bounds the figures.
const mostCurrencies = 4

// currencies are those in which something was ordered, the store's own first.
func (w weeks) currencies(own string) []string {
	in := map[string]bool{}
	for i := range w {
		for currency, minor := range w[i].revenue {
			in[currency] = in[currency] || minor != 0
		}
	}
	out := slices.DeleteFunc(slices.Sorted(maps.Keys(in)), func(c string) bool { return !in[c] })
	slices.SortStableFunc(out, func(x, y string) int { return cmp.Compare(one(y == own), one(x == own)) })
	return out[:min(len(out), mostCurrencies)]
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}
