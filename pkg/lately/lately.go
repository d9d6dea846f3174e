// Package lately has answers that many ask for and that are asked for once: what pages show
// is a little old, and costs the same however many people look.
package lately

import (
	"context"
	"sync"
	"time"
)

// An Answer is asked for when somebody wants it, and not by each of them: what is a little
// old is given at once, and asked for again for the next one.
type Answer[T any] struct {
	ask    func(context.Context) (T, error)
	lasts  time.Duration
	within time.Duration

	mu     sync.Mutex
	has    T
	at     time.Time // zero: there is none yet
	took   time.Duration
	err    error // of the last question
	asking chan struct{}
}

// New returns an answer that is given for some time without asking again; 0: it is asked for
// each time, and those who want it while it is being asked for share it. Asking may take as
// long as within.
func New[T any](lasts, within time.Duration, ask func(context.Context) (T, error)) *Answer[T] {
	return &Answer[T]{ask: ask, lasts: lasts, within: within}
}

const (
	// stale is how many times as old as it should be an answer is given without waiting, and
	// moment how long Get waits for one.
	stale  = 12
	moment = 150 * time.Millisecond
	// dear is how many times as long as asking took an answer is given without asking again,
	// if that is longer: a tenth of the time, at most, is spent on asking.
	dear = 10
)

// Last returns the last answer and when it was given, and has the next one asked for if it is
// old. ok says that there is one.
func (l *Answer[T]) Last() (has T, at time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.old() {
		l.begin()
	}
	return l.has, l.at, !l.at.IsZero()
}

// old is called with the lock.
func (l *Answer[T]) old() bool {
	lasts := l.lasts
	if lasts > 0 {
		lasts = max(lasts, dear*l.took)
	}
	return l.at.IsZero() || time.Since(l.at) >= lasts
}

// Get is Last, and waits a moment for an answer if there is none, or only a very old one.
// The zero time and no error say that there will be one. With an error there may be an
// older answer all the same.
func (l *Answer[T]) Get(ctx context.Context) (T, time.Time, error) {
	has, at, ok := l.Last()
	if ok && time.Since(at) < stale*l.lasts {
		return has, at, nil
	}
	ctx, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	return l.wait(ctx)
}

// Now waits for an answer that is not old, or until ctx ends: then it returns its error.
// With an error there may be an older answer all the same.
func (l *Answer[T]) Now(ctx context.Context) (T, time.Time, error) {
	for {
		l.mu.Lock()
		if !l.old() {
			defer l.mu.Unlock()
			return l.has, l.at, nil
		}
		l.begin()
		l.mu.Unlock()
		has, at, err := l.wait(ctx)
		if ended := context.Cause(ctx); err == nil && ended != nil {
			err = ended
		}
		if err != nil || !at.IsZero() {
			return has, at, err
		} // else it was to be forgotten while it was asked for
	}
}

// wait waits for what is being asked.
func (l *Answer[T]) wait(ctx context.Context) (T, time.Time, error) {
	l.mu.Lock()
	asking := l.asking
	l.mu.Unlock()
	if asking != nil {
		select {
		case <-asking:
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.has, l.at, l.err
}

// Forget has the next one who wants an answer ask, and wait for it. What is being asked was
// asked before.
func (l *Answer[T]) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.err, l.asking = time.Time{}, nil, nil
}

// begin asks, unless somebody does. It is called with the lock.
func (l *Answer[T]) begin() {
	if l.asking != nil {
		return
	}
	done := make(chan struct{})
	l.asking = done
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), l.within)
		defer cancel()
		began := time.Now()
		has, err := l.ask(ctx)
		defer close(done)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.asking != done {
			return // it is to be forgotten
		}
		if l.err = err; err == nil {
			l.has, l.at, l.took = has, time.Now(), time.Since(began)
		}
		l.asking = nil
	}()
}
