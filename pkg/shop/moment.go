package shop

import (
	"strings"
	"time"
)

// Moment reads a time with its offset, as in 2026-03-01T09:30:00-05:00. What is none is
// the zero time.
func Moment(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(layout, strings.TrimSpace(s)); err == nil {
			return usable(t)
		}
	}
	return time.Time{}
}

// MomentIn reads a time that may say no zone, and is of zone then.
func MomentIn(s string, zone *time.Location) time.Time {
	if t := Moment(s); !t.IsZero() {
		return t
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, strings.TrimSpace(s), zone); err == nil {
			return usable(t)
		}
	}
	return time.Time{}
}

// usable is a time that an event may have: systems write what is not there as the year
// 0 or -1.
func usable(t time.Time) time.Time {
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}
	}
	return t.UTC()
}

// First returns the first of some times that there is.
func First(ts ...time.Time) time.Time {
	for _, t := range ts {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
