package offer

import "time"

// Expiry returns the instant from which on a code is worth nothing that is bound
// at some time: the end of the customer's day on which the terms run out. It is
// arithmetic of dates and of the clock on the wall, never of elapsed time: three
// days from Friday end with Monday, also when a night in between has 23 hours.
func (t Terms) Expiry(bound time.Time, zone *time.Location) time.Time {
	local := bound.In(zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	days := int((clock + t.Valid) / (24 * time.Hour))
	return endOfDay(local.Year(), local.Month(), local.Day()+days, zone)
}

// LastGood returns the last instant at which a code is good that expires at some
// time, as the customer's clock shows it: 23:59 of its last day.
func LastGood(expires time.Time, zone *time.Location) time.Time {
	return expires.Add(-time.Millisecond).In(zone)
}

// endOfDay returns the instant at which a local day ends for good. Midnight is
// asked for by no call of time.Date: where clocks are changed at midnight it may
// not exist, or come twice. Noon of the following day is safe; from there the
// way back leads to midnight by that day's own offset from UTC, or, when the
// offset changed in between, by the one before.
func endOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	noon := time.Date(year, month, day+1, 12, 0, 0, 0, zone)
	midnight := func(at time.Time) time.Time {
		_, offset := at.Zone()
		return time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC).Add(-time.Duration(offset) * time.Second)
	}
	end := midnight(noon)
	start, _ := noon.ZoneBounds()
	if start.IsZero() || end.After(start) {
		return end.In(zone)
	}
	if before := midnight(start.Add(-1).In(zone)); before.Before(start) {
		return before.In(zone)
	}
	return start // midnight was skipped: the day ends where the clocks are changed
}
