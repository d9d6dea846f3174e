package throughput

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

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

// giveBackScript counts ARGV[1] emails of a day (KEYS[1]) no longer.
var giveBackScript = redis.NewScript(`
local n = math.min(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
if n < 1 then return 0 end
return redis.call('INCRBY', KEYS[1], -n)`)

// GiveBack is for an email that was not handed to the relay: it does not count against
// the day of the warm-up on which Wait was called for it, at a business time.
func (t *Throughput) GiveBack(ctx context.Context, at time.Time) error {
	today := t.warm.on(at)
	if today.limit == 0 {
		return nil
	}
	return t.giveBack(ctx, today.day, 1)
}

func (t *Throughput) giveBack(ctx context.Context, day time.Time, n int) error {
	if err := giveBackScript.Run(ctx, t.rdb, []string{dayKey(t.relay, day)}, n).Err(); err != nil {
		return fmt.Errorf("giving throughput back: %w", err)
	}
	return nil
}

// spoilt is how many permits of a day of the warm-up nobody spent in time: they are given
// back before more are asked for. The zero value is none.
type spoilt struct {
	on time.Time
	n  int
}

// spoil counts permits of a day; zero is no day of a warm-up. Those of a day before are
// forgotten: nothing may be sent on it any more.
func (s *spoilt) spoil(day time.Time, n int) {
	if day.IsZero() {
		return
	}
	if !s.on.Equal(day) {
		*s = spoilt{on: day}
	}
	s.n += n
}

func (s *spoilt) returnSpoilt(ctx context.Context, t *Throughput) error {
	if s.n == 0 {
		return nil
	}
	if err := t.giveBack(ctx, s.on, s.n); err != nil {
		return err
	}
	s.n = 0
	return nil
}
