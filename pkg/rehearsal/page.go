package rehearsal

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"time"

	"homing/events"
)

//go:embed page.html compare.html parts.html
var sources embed.FS

var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"number": number, "plural": plural, "side": side,
	"date":   func(t time.Time) string { return t.Format(day) },
	"minute": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") },
	"days":   dayBars, "hours": hourBars, "weeks": weekBars,
	"notSent": notSent,
	"late":    func(r *Report) bool { return slices.ContainsFunc(r.Verdicts, notSent) },
	"wait": func(seconds float64) string {
		return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
	},
}).ParseFS(sources, "*.html"))

func notSent(v Verdict) bool { return v.Action != events.ActionSent }

// Page writes a report as a page that needs nothing else.
func Page(w io.Writer, r *Report) error { return pages.ExecuteTemplate(w, "page.html", r) }

// ComparePage writes a comparison as a page that needs nothing else.
func ComparePage(w io.Writer, c *Comparison, from, to time.Time) error {
	return pages.ExecuteTemplate(w, "compare.html", struct {
		*Comparison
		From, To time.Time
	}{c, from, to})
}

// bars are a chart: its table says the same.
type bars struct {
	Title string
	Of    string // what a bar stands for
	Bars  []bar
	Wide  bool // there are too many for words under each
}

// bar is one of a chart, in the units of its picture, which is chartHigh high.
type bar struct {
	Label     string
	N         int
	X, Y      float64
	Width     float64
	Height    float64
	Mid       float64
	ShowLabel bool
}

const (
	chartWide = 720.0
	chartHigh = 150.0
	mostWide  = 90.0 // a bar
)

// chart lays bars out.
func chart(title, of string, labels []string, counts []int) bars {
	most := 1
	for _, n := range counts {
		most = max(most, n)
	}
	out := bars{Title: title, Of: of, Wide: len(counts) > 24}
	step := chartWide / float64(max(1, len(counts)))
	width := min(max(step*0.85, 0.5), mostWide)
	every := 1
	if out.Wide {
		every = (len(counts) + 5) / 6 // a date is wide
	}
	for i, n := range counts {
		high := chartHigh * float64(n) / float64(most)
		x := float64(i) * step
		out.Bars = append(out.Bars, bar{labels[i], n, x, chartHigh - high, width, high, max(x+width/2, narrow(out.Wide)), i%every == 0})
	}
	return out
}

// narrow is how far from the edge the middle of a label is at least.
func narrow(wide bool) float64 {
	if wide {
		return 30
	}
	return 0
}

func dayBars(r *Report) bars {
	by := map[string]int{}
	for _, d := range r.Days {
		by[d.Date] = d.Emails
	}
	var labels []string
	var counts []int
	if len(r.Days) > 0 {
		at, _ := time.Parse(time.DateOnly, r.Days[0].Date)
		end, _ := time.Parse(time.DateOnly, r.Days[len(r.Days)-1].Date)
		for ; !at.After(end); at = at.AddDate(0, 0, 1) {
			labels, counts = append(labels, at.Format(time.DateOnly)), append(counts, by[at.Format(time.DateOnly)])
		}
	}
	return chart("Emails a day", "Day", labels, counts)
}

func hourBars(r *Report) bars {
	labels := make([]string, len(r.Hours))
	for i := range labels {
		labels[i] = fmt.Sprintf("%02d", i)
	}
	return chart("Emails by hour of the store's day", "Hour", labels, r.Hours[:])
}

func weekBars(r *Report) bars {
	var labels []string
	var counts []int
	for _, s := range r.Weeks {
		labels, counts = append(labels, strconv.Itoa(s.Emails)), append(counts, s.Weeks)
	}
	return chart("Customers' weeks with so many emails", "Emails in a week", labels, counts)
}
