package app

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/localtime"
	"homing/pkg/reason"
)

// metrics are what one process counts. No label ever tells one customer from
// another. docs/metrics.md lists them, and a test compares the two.
type metrics struct {
	instruments
	events   *prometheus.CounterVec
	rejected *prometheus.CounterVec
	warned   *prometheus.CounterVec
	planned  *prometheus.CounterVec
	emails   *prometheus.CounterVec
	holds    *prometheus.CounterVec
	waits    *prometheus.CounterVec
	times    times
	redis    *redisTimer

	connections, answers                   *prometheus.CounterVec
	unsubscribes, gateway, visits, reports *prometheus.CounterVec
	console, signIns                       *prometheus.CounterVec
	doors, doorEvents                      *prometheus.CounterVec
	calendar, leftOver                     *prometheus.CounterVec
	skew                                   prometheus.Gauge
}

func newMetrics() *metrics {
	m := &metrics{instruments: instruments{prometheus.NewRegistry()}}
	m.events = m.counter("homing_events_total", "Events, by what became of them when they came.", "type", "result")
	m.rejected = m.counter("homing_rejected_total", "Events rejected.", "reason")
	m.warned = m.counter("homing_event_warnings_total", "Warnings about events that were taken in.", "store", "reason")
	m.planned = m.counter("homing_touches_planned_total", "Touches put on the schedule.", "worker")
	m.emails = m.counter("homing_emails_total", "What became of touches that fell due.", "worker", "outcome", "reason")
	m.holds = m.counter("homing_holds_total", "Times the system, not a customer, was the reason to wait.", "worker", "reason")
	m.waits = m.counter("homing_loop_waits_total", "Times a loop stopped pulling because a server was away.", "loop")
	m.connections = m.counter("homing_relay_connections_total", "Connections to relays, those that replace another included.", "outcome")
	m.answers = m.counter("homing_relay_answers_total", "What became of emails that were handed to a relay, or were to be.", "relay", "outcome", "code")
	m.unsubscribes = m.counter("homing_unsubscribes_total", "Unsubscribes by link, recorded and in force.", "scope")
	m.reports = m.counter("homing_reports_total", "What came back about emails, by mail or from a provider, and what it says.", "by", "says")
	m.gateway = m.counter("homing_gateway_requests_total", "Requests that the gateway answered.", "link", "code")
	m.visits = m.counter("homing_visits_total", "Uses of links that lead from an email to the shop, and of pictures that nobody sees.", "became")
	m.doors = m.counter("homing_front_requests_total", "Requests of shops that were answered.", "door", "code")
	m.doorEvents = m.counter("homing_front_events_total", "What became of what shops said over HTTP.", "door", "result")
	m.console = m.counter("homing_console_requests_total", "Requests that the console answered.", "code")
	m.signIns = m.counter("homing_console_sign_ins_total", "Tokens that somebody showed to sign in at the console.", "result")
	m.calendar = m.counter("homing_calendar_events_total", "Events that dates led to.", "type")
	m.leftOver = m.counter("homing_calendar_left_over_total", "Lapses that the daily limit left for another day, counted again each day.", "store")
	m.skew = m.gauge("homing_clock_ahead_seconds", "How far the clock of this machine is ahead of Redis's, at least; negative if it is behind.")
	zones := localtime.Zones()
	m.info("homing_time_zones_info", "1; the labels say which version of the time zone database is used, and which the system and the binary have.",
		prometheus.Labels{"version": zones.Version, "system": zones.System, "embedded": zones.Embedded})
	m.times = m.newTimes()
	m.redis = m.newRedisTimer()
	m.fromZero()
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Results of homing_events_total.
const (
	takenIn    = "taken_in"
	turnedDown = "rejected"
)

// fromZero counts from 0 on what may be counted once: what was never counted could not be
// told from what is not, and an alert on growth would miss the first.
func (m *metrics) fromZero() {
	for _, t := range events.Types() {
		m.events.WithLabelValues(string(t), takenIn)
	}
	for _, r := range events.Reasons() {
		m.rejected.WithLabelValues(string(r))
	}
	for _, outcome := range []string{"opened", "failed"} {
		m.connections.WithLabelValues(outcome)
	}
	for _, result := range []string{"accepted", "refused"} {
		m.signIns.WithLabelValues(result)
	}
	for _, became := range []string{"recorded", "machine", "repeated", "lost"} {
		m.visits.WithLabelValues(became)
	}
	m.unsubscribes.WithLabelValues(events.ScopeAll)
	for _, code := range []string{"200", "503"} {
		m.gateway.WithLabelValues("unsubscribe", code)
		m.doors.WithLabelValues("events", code)
		m.console.WithLabelValues(code)
	}
	m.doorEvents.WithLabelValues("events", "accepted")
	m.reports.WithLabelValues("mail", "later")
	for _, r := range events.Rows() {
		if r.From == events.Calendar {
			m.calendar.WithLabelValues(string(r.Type))
		}
	}
}

// worker has every reason counted from 0 on.
func (m *metrics) worker(name string) {
	for outcome, reasons := range map[string][]reason.Reason{
		events.ActionHeld: reason.Of(reason.Hold), events.ActionDropped: reason.Of(reason.Drop),
		events.ActionSent: {reason.Sent}, events.ActionUncertain: {reason.Uncertain},
	} {
		for _, why := range reasons {
			m.emails.WithLabelValues(name, outcome, string(why))
		}
	}
	for _, why := range reason.Of(reason.SystemHold) {
		if why != reason.Paused { // nothing is tried then
			m.holds.WithLabelValues(name, string(why))
		}
	}
}

// took returns what counts events that were taken in. The labels of each type are looked
// up once: it is asked for each event.
func (m *metrics) took() func(events.Type, int) {
	of := map[events.Type]prometheus.Counter{}
	for _, t := range append(events.Types(), events.FactTypes()...) {
		of[t] = m.events.WithLabelValues(string(t), takenIn)
	}
	return func(t events.Type, n int) {
		if c := of[t]; c != nil {
			c.Add(float64(n))
		}
	}
}

// scheduled returns what counts touches of a worker that were put on the schedule.
func (m *metrics) scheduled(worker string) func(int) {
	c := m.planned.WithLabelValues(worker)
	return func(n int) { c.Add(float64(n)) }
}

// decided returns what counts the outcomes of a worker's touches.
func (m *metrics) decided(worker string) func(events.Type, reason.Reason) {
	sent := m.emails.WithLabelValues(worker, events.ActionSent, string(reason.Sent)) // nearly all of them
	return func(t events.Type, why reason.Reason) {
		if action := t.Action(); action != events.ActionSent || why != reason.Sent {
			m.emails.WithLabelValues(worker, action, string(why)).Inc()
			return
		}
		sent.Inc()
	}
}

// knownType is a type of event, or unknown: anybody may invent one.
func (m *metrics) knownType(t events.Type) string {
	if slices.Contains(events.Types(), t) {
		return string(t)
	}
	return "unknown"
}

// watch exports the state of a loop.
func (m *metrics) watch(name string, l *bus.Loop) {
	labels := prometheus.Labels{"loop": name}
	m.waits.WithLabelValues(name)
	m.counterOf("homing_loop_handled_total", "Messages answered for good.", labels, func() float64 { return float64(l.Handled()) })
	m.gaugeOf("homing_loop_in_flight", "Messages that the loop has and has not answered yet.", labels, func() float64 { return float64(l.InFlight()) })
	m.gaugeOf("homing_loop_waiting", "1 while the loop waits for a server.", labels, func() float64 { return oneIf(l.Waiting()) })
}

// configuration exports what the process decides by, as hashes: processes of one
// installation have the same.
func (m *metrics) configuration(hashes map[string]string) {
	for part, hash := range hashes {
		m.info("homing_configuration_info", "1; the labels say which configuration the process has, by hashes of its parts.", prometheus.Labels{"part": part, "hash": hash})
	}
}
