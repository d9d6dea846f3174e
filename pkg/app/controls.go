package app

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/control"
	"homing/pkg/programme"
	"homing/pkg/timeline"
	"homing/workers"
)

// NewControls returns what pauses workers, for a command. It needs NATS alone.
func NewControls(c *config.Config, js jetstream.JetStream, scale clock.Scale) *control.Controls {
	return control.New(control.Options{JS: js, Timeline: timeline.New(js), Stores: storeNames(c), Now: scale.Now})
}

func (a *App) runControls(ctx context.Context) {
	a.controls = control.New(control.Options{
		JS: a.js, Timeline: timeline.New(a.js), Stores: storeNames(a.o.Config), Now: a.o.Scale.Now, Log: a.log.Named("control"),
	})
	a.metrics.registry.MustRegister(newHeldMetric(a))
	a.running.Go(func() { a.controls.Run(ctx) })
}

// paused reports whether a worker is paused in a store, by the configuration or
// by an operator. While nobody knows what the operator wants, it is.
func (a *App) paused(worker, store string) bool {
	return a.stores[store].Worker(worker).Settings.Status == workers.Paused || a.controls.Paused(worker, store)
}

// held is a worker's bus.LoopOptions.Held: it is paused in every store.
func (a *App) held(worker string) func() (bool, <-chan struct{}) {
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

// PausedByConfig reports whether the configuration has a worker paused in a
// store, or in any of them.
func PausedByConfig(c *config.Config, worker, store string) bool {
	for _, id := range storeNames(c) {
		if status, err := statusOf(c, worker, id); err == nil && status == workers.Paused && (store == "" || store == id) {
			return true
		}
	}
	return false
}

// statusOf reads the status of a worker in a store.
func statusOf(c *config.Config, worker, store string) (workers.Status, error) {
	for _, k := range programme.Kinds {
		if k.Name == worker {
			w, err := k.New(c.Stores[store].Workers[worker].Decode)
			return w.Settings.Status, err
		}
	}
	return "", fmt.Errorf("no such worker: %s", worker)
}
