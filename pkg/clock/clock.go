// Package clock is the business clock: due times, caps and expiry are in
// business time, which `homing dev --speed` runs faster than real time. Leases,
// timeouts and the waits of servers are always in real time. Pure code takes the
// time as an argument; only the edges ask this clock. Bell wakes the loops of these edges.
package clock

import "time"

// Scale maps real time to business time, which runs Speed times as fast from a
// common start. What was before the start is the same in both. The zero Scale is
// real time.
type Scale struct {
	Start time.Time `json:"start"` // when both begin
	Speed float64   `json:"speed"` // business seconds per real second; 0 means 1

	hand *Hand // what shows the time in the place of the machine's clock; nil: nothing does
}

func (s Scale) real() bool { return s.Speed == 0 || s.Speed == 1 }

// Now returns the business time.
func (s Scale) Now() time.Time {
	if s.hand != nil {
		return s.hand.Now()
	}
	return s.Business(time.Now())
}

// Business returns the business time at a real time.
func (s Scale) Business(t time.Time) time.Time {
	if s.real() || t.Before(s.Start) {
		return t
	}
	return s.Start.Add(time.Duration(float64(t.Sub(s.Start)) * s.Speed))
}

// Real returns the real time at a business time.
func (s Scale) Real(t time.Time) time.Time {
	if s.real() || t.Before(s.Start) {
		return t
	}
	return s.Start.Add(time.Duration(float64(t.Sub(s.Start)) / s.Speed))
}
