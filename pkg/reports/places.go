package reports

import (
	"context"
	"errors"
	"sync"
	"time"
)

// places bound how much is done at a time, in all and for one address.
type places struct {
	all chan struct{}

	mu   sync.Mutex
	each int
	of   map[string]int
}

func newPlaces(all, each int) *places {
	return &places{all: make(chan struct{}, all), each: each, of: map[string]int{}}
}

// take waits for a place, which the function gives back. One address that has its share
// waits for nothing; of who comes from nowhere that is known, nobody knows the share.
func (p *places) take(ctx context.Context, address string) (leave func(), err error) {
	p.mu.Lock()
	full := address != "" && p.of[address] >= p.each
	if !full {
		p.of[address]++
	}
	p.mu.Unlock()
	if full {
		return nil, errors.New("too many requests at once from one address")
	}
	one := func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.of[address]--; p.of[address] == 0 {
			delete(p.of, address)
		}
	}
	select {
	case p.all <- struct{}{}:
		return func() { <-p.all; one() }, nil
	case <-ctx.Done():
		one()
		return nil, errors.New("too many requests at once")
	}
}

// quiet says a thing once a minute: anybody can have a request refused.
type quiet struct {
	mu   sync.Mutex
	next time.Time
}

func (q *quiet) ask(now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Before(q.next) {
		return false
	}
	q.next = now.Add(time.Minute)
	return true
}
