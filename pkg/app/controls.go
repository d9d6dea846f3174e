package app

import (
	"context"

	"homing/pkg/control"
	"homing/pkg/programme"
	"homing/pkg/timeline"
	"homing/workers"
)

func (a *App) runControls(ctx context.Context) {
	a.controls = control.New(control.Options{
		JS: a.js, Timeline: timeline.New(a.js), Stores: programme.StoreNames(a.o.Config), Now: a.o.Scale.Now, Log: a.log.Named("control"),
	})
	a.metrics.registry.MustRegister(newHeldMetric(a))
	a.running.Go(func() { a.controls.Run(ctx) })
}

// paused reports whether a worker is paused in a store, by the configuration or
// by an operator. While nobody knows what the operator wants, it is.
func (a *App) paused(worker, store string) bool {
	return a.stores[store].Worker(worker).Settings.Status == workers.Paused || a.controls.Paused(worker, store)
}

// pausedEverywhere is a worker's bus.LoopOptions.Paused: it is paused in every store.
func (a *App) pausedEverywhere(worker string) func() (bool, <-chan struct{}) {
	return func() (bool, <-chan struct{}) {
		changed := a.controls.Changed() // before looking, or a change in between is missed
		for store := range a.stores {
			if !a.paused(worker, store) {
				return false, changed
			}
		}
		return true, changed
	}
}

// holds are the reasons of the system for which a worker does not send.
type holds struct {
	*control.Watch
	app *App
}

func (h holds) Paused(worker, store string) bool { return h.app.paused(worker, store) }
