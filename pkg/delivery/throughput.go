package delivery

import (
	"context"
	"strings"
	"sync"
	"time"

	"homing/pkg/bus"
	"homing/pkg/touch"
)

const (
	// patience is how long a touch waits in hand for its turn: longer waits are for
	// the schedule.
	patience = 3 * time.Second
	// mostAside is how many touches of a worker do so at a time. It is less than the
	// loop has in hand, so that others get by.
	mostAside = 128
	// soonest is for how long a touch is held at least: less is not worth its writes.
	soonest = time.Second
)

// leave waits until the mail may go out. Where others would wait with it, for a
// domain or a class that has no room now, it steps aside: in hand when it is its
// turn within seconds, on the schedule else. Then it has not passed, and answer
// is what the loop is told.
func (d *Delivery) leave(ctx context.Context, a *attempt) (passed bool, answer error) {
	_, domain, _ := strings.Cut(a.record.Customer.Email.Value, "@")
	// With too many aside, it takes a turn behind the others again.
	had := a.had || a.touch.Wake.After(a.touch.Due) && !d.aside.full()
	again, why, err := a.route.Rate.Wait(ctx, strings.ToLower(domain), a.step.Class == touch.Transactional, had)
	switch {
	case err != nil:
		return false, err
	case again == 0:
		return true, nil
	case again <= patience && d.aside.step(a.id):
		return false, bus.Soon(again)
	}
	until := d.o.Scale.Now().Add(max(again, soonest))
	return false, d.holdWhileWorthIt(ctx, a, until, d.body(a, touch.Throughput, why))
}

// aside is the touches that wait in hand and let others pass.
type aside struct {
	mu  sync.Mutex
	ids map[string]struct{}
}

// step takes a touch aside, if there is room for it.
func (s *aside) step(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ids) >= mostAside {
		return false
	}
	if s.ids == nil {
		s.ids = map[string]struct{}{}
	}
	s.ids[id] = struct{}{}
	return true
}

// back says that a touch is tried again, and returns whether it was aside.
func (s *aside) back(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, was := s.ids[id]
	delete(s.ids, id)
	return was
}

func (s *aside) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids) >= mostAside
}
