package touch

import (
	"time"

	"homing/pkg/localtime"
)

// In returns the touch with its times as the clocks of its zone show them by today's
// rules, which is how it is put on the schedule: so it keeps what was meant.
func (t Touch) In() Touch {
	z, err := t.location()
	if z == nil || err != nil {
		return t
	}
	if t.Due.Equal(t.Wake) {
		t.Due = t.Due.In(z)
	}
	t.Wake = t.Wake.In(z)
	return t
}

// Today returns the touch with the times that were meant by today's rules of its
// zone, and whether they differ from those by which it was planned: a touch for 09:00
// is for 09:00 still, though the country has moved its clocks since.
func (t Touch) Today() (Touch, bool) {
	z, err := t.location()
	if z == nil || err != nil {
		return t, false // its zone is gone; delivery asks the customer's
	}
	wake := meant(t.Wake, z)
	if wake.Equal(t.Wake) {
		return t, false
	}
	if t.Due.Equal(t.Wake) {
		t.Due = wake
	}
	t.Wake = wake
	return t, true
}

func (t Touch) location() (*time.Location, error) {
	if t.Zone == "" {
		return nil, nil
	}
	return localtime.Load(t.Zone)
}

// meant is the instant at which the clocks of a zone show what t shows by its own
// offset; t itself if they show that then, also if they show it twice.
func meant(t time.Time, z *time.Location) time.Time {
	if _, was := t.Zone(); was == offset(t, z) {
		return t
	}
	past := time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return localtime.DateOf(t).At(localtime.ClockOf(t), z).Add(past)
}

func offset(t time.Time, z *time.Location) int {
	_, seconds := t.In(z).Zone()
	return seconds
}
