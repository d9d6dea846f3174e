package throughput

import (
	"sync"
	"time"
)

// quiet is how long nobody need have asked for a permit to say that nobody waits: who is
// refused asks again much sooner.
const quiet = 10 * time.Second

// thirst is for how long marketing mail has got no permit because the relay had no room.
type thirst struct {
	mu          sync.Mutex
	since, last time.Time // the first and the last refusal since a permit
}

func (t *thirst) refused(now time.Time, transactional bool) {
	if transactional {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.IsZero() || now.Sub(t.last) > quiet {
		t.since = now
	}
	t.last = now
}

func (t *thirst) passed(transactional bool) {
	if transactional {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since = time.Time{}
}

// Thirst is for how long this process has had marketing mail to send and no permit for a
// single one, because all the relay takes went to others; 0: it gets some, or has none.
func (t *Throughput) Thirst() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); !t.since.IsZero() && now.Sub(t.last) <= quiet {
		return now.Sub(t.since)
	}
	return 0
}
