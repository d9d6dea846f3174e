package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"homing/pkg/delivery"
)

// Buckets of durations, in seconds.
var (
	// briefly is for what takes a moment: a round trip, a piece of a computation.
	briefly = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	// amount is for what may wait for other servers.
	amount = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300}
	// upToDays is for what may have been left lying.
	upToDays = []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600}
)

// times are the histograms of how long things take.
type times struct {
	sinceHappened, sincePublished prometheus.Observer
	plan, delivery, stage         *prometheus.HistogramVec
	late, permit                  *prometheus.HistogramVec
	relay, redis                  *prometheus.HistogramVec
}

func (m *metrics) newTimes() times {
	age := m.histogram("homing_event_age_seconds", "How old events are when they have been taken in.", upToDays, "since")
	return times{
		sinceHappened: age.WithLabelValues("happened"), sincePublished: age.WithLabelValues("published"),
		plan:     m.histogram("homing_plan_seconds", "How long it takes to plan what a batch of events leads to.", amount, "worker"),
		delivery: m.histogram("homing_delivery_seconds", "How long a touch takes that is due, from when a process has it until it is done with.", amount, "worker"),
		stage:    m.histogram("homing_delivery_stage_seconds", "How long the stages of delivery take.", briefly, "stage"),
		late:     m.histogram("homing_schedule_lateness_seconds", "How much later than planned touches fell due, and were done with.", upToDays, "worker", "until"),
		permit:   m.histogram("homing_throughput_wait_seconds", "How long emails wait in place for their share of the relay's rate.", amount, "worker"),
		relay:    m.histogram("homing_relay_seconds", "How long the phases of the dialogue with a relay take.", briefly, "relay", "phase"),
		redis:    m.histogram("homing_redis_seconds", "How long Redis takes to answer, as a caller has it.", briefly, "command"),
	}
}

// aged says how old an event is that has been taken in. Of one that was brought over from
// elsewhere it is no news that it is old.
func (t *times) aged(historical bool, happened, published time.Duration) {
	if !historical {
		t.sinceHappened.Observe(happened.Seconds())
	}
	t.sincePublished.Observe(published.Seconds())
}

// planned returns what is told how long a worker's batches took.
func (t *times) planned(worker string) func(time.Duration) {
	h := t.plan.WithLabelValues(worker)
	return func(d time.Duration) { h.Observe(d.Seconds()) }
}

// observe notes a time, with the trace of what took it as an exemplar, if there is one.
func observe(o prometheus.Observer, d time.Duration, trace string) {
	if trace == "" {
		o.Observe(d.Seconds())
		return
	}
	o.(prometheus.ExemplarObserver).ObserveWithExemplar(d.Seconds(), prometheus.Labels{"trace_id": trace})
}

// deliveries returns what is told how long a worker's touches take. The labels are looked up
// once, and not for each.
func (t *times) deliveries(worker string) delivery.Times {
	took := t.delivery.WithLabelValues(worker)
	fired, handled := t.late.WithLabelValues(worker, "fired"), t.late.WithLabelValues(worker, "handled")
	return delivery.Times{
		Took: func(d time.Duration, trace string) { observe(took, d, trace) },
		Late: func(untilFired, untilHandled time.Duration) {
			fired.Observe(max(0, untilFired.Seconds()))
			handled.Observe(max(0, untilHandled.Seconds()))
		},
		Stage: func(name string) func(time.Duration) {
			h := t.stage.WithLabelValues(name)
			return func(d time.Duration) { h.Observe(d.Seconds()) }
		},
	}
}
