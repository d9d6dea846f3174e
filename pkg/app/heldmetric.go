package app

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"homing/pkg/programme"
	"homing/pkg/reason"
)

// heldMetric exports in how many stores each worker of this process is held.
type heldMetric struct {
	app  *App
	desc *prometheus.Desc
}

func newHeldMetric(a *App) *heldMetric {
	return &heldMetric{a, prometheus.NewDesc("homing_worker_held", "Stores in which a worker sends nothing, by the reason.", []string{"worker", "reason"}, nil)}
}

func (h *heldMetric) Describe(to chan<- *prometheus.Desc) { to <- h.desc }

func (h *heldMetric) Collect(to chan<- prometheus.Metric) {
	for _, k := range programme.Kinds {
		if !slices.Contains(h.app.o.Roles, k.Name) {
			continue
		}
		for _, why := range reason.Of(reason.SystemHold) {
			n := 0
			for store := range h.app.stores {
				if h.app.controls.StoppedFor(why) || h.app.controls.In(k.Name, store, string(why)) || why == reason.Paused && h.app.pausedIn(k.Name, store) {
					n++
				}
			}
			to <- prometheus.MustNewConstMetric(h.desc, prometheus.GaugeValue, float64(n), k.Name, string(why))
		}
	}
}
