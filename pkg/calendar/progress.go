package calendar

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/redis/go-redis/v9"
)

// Progress is how far the work of a calendar is: for another that goes on from it, in the
// process alone.
type Progress struct {
	over map[[2]string]time.Time // store and work → the latest day that is done
	told map[string]int          // lapses that were told, by store and day
}

// ReadProgress reads from Redis how far the calendar's work of some stores is, by their
// zones, at a business time. It writes nothing.
func ReadProgress(ctx context.Context, rdb redis.UniversalClient, zones map[string]*time.Location, now time.Time) (Progress, error) {
	out := Progress{map[[2]string]time.Time{}, map[string]int{}}
	for store, zone := range zones {
		for _, w := range []work{ofBirthdays, ofLapses, ofJob(Products(nil))} {
			date := dueDate(now, zone, w.at)
			open, err := newTurns(rdb).undone(ctx, turn{store: store, work: w.name, date: date}, w.parts)
			if err != nil {
				return out, err
			}
			if len(open) == 0 {
				out.over[[2]string{store, w.name}] = date
			}
		}
		key := limitKey(store, dueDate(now, zone, lapsesAt))
		n, err := rdb.Get(ctx, key).Int()
		if err != nil && !errors.Is(err, redis.Nil) {
			return out, fmt.Errorf("reading the day's limit: %w", err)
		}
		out.told[key] = n
	}
	return out, nil
}

// Resume has a calendar that nobody else runs go on from where another one is.
func (c *Calendar) Resume(p Progress) {
	maps.Copy(c.over, p.over)
	maps.Copy(c.told, p.told)
}
