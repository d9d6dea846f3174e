package throughput

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// ahead is how much of the rate is leased at a time; an email at least. None goes
	// out before its own moment in the lease, so that no second sees more than the
	// rate and one lease.
	ahead = 100 * time.Millisecond
	// lapse is for how long after its moment a permit is good: a process that was not
	// scheduled for longer must not spend at once what it saved.
	lapse = ahead / 2
	// slack is how much before its moment an email may go: less than a timer is late.
	slack = time.Millisecond
)

// lane has the permits of one class of emails to one domain, or to all that have no
// limit of their own.
type lane struct {
	of       *Throughput
	domain   string        // "" for all others
	interval time.Duration // between two emails to the domain; 0: unlimited
	first    bool          // transactional
	stays    bool          // who is refused by the relay waits here, instead of letting others pass

	waiting atomic.Int64 // for permits

	mu    sync.Mutex
	slots []time.Time // permits not spent yet: when each email may go out
	day   time.Time   // of the warm-up, that slots count on
	spoilt
	empty time.Time // until when the relay has nothing to give
}

// answer is what became of one wish for a permit.
type answer struct {
	at     time.Time     // when the email may go out, or when to ask again
	permit bool          // it may
	again  time.Duration // > 0: others should pass until then
	limit  int           // that says so
}

// next returns when one email may go out, or that others should pass.
func (l *lane) next(ctx context.Context, had bool, today quota) (answer, error) {
	l.waiting.Add(1)
	defer l.waiting.Add(-1)
	for {
		a, err := l.take(ctx, had, today)
		if err != nil || a.permit || a.again > 0 {
			return a, err
		}
		// Longer than slack: without a permit nothing is early.
		if err := sleep(ctx, max(time.Until(a.at), 2*slack)); err != nil {
			return a, err
		}
	}
}

// take spends a permit, and asks for more when they are used up: for as many emails as
// wait, since what one replica does not spend the others go without.
func (l *lane) take(ctx context.Context, had bool, today quota) (answer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return answer{}, stopped(ctx)
	}
	now := time.Now()
	for len(l.slots) > 0 {
		at := l.slots[0]
		l.slots = l.slots[1:]
		if now.Sub(at) <= lapse {
			l.of.passed(l.first)
			return answer{at: at, permit: true}, nil
		}
		l.spoil(l.day, 1)
	}
	if err := l.returnSpoilt(ctx, l.of); err != nil {
		return answer{}, err
	}
	if l.empty.After(now) {
		return answer{at: l.empty}, nil
	}
	got, err := l.ask(ctx, int(max(1, l.waiting.Load())), had, today)
	if err != nil {
		return answer{}, err
	}
	now = time.Now()
	if got.granted == 0 && got.refuses == byRelay {
		l.of.refused(now, l.first)
	}
	switch {
	case got.granted > 0:
		l.lease(now, got)
		l.day = today.day
		at := l.slots[0]
		l.slots = l.slots[1:]
		l.of.passed(l.first)
		return answer{at: at, permit: true}, nil
	case got.refuses == byRelay && l.stays:
		// Somewhere between the first moment at which there is room and the last at
		// which none is lost: so that no replica is always the first to ask.
		each := l.of.interval
		free := max(ahead, each*5/4)
		l.empty = now.Add(got.wait + jitter(min(free/2, free-each)))
		return answer{at: l.empty}, nil
	case had && got.refuses != byDay:
		// It had its turn and was not lucky: soon again, but not all at once.
		got.wait += jitter(time.Second)
	}
	return answer{again: got.wait, limit: got.refuses}, nil
}

// unspent counts a permit that was taken and not used.
func (l *lane) unspent(today quota) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.spoil(today.day, 1)
}

// lease notes when each of the emails that were granted may go out.
func (l *lane) lease(now time.Time, got lease) {
	l.slots = l.slots[:0]
	for i := range got.granted {
		n := time.Duration(i)
		at := max(0, got.relay+n*got.each, got.domain+n*l.interval)
		l.slots = append(l.slots, now.Add(at))
	}
}

// jitter returns a random part of d.
func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}
