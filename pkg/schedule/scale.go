package schedule

import "time"

// Scale maps real time to business time: due times, caps and expiry are in
// business time, which runs Speed times as fast from a common start. Leases,
// timeouts and the waits of servers are always in real time. What was before the
// start is the same in both. The zero Scale is real time.
type Scale struct {
	Start time.Time `json:"start"` // where both begin
	Speed float64   `json:"speed"` // business seconds a real second; 0 means 1
}

func (s Scale) real() bool { return s.Speed == 0 || s.Speed == 1 }

// Now returns the business time.
func (s Scale) Now() time.Time { return s.Business(time.Now()) }

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
