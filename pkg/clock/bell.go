package clock

import (
	"context"
	"sync"
	"time"
)

// Bell wakes a loop that has work now and then: it looks every so often while there is
// some, and sleeps while there is none. The zero value is ready for use.
type Bell struct {
	once sync.Once
	word chan struct{}
}

func (b *Bell) open() chan struct{} {
	b.once.Do(func() { b.word = make(chan struct{}, 1) })
	return b.word
}

// Ring says that there is work. It never waits.
func (b *Bell) Ring() {
	select {
	case b.open() <- struct{}{}:
	default:
	}
}

// Run calls work, until ctx ends: every so often from the first Ring on, for as long as
// work returns that there is more. It is in real time.
func (b *Bell) Run(ctx context.Context, every time.Duration, work func() (more bool)) {
	var next <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.open():
			if next == nil {
				next = time.After(every)
			}
		case <-next:
			next = nil
			if work() {
				next = time.After(every)
			}
		}
	}
}
