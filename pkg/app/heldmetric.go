package app

import (
	"homing/pkg/reason"
)

// exportHolds exports in how many stores each worker of this process is held.
func (a *App) exportHolds() {
	a.metrics.table(map[string]tableGauge{
		"homing_worker_held": {"Stores in which a worker sends nothing, by the reason.", []string{"worker", "reason"}},
	}, func(set func(string, float64, ...string)) {
		for _, worker := range a.workers() {
			for _, why := range reason.Of(reason.SystemHold) {
				n := 0
				for store := range a.stores {
					if a.controls.StoppedFor(why) || a.controls.In(worker, store, string(why)) || why == reason.Paused && a.pausedIn(worker, store) {
						n++
					}
				}
				set("homing_worker_held", float64(n), worker, string(why))
			}
		}
	})
}
