package main

import (
	"cmp"
	"slices"

	"homing/pkg/foresight"
)

// lapsed is how well it was foretold who orders within 90 days.
type lapsed struct {
	people           int
	ours, days       float64 // areas under the curve; days: by the days since the last order alone
	stated, happened float64 // shares
}

// lapses judges everybody who had ordered 90 days before the end, by what was known then.
func (r *replay) lapses() lapsed {
	then := r.end.Add(-foresight.Ahead)
	s := foresight.NewSilences(then)
	for _, c := range r.people {
		s.Add(c.OrderTimes())
	}
	model := s.Lapse()
	if !model.Known() {
		return lapsed{}
	}
	var out lapsed
	var ours, days []scored
	for _, c := range r.people {
		n, back, last := 0, false, r.orders[0].Time
		for _, at := range c.OrderTimes() {
			if at.After(then) {
				back = true
			} else if n++; at.After(last) {
				last = at
			}
		}
		if n == 0 {
			continue
		}
		silent := then.Sub(last).Hours() / 24
		p := model.Chance(silent, n)
		ours, days = append(ours, scored{p, back}), append(days, scored{-silent, back})
		out.people++
		out.stated += p
		if back {
			out.happened++
		}
	}
	out.stated, out.happened = out.stated/float64(out.people), out.happened/float64(out.people)
	out.ours, out.days = auc(ours), auc(days)
	return out
}

type scored struct {
	score float64
	hit   bool
}

// auc is the chance that one to whom it happened scored higher than one to whom it did not.
func auc(xs []scored) float64 {
	slices.SortFunc(xs, func(a, b scored) int { return cmp.Compare(a.score, b.score) })
	ranks, hits := 0.0, 0.0
	for i := 0; i < len(xs); {
		j := i
		for j < len(xs) && xs[j].score == xs[i].score {
			j++
		}
		for _, x := range xs[i:j] {
			if x.hit {
				ranks, hits = ranks+float64(i+j+1)/2, hits+1
			}
		}
		i = j
	}
	return (ranks - hits*(hits+1)/2) / (hits * (float64(len(xs)) - hits))
}
