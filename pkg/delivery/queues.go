package delivery

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// underWay is how many touches of one store are under way at a time: more than
// there are connections, since some are being composed and others recorded.
const underWay = 48

// queues keep the touches of each store apart, so that a slow one delays no other.
type queues struct {
	mu sync.Mutex
	of map[string]*queue
}

// queue is the touches of one store, in the order in which they came.
type queue struct {
	slots  chan struct{}
	mu     *sync.Mutex
	inside int        // waiting or under way
	trying sync.Mutex // held by the one touch that tries a store that is passed by
}

// join enters a touch into its store's queue, and reports whether there are more
// than share of them already; 0 is no limit.
func (s *queues) join(store string, share int) (q *queue, crowded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q = s.queue(store)
	q.inside++
	return q, share > 0 && q.inside > share
}

// queue returns a store's queue; the lock is held.
func (s *queues) queue(store string) *queue {
	q := s.of[store]
	if q == nil {
		if s.of == nil {
			s.of = map[string]*queue{}
		}
		q = &queue{slots: make(chan struct{}, underWay), mu: &s.mu}
		s.of[store] = q
	}
	return q
}

// try lets one touch of a store try what fails; end lets the next.
func (s *queues) try(store string) (end func(), ok bool) {
	s.mu.Lock()
	q := s.queue(store)
	s.mu.Unlock()
	if !q.trying.TryLock() {
		return nil, false
	}
	return q.trying.Unlock, true
}

// leave takes a touch out of the queue.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inside--
}

// turn waits until it is a touch's turn; false means that ctx ended before.
func (q *queue) turn(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case q.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// next lets the next touch have its turn.
func (q *queue) next() { <-q.slots }

// crowdedFor is for how long a touch is set aside whose store has more of them in
// flight than its share: half a minute to one and a half, so that they don't all
// come back at once, nor leave the relay idle.
func crowdedFor() time.Duration { return 30*time.Second + rand.N(time.Minute) }
