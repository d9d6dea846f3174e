package mailer

import (
	"errors"
	"time"

	"go.uber.org/zap"
)

// parkedFor is for how long a place among the connections stays empty after the relay
// refused to fill it while others were open: it allows one client only so many.
const parkedFor = time.Minute

// crowded reports whether a connection failed in the way in which a relay refuses a
// client, or everybody, one more of them: 421 or 554 in place of a greeting, or not even
// that.
func crowded(f *Failure) bool {
	return f.Code/100 >= 4 && f.Phase <= PhaseHelo || f.Phase == PhaseDial && errors.Is(f.Err, ErrConnectionLost)
}

// park leaves the place that its caller has empty for a while. The pool is smaller by
// one until then.
func (r *Relay) park(f *Failure) {
	r.log.Info("the relay allows fewer connections, using those that are open", zap.Error(f))
	time.AfterFunc(parkedFor+jitter(parkedFor/2), func() { <-r.slots })
}

// opening counts a connection that is being made, and opened one that was or was not.
func (r *Relay) opening() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open++
	r.making++
}

// closing counts one that ends.
func (r *Relay) closing() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
}

// opened returns how many others are open or being made, and how many of them are open.
func (r *Relay) opened(ok bool) (others, work int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.making--
	if !ok {
		r.open--
		return r.open, r.open - r.making
	}
	return r.open - 1, r.open - r.making - 1
}
