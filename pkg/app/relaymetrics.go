package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

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
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "homing_marketing_waiting_seconds", Help: "For how long not one marketing email of the worker that is due got a place in the relay's rate, as far as this process knows; 0 if some do, or none is due.",
		ConstLabels: prometheus.Labels{"worker": worker},
	}, func() float64 {
		var most time.Duration
		for _, t := range rates {
			most = max(most, t.Thirst())
		}
		return most.Seconds()
	}))
}

// dialled counts a connection to a relay.
func (m *metrics) dialled(opened bool) {
	outcome := "failed"
	if opened {
		outcome = "opened"
	}
	m.connections.WithLabelValues(outcome).Inc()
}
