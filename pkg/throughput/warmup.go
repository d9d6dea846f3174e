package throughput

import "time"

// quota is what a day of the warm-up allows.
type quota struct {
	day   time.Time
	limit int           // emails; 0: unlimited
	left  time.Duration // until the next day
	each  time.Duration // an email's share of the next day
}

const day = 24 * time.Hour

// on returns what is allowed at a time. Days are UTC's: a relay may serve stores
// of many zones.
func (w WarmUp) on(now time.Time) quota {
	if len(w.PerDay) == 0 {
		return quota{}
	}
	today := now.UTC().Truncate(day)
	i := max(0, int(today.Sub(w.Start)/day))
	if i >= len(w.PerDay) {
		return quota{}
	}
	next := w.PerDay[min(i+1, len(w.PerDay)-1)]
	return quota{day: today, limit: w.PerDay[i], left: today.Add(day).Sub(now), each: day / time.Duration(next)}
}
