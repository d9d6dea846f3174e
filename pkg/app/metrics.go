package app

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/localtime"
	"homing/pkg/reason"
)

// metrics are what one process counts. No label ever tells one customer from
// another. docs/operations.md lists them.
type metrics struct {
	registry *prometheus.Registry
	events   *prometheus.CounterVec
	rejected *prometheus.CounterVec
	warned   *prometheus.CounterVec
	planned  *prometheus.CounterVec
	emails   *prometheus.CounterVec
	holds    *prometheus.CounterVec
	waits    *prometheus.CounterVec

	connections                            *prometheus.CounterVec
	unsubscribes, gateway, visits, reports *prometheus.CounterVec
	console, signIns                       *prometheus.CounterVec
	doors, doorEvents                      *prometheus.CounterVec
	calendar, leftOver                     *prometheus.CounterVec
	skew                                   prometheus.Gauge
}

func newMetrics() *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	m.events = counter("homing_events_total", "Events taken in.", "type")
	m.rejected = counter("homing_rejected_total", "Events rejected.", "reason")
	m.warned = counter("homing_event_warnings_total", "Warnings about events that were taken in.", "store", "reason")
	m.planned = counter("homing_touches_planned_total", "Touches put on the schedule.", "worker")
	m.emails = counter("homing_emails_total", "What became of touches that fell due.", "worker", "outcome", "reason")
	m.holds = counter("homing_holds_total", "Times the system, not a customer, was the reason to wait.", "worker", "reason")
	m.waits = counter("homing_loop_waits_total", "Times a loop stopped pulling because a server was away.", "loop")
	m.connections = counter("homing_relay_connections_total", "Connections to relays, those that replace another included.", "outcome")
	m.connections.WithLabelValues("opened")
	m.connections.WithLabelValues("failed")
	m.unsubscribes = counter("homing_unsubscribes_total", "Unsubscribes by link, recorded and in force.", "scope")
	m.reports = counter("homing_reports_total", "What came back about emails, by mail or from a provider, and what it says.", "by", "says")
	m.gateway = counter("homing_gateway_requests_total", "Requests that the gateway answered.", "link", "code")
	m.visits = counter("homing_visits_total", "Uses of links that lead from an email to the shop, and of pictures that nobody sees.", "became")
	m.doors = counter("homing_front_requests_total", "Requests of shops that were answered.", "door", "code")
	m.doorEvents = counter("homing_front_events_total", "What became of what shops said over HTTP.", "door", "result")
	m.console = counter("homing_console_requests_total", "Requests that the console answered.", "code")
	m.signIns = counter("homing_console_sign_ins_total", "Tokens that somebody showed to sign in at the console.", "result")
	m.calendar = counter("homing_calendar_events_total", "Events that dates led to.", "type")
	m.leftOver = counter("homing_calendar_left_over_total", "Lapses that the daily limit left for another day, counted again each day.", "store")
	m.skew = prometheus.NewGauge(prometheus.GaugeOpts{Name: "homing_clock_ahead_seconds", Help: "How far the clock of this machine is ahead of Redis's, at least; negative if it is behind."})
	m.registry.MustRegister(m.skew)
	zones := localtime.Zones()
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "homing_time_zones_info", Help: "1; the labels say which version of the time zone database is used, and which the system and the binary have.",
		ConstLabels: prometheus.Labels{"version": zones.Version, "system": zones.System, "embedded": zones.Embedded}}, func() float64 { return 1 }))
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// worker has every reason counted from 0 on: what was never counted could not be
// told from what is not.
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

// watch exports the state of a loop.
func (m *metrics) watch(name string, l *bus.Loop) {
	labels := prometheus.Labels{"loop": name}
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "homing_loop_handled_total", Help: "Messages answered for good.", ConstLabels: labels},
			func() float64 { return float64(l.Handled()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "homing_loop_waiting", Help: "1 while the loop waits for a server.", ConstLabels: labels},
			func() float64 {
				if l.Waiting() {
					return 1
				}
				return 0
			}))
}
