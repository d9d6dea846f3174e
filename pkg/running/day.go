package running

import (
	"cmp"
	"slices"
	"strings"

	"homing/docs"
	"homing/pkg/installation"
)

// hourly is what one worker sent in each hour of the day, as a row.
type hourly struct {
	Worker string // "": all of them
	Hours  [24]shade
	Total  int
}

// shade is a count, and how dark it is drawn: 0 to 5.
type shade struct{ Count, Level int }

// shades is how dark the darkest is.
const shades = 5

func shadeOf(n, most int) shade {
	if n == 0 || most == 0 {
		return shade{Count: n}
	}
	return shade{n, max(1, (n*shades+most-1)/most)}
}

// byHour is what was sent in each hour, by those workers that sent something.
func byHour(workers []installation.WorkerStatus) (out []hourly) {
	most := 0
	var all installation.Detail
	for _, w := range workers {
		if w.Detail != nil {
			most = max(most, slices.Max(w.Detail.Hours[:]))
			for h, n := range w.Detail.Hours {
				all.Hours[h] += n
			}
		}
	}
	row := func(name string, hours [24]int, most int) {
		r := hourly{Worker: name}
		for h, n := range hours {
			r.Hours[h] = shadeOf(n, most)
			r.Total += n
		}
		if r.Total > 0 {
			out = append(out, r)
		}
	}
	for _, w := range workers {
		if w.Detail != nil {
			row(w.Worker, w.Detail.Hours, most)
		}
	}
	if len(out) > 1 {
		row("", all.Hours, slices.Max(all.Hours[:]))
	}
	return out
}

// verdict is for what emails were held, or not sent.
type verdict struct {
	Outcome, Reason string // "held", "not sent", "uncertain"
	Count           int
	Means           string // in Markdown, one sentence
	Workers         []string
}

// outcomes are what facts say, in the words of the page.
var outcomes = map[string]string{"held": "held", "dropped": "not sent", "uncertain": "uncertain"}

// byReason counts why emails were held or not sent, the most frequent first.
func byReason(workers []installation.WorkerStatus) (out []verdict) {
	for _, w := range workers {
		if w.Detail == nil {
			continue
		}
		for _, x := range w.Detail.Reasons {
			i := slices.IndexFunc(out, func(v verdict) bool { return v.Outcome == outcomes[x.Outcome] && v.Reason == x.Reason })
			if i < 0 {
				i = len(out)
				out = append(out, verdict{Outcome: outcomes[x.Outcome], Reason: x.Reason, Means: docs.Short(x.Reason)})
			}
			out[i].Count += x.Count
			out[i].Workers = append(out[i].Workers, w.Worker)
		}
	}
	slices.SortStableFunc(out, func(a, b verdict) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Reason, b.Reason)) })
	return out
}
