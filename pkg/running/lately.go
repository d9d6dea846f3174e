package running

import (
	"context"
	"sync"
	"time"

	"homing/pkg/localtime"
)

// lately is an answer that is asked for when a page is looked at, and not by each page:
// what is a little old is shown at once, and asked for again for the next look.
type lately[T any] struct {
	ask    func(context.Context) (T, error)
	lasts  time.Duration // how old it is shown without asking again
	within time.Duration // how long asking may take

	mu     sync.Mutex
	has    T
	at     time.Time // zero: there is none yet
	err    error     // of the last question
	asking chan struct{}
}

// stale is how many times as old as it should be an answer is shown without waiting, and
// moment how long a page waits for one.
const (
	stale  = 12
	moment = 150 * time.Millisecond
)

// last returns the last answer, and has the next one asked for if it is old.
func (l *lately[T]) last() (has T, at time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) > l.lasts {
		l.begin()
	}
	return l.has, l.at, !l.at.IsZero()
}

// get is last, and waits a moment for an answer if there is none, or only a very old one.
// The zero time and no error say that there will be one. With an error there may be an
// older answer all the same.
func (l *lately[T]) get(ctx context.Context) (T, time.Time, error) {
	has, at, ok := l.last()
	if ok && time.Since(at) < stale*l.lasts {
		return has, at, nil
	}
	l.mu.Lock()
	asking := l.asking
	l.mu.Unlock()
	if asking != nil {
		select {
		case <-asking:
		case <-time.After(moment):
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.has, l.at, l.err
}

// forget has the next look ask, and wait for it. What is being asked was asked before.
func (l *lately[T]) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at, l.err, l.asking = time.Time{}, nil, nil
}

// begin asks, unless somebody does. It is called with the lock.
func (l *lately[T]) begin() {
	if l.asking != nil {
		return
	}
	done := make(chan struct{})
	l.asking = done
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), l.within)
		defer cancel()
		has, err := l.ask(ctx)
		defer close(done)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.asking != done {
			return // it is to be forgotten
		}
		if l.err = err; err == nil {
			l.has, l.at = has, time.Now()
		}
		l.asking = nil
	}()
}

// age says how old an answer is, if that is worth saying.
func age(at time.Time) string {
	if d := time.Since(at); !at.IsZero() && d > 15*time.Second {
		return localtime.Age(d)
	}
	return ""
}
