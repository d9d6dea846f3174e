package app

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"homing/pkg/channel"
	"homing/pkg/delivery"
	"homing/pkg/throughput"
)

// thirst exports for how long a worker's marketing emails have got nothing of a relay's
// rate.
func (m *metrics) thirst(worker string, routes map[string]delivery.Route) {
	var rates []*throughput.Throughput
	for _, r := range routes {
		if t, is := r.Rate.(*throughput.Throughput); is {
			rates = append(rates, t)
		}
	}
	m.gaugeOf("homing_marketing_waiting_seconds", "For how long not one marketing email of the worker that is due got a place in the relay's rate, as far as this process knows; 0 if some do, or none is due.",
		prometheus.Labels{"worker": worker}, func() float64 {
			var most time.Duration
			for _, t := range rates {
				most = max(most, t.Thirst())
			}
			return most.Seconds()
		})
}

// permits has the waits for a worker's share of the relay's rate timed.
func (m *metrics) permits(worker string, routes map[string]delivery.Route) {
	h := m.times.permit.WithLabelValues(worker)
	for id, r := range routes {
		r.Rate = timedRate{r.Rate, h}
		routes[id] = r
	}
}

type timedRate struct {
	delivery.Rate
	took prometheus.Observer
}

// Wait implements delivery.Rate.
func (r timedRate) Wait(ctx context.Context, domain string, transactional, had bool) (time.Duration, string, error) {
	began := time.Now()
	again, why, err := r.Rate.Wait(ctx, domain, transactional, had)
	r.took.Observe(time.Since(began).Seconds())
	return again, why, err
}

// relayWatch is what relays tell of their work. Any of it may be nil.
type relayWatch struct {
	dialled func(opened bool)
	took    func(relay, phase string) func(time.Duration)
}

// dialled counts a connection to a relay.
func (m *metrics) dialled(opened bool) {
	outcome := "failed"
	if opened {
		outcome = "opened"
	}
	m.connections.WithLabelValues(outcome).Inc()
}

// dialogue returns what is told how long a phase of the dialogue with a relay took.
func (m *metrics) dialogue(relay, phase string) func(time.Duration) {
	h := m.times.relay.WithLabelValues(relay, phase)
	return func(d time.Duration) { h.Observe(d.Seconds()) }
}

// answered returns what counts the outcomes of emails that were handed to a relay.
func (m *metrics) answered(relay string) func(channel.Outcome) {
	accepted := m.answers.WithLabelValues(relay, channel.Accepted.String(), "2xx") // nearly all of them
	m.answers.WithLabelValues(relay, channel.Unknown.String(), "none")
	return func(out channel.Outcome) {
		switch {
		case out.Meaning == channel.Accepted && out.Code/100 == 2:
			accepted.Inc()
		case out.Code == 0:
			m.answers.WithLabelValues(relay, out.Meaning.String(), "none").Inc()
		default:
			m.answers.WithLabelValues(relay, out.Meaning.String(), strconv.Itoa(out.Code/100)+"xx").Inc()
		}
	}
}
