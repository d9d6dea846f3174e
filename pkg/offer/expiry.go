package offer

import (
	"time"

	"homing/pkg/localtime"
)

// Expiry returns the instant from which on a code is worth nothing that is bound
// at some time: the end of the customer's day on which the terms run out. It is
// arithmetic of dates and of the clock on the wall, never of elapsed time: three
// days from Friday end with Monday, also when a night in between has 23 hours.
func (t Terms) Expiry(bound time.Time, zone *time.Location) time.Time {
	local := bound.In(zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute +
		time.Duration(local.Second())*time.Second + time.Duration(local.Nanosecond())
	days := int((clock + t.Valid) / (24 * time.Hour))
	return localtime.DateOf(local).Add(days).End(zone)
}

// LastGood returns the last instant at which a code is good that expires at some
// time, as the customer's clock shows it: 23:59 of its last day.
func LastGood(expires time.Time, zone *time.Location) time.Time {
	return expires.Add(-time.Millisecond).In(zone)
}
