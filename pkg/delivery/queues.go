package delivery

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"homing/pkg/bus"
)

// leastUnderWay is how many touches of one store are between their first stage and
// their last at a time, at least: there are more of them than connections, since some
// are being composed.
const leastUnderWay = 48

// queues keep the touches of each store apart, so that a slow one delays no other.
type queues struct {
	mu sync.Mutex
	of map[string]*queue
}

// queue is the touches of one store, in the order in which they came.
type queue struct {
	mu      sync.Mutex
	waiting []waiting
	inside  int        // waiting, under way or being finished
	busy    int        // under way
	most    int        // that may be
	trying  sync.Mutex // held by the one touch that tries a store that is passed by

	// while there are too many: how fast they are decided, and when it will be the turn
	// of the one that was set aside last
	decisions int
	since     time.Time
	turn      time.Time
}

// waiting is a touch that waits for its turn, and the context of its batch.
type waiting struct {
	ctx context.Context
	*attempt
}

// store returns a store's queue, in which so many touches may be under way.
func (s *queues) store(name string, most int) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.of[name]
	if q == nil {
		if s.of == nil {
			s.of = map[string]*queue{}
		}
		q = &queue{most: max(most, leastUnderWay)}
		s.of[name] = q
	}
	return q
}

// join puts a touch into the queue, unless there are share of them already; 0 is no
// limit. work is begun where it may be under way at once.
func (q *queue) join(w waiting, share int, work func()) (joined bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if share > 0 && q.inside >= share {
		return false
	}
	q.inside++
	q.waiting = append(q.waiting, w)
	q.begin(work)
	return true
}

// begin starts work on what waits, if there is room; the lock is held.
func (q *queue) begin(work func()) {
	if len(q.waiting) > 0 && q.busy < q.most {
		q.busy++
		go work()
	}
}

// next returns the touch whose turn it is, for a goroutine that is counted as busy;
// if there is none, it is no longer.
func (q *queue) next() (waiting, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.busy--
		q.waiting = nil
		return waiting{}, false
	}
	w := q.waiting[0]
	q.waiting[0] = waiting{}
	q.waiting = q.waiting[1:]
	return w, true
}

// decided makes room for the next touch, which another goroutine works on.
func (q *queue) decided(work func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy--
	q.decisions++
	q.begin(work)
}

// finished takes a touch out of the queue, and reports whether its goroutine may
// take another one: its stack has grown to what that needs.
func (q *queue) finished() (again bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inside--
	if again = len(q.waiting) > 0 && q.busy < q.most; again {
		q.busy++
	}
	return again
}

// work takes touches of a store all the way, for as long as there is room for one
// more under way.
func (d *Delivery) work(q *queue) {
	for again := true; again; {
		w, ok := q.next()
		if !ok {
			return
		}
		if w.ctx.Err() != nil { // stopping: what was not begun is not begun
			q.decided(func() { d.work(q) })
			d.done(w.attempt, bus.ErrShutdown)
		} else {
			d.done(w.attempt, d.deliver(w.ctx, w.attempt, func() { q.decided(func() { d.work(q) }) }))
		}
		again = q.finished()
	}
}

// longestTurn is the longest time that is worth foreseeing.
const longestTurn = 30 * time.Second

// crowdedFor is for how long a touch is set aside whose store has its share of them
// in flight: until it would be its turn, at the pace of the store's others, so that
// the relay is never idle. Where that is far off it is half a minute to one and a
// half, so that they don't all come back at once.
func (q *queue) crowdedFor() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	lasted := now.Sub(q.since)
	switch {
	case q.turn.Before(now): // there were not too many for a while
		q.decisions, q.since = 0, now
	case lasted > 2*longestTurn: // the pace is that of late
		q.decisions, q.since = q.decisions/2, now.Add(-lasted/2)
	}
	each := 10 * time.Millisecond // until the pace is known
	if q.decisions > 0 {
		each = now.Sub(q.since) / time.Duration(q.decisions)
	}
	turn := q.turn
	if turn.Before(now) {
		turn = now.Add(each * time.Duration(len(q.waiting)))
	}
	if turn = turn.Add(each); turn.Sub(now) < longestTurn {
		q.turn = turn
		return max(turn.Sub(now), soonest)
	}
	return longestTurn + rand.N(2*longestTurn)
}
