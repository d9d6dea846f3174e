// Package sizing says how large the machines of an installation should be: from what
// was measured (measured.go) and a shop's own figures. It is pure arithmetic: what it
// says is derived, and no promise. docs/performance.md has its table.
package sizing

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Shop is what is known about a shop.
type Shop struct {
	Customers      float64 `json:"customers"`
	OrdersPerDay   float64 `json:"orders_per_day"`
	EventsPerOrder float64 `json:"events_per_order"` // with carts, and what becomes of an order
	EmailsPerOrder float64 `json:"emails_per_order"` // of all workers
	Peak           float64 `json:"peak"`             // the rate of the worst hour, in those of an average one
	Years          float64 `json:"years"`            // for how long TIMELINE is kept
	Replicas       int     `json:"replicas"`         // of each stream: 1, 3 or 5
}

// Usual returns what is taken for a shop that says nothing else.
func Usual() Shop {
	return Shop{EventsPerOrder: 5, EmailsPerOrder: 1.5, Peak: 10, Years: 1, Replicas: 3}
}

// A FieldError says which figure can't be.
type FieldError struct {
	Field string // as in JSON
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }
func (e *FieldError) Unwrap() error { return e.Err }

// most bounds figures: more is a mistake.
const most = 1e11

// Check returns a *FieldError for the first figure that can't be.
func (s Shop) Check() error {
	for _, f := range []struct {
		name             string
		value, from, ups float64
	}{
		{"customers", s.Customers, 1, most}, {"orders_per_day", s.OrdersPerDay, 1, most}, {"events_per_order", s.EventsPerOrder, 1, 1000},
		{"emails_per_order", s.EmailsPerOrder, 0.01, 100}, {"peak", s.Peak, 1, 1000}, {"years", s.Years, 0.1, 100},
	} {
		if !(f.value >= f.from && f.value <= f.ups) { // NaN is neither
			return &FieldError{f.name, fmt.Errorf("%v is not between %v and %s", f.value, f.from, Count(f.ups))}
		}
	}
	if s.Replicas != 1 && s.Replicas != 3 && s.Replicas != 5 {
		return &FieldError{"replicas", fmt.Errorf("%d is not possible; write 1, 3 or 5", s.Replicas)}
	}
	return nil
}

// Line is one thing a shop needs.
type Line struct {
	ID     string  `json:"id"`
	What   string  `json:"what"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Basis  string  `json:"basis"` // what it rests on
	Number string  `json:"-"`     // Value for people, with its unit
}

// Of returns what a shop needs.
func Of(s Shop) []Line {
	l := list{}
	const day = 24 * 60 * 60
	average := s.OrdersPerDay * s.EventsPerOrder / day
	peak, emails := average*s.Peak, s.OrdersPerDay*s.EmailsPerOrder/day*s.Peak
	l.rate("events_per_second", "events, on average", average, "orders a day × events an order")
	l.rate("events_per_second_peak", "events, in the worst hour", peak, "× peak")
	l.rate("emails_per_second_peak", "emails, in the worst hour", emails, "orders a day × emails an order × peak")
	l.rate("relay_per_second", "what the relay should take, so that nobody waits", emails*relayRoom, fmt.Sprintf("emails in the worst hour × %v", relayRoom))
	l.count("emails_per_day", "emails a day", s.OrdersPerDay*s.EmailsPerOrder, "orders a day × emails an order")
	l.cores(peak, emails)
	homing := l.of("homing_cores")
	processes := math.Max(2, math.Ceil(homing/processCores)+1)
	l.count("processes", "processes of Homing", processes, fmt.Sprintf("each of up to %v cores, and one more, so that one may be away", processCores))
	l.bytes("homing_memory", "memory of all of them", processes*Process.Value*1e6, Process.String())
	l.redis(s)
	l.nats(s, peak+emails)
	return l.lines
}

func (l *list) cores(events, emails float64) {
	for _, p := range []struct {
		id, what     string
		event, email Measure
	}{{"homing_cores", "Homing", EventHoming, EmailHoming}, {"nats_cores", "NATS", EventNATS, EmailNATS}, {"redis_cores", "Redis", EventRedis, EmailRedis}} {
		v := math.Max(smallest, (events*p.event.Value+emails*p.email.Value)/1e6/used)
		l.add(p.id, "cores of "+p.what+", in the worst hour", v, "cores", decimal(v)+" cores",
			fmt.Sprintf("%.0f µs an event, %.0f µs an email, cores %.0f %% busy", p.event.Value, p.email.Value, 100*used))
	}
}

func (l *list) redis(s Shop) {
	orders := min(s.OrdersPerDay*365*s.Years, s.Customers*mostOrders)
	data := s.Customers*Customer.Value + max(0, orders-s.Customers*sampleOrders)*Order.Value
	l.bytes("redis_data", "what Redis keeps", data, fmt.Sprintf("%s; %s, of %s", Customer.String(), Order.String(), Count(orders)))
	l.bytes("redis_memory", "memory of the machine of Redis", data*redisRoom+redisLeast, fmt.Sprintf("× %v, for growth and for the copy while it rewrites its file, and %s", redisRoom, size(redisLeast)))
}

func (l *list) nats(s Shop, entries float64) {
	pending := s.OrdersPerDay * s.EmailsPerOrder * pendingDays
	l.count("pending", "pending emails", pending, fmt.Sprintf("an email waits %v days on average: review requests two weeks, reminders to reorder two months", pendingDays))
	orders := s.OrdersPerDay * 365
	year := orders * (s.EventsPerOrder*Entry.Value + s.EmailsPerOrder*Fact.Value) * diskRoom
	l.bytes("nats_disk_per_year", "disk of each NATS server, for each year", year, fmt.Sprintf("%s; %s; × %v", Entry.String(), Fact.String(), diskRoom))
	front := s.OrdersPerDay * s.EventsPerOrder * storefrontDays * Entry.Value
	l.bytes("nats_disk", "disk of each NATS server", year*s.Years+pending*PendingDisk.Value*diskRoom+front, fmt.Sprintf("%s, what is pending (%s), and %v days of STOREFRONT", Years(s.Years), PendingDisk.String(), storefrontDays))
	l.count("nats_servers", "NATS servers", float64(s.Replicas), "replicas: each has all of it")
	l.bytes("nats_memory", "memory of each NATS server", natsLeast+pending*PendingMemory.Value*natsRoom, fmt.Sprintf("%s; × %v, and %s", PendingMemory.String(), natsRoom, size(natsLeast)))
	parts := 1.0
	for parts < 64 && entries > parts*StreamRate.Value*streamShare {
		parts *= 2
	}
	l.count("partitions", "nats.partitions", parts, fmt.Sprintf("one for each %s entries a second: %.0f %% of %s", Count(StreamRate.Value*streamShare), 100*streamShare, StreamRate.String()))
	all := orders * s.Years * (s.EventsPerOrder + s.EmailsPerOrder)
	l.add("rebuild_seconds", "to build Redis again", all/Refold.Value, "seconds", period(all/Refold.Value), fmt.Sprintf("%s entries; %s", Count(all), Refold.String()))
}

// list gathers lines.
type list struct{ lines []Line }

func (l *list) add(id, what string, v float64, unit, number, basis string) {
	l.lines = append(l.lines, Line{ID: id, What: what, Value: v, Unit: unit, Number: number, Basis: basis})
}

func (l *list) rate(id, what string, v float64, basis string) {
	l.add(id, what, v, "per second", decimal(v)+"/s", basis)
}

func (l *list) count(id, what string, v float64, basis string) {
	l.add(id, what, v, "", Count(v), basis)
}

func (l *list) bytes(id, what string, v float64, basis string) {
	l.add(id, what, v, "bytes", size(v), basis)
}

func (l *list) of(id string) float64 {
	for _, x := range l.lines {
		if x.ID == id {
			return x.Value
		}
	}
	return 0
}

// ParseCount reads 2M, 40k, 1.5M or 2000000.
func ParseCount(s string) (float64, error) {
	digits, times := s, 1.0
	for suffix, by := range map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6} {
		if d, ok := strings.CutSuffix(s, suffix); ok {
			digits, times = d, by
		}
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || strings.ContainsAny(digits, "eExXpPiInN_") {
		return 0, fmt.Errorf("%q is not a number; write it like 40k, 1.5M or 2000000", s)
	}
	if v *= times; v <= 0 {
		return 0, errors.New("it has to be more than 0")
	}
	return v, nil
}

// Years writes "1 year" and "2.5 years".
func Years(v float64) string {
	if v == 1 {
		return "1 year"
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + " years"
}

// Count writes a number as 950, 40k or 1.5M.
func Count(v float64) string {
	switch {
	case v >= 999_500_000:
		return short(v/1e9) + "G"
	case v >= 999_500:
		return short(v/1e6) + "M"
	case v >= 9_995:
		return short(v/1e3) + "k"
	}
	return strconv.FormatFloat(math.Ceil(v), 'f', 0, 64)
}

// short has three digits that count, and no zeros behind the point.
func short(v float64) string {
	n := 0
	if v < 99.95 {
		n = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', n, 64), ".0")
}

func decimal(v float64) string {
	switch {
	case v >= 100:
		return Count(v)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(math.Ceil(v*10)/10, 'f', 1, 64)
}

func size(v float64) string {
	switch {
	case v >= 999.5e9:
		return short(v/1e12) + " TB"
	case v >= 999.5e6:
		return short(v/1e9) + " GB"
	}
	return strconv.FormatFloat(math.Ceil(v/1e6), 'f', 0, 64) + " MB"
}

func period(seconds float64) string {
	switch {
	case seconds >= 2*60*60:
		return short(seconds/3600) + " hours"
	case seconds >= 120:
		return short(seconds/60) + " minutes"
	}
	return strconv.FormatFloat(math.Max(1, math.Ceil(seconds)), 'f', 0, 64) + " seconds"
}
