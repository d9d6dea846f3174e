package webhook

import (
	"errors"
	"sync"
	"time"

	"homing/pkg/channel"
)

// How long an endpoint is left alone that cannot be reached, or that asked for it: twice as
// long each time, up to the longest.
const (
	firstRest   = time.Second
	longestRest = time.Minute
)

// rest is for how long this process makes no request. Each touch would find the same, and
// cost a claim.
type rest struct {
	mu   sync.Mutex
	end  time.Time
	last time.Duration // how long the last one was; 0: the endpoint answered since
	why  string
}

// until returns a channel.DownError while it lasts.
func (r *rest) until(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !now.Before(r.end) {
		return nil
	}
	return &channel.DownError{Detail: r.why, Err: errors.New(r.why)}
}

// note begins one, or ends them.
func (r *rest) note(out channel.Outcome, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case out.Meaning == channel.Unreachable:
		r.last = min(max(2*r.last, firstRest), longestRest)
	case out.After > 0: // that is about the endpoint, and not about the one message
		r.last = min(out.After, longestRest)
	case out.Code != 0:
		r.last, r.end = 0, time.Time{}
		return
	default: // no answer: nobody knows
		return
	}
	r.why = out.Detail
	if end := now.Add(r.last); end.After(r.end) {
		r.end = end
	}
}
