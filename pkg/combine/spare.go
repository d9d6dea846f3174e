package combine

import "sync"

// Spare keeps what was allocated to be used again. Other than a sync.Pool it forgets
// nothing when garbage is collected, and what one goroutine gives back another one gets:
// it is for a few large things that would be made again all the time. Its zero value is
// empty; it is safe for concurrent use.
type Spare[T any] struct {
	New func() *T

	mu sync.Mutex
	of []*T
}

// mostSpare is how many are kept.
const mostSpare = 2

// Get returns one that was given back, or a new one.
func (s *Spare[T]) Get() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.of)
	if n == 0 {
		return s.New()
	}
	t := s.of[n-1]
	s.of = s.of[:n-1]
	return t
}

// Put gives one back.
func (s *Spare[T]) Put(t *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.of) < mostSpare {
		s.of = append(s.of, t)
	}
}
