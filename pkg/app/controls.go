package app

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"homing/pkg/bus"
	"homing/pkg/control"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/timeline"
	"homing/workers"
	"homing/workers/digest"
)

// newControls returns what stops this process, or a worker, from sending.
func (a *App) newControls() *control.Controls {
	return control.New(control.Options{
		JS: a.js, Timeline: a.timeline(), Stores: programme.StoreNames(a.o.Config), Now: a.o.Scale.Now, Log: a.log.Named("control"),
		Process: a.host, Confirm: a.o.ConfirmControls,
		Stopped: func(why reason.Reason) {
			for _, w := range a.workers() {
				a.metrics.holds.WithLabelValues(w, string(why)).Inc()
			}
		},
		Look: a.lookAtBucket,
		Full: func() []uint8 { return a.full.buckets(bus.PartitionsOf(a.js)) },
	})
}

// workers are the workers that this process has.
func (a *App) workers() []string {
	out := slices.DeleteFunc(programme.WorkerNames(), func(w string) bool { return !slices.Contains(a.o.Roles, w) })
	if a.sendsDigests() {
		out = append(out, digest.Name)
	}
	return out
}

func (a *App) runControls(ctx context.Context) {
	a.exportHolds()
	a.running.Go(func() { a.controls.Run(ctx) })
	if workers := a.workers(); len(workers) > 0 {
		a.running.Go(func() { a.controls.Report(ctx, workers) })
	}
}

// timeline returns the timeline. What it does not take stops this process: an email
// would leave, and nobody could say so. A partition that is not this process's stops
// another.
func (a *App) timeline() *timeline.Timeline {
	t := timeline.New(a.js)
	t.Appended = func(partition int, err error) {
		if !slices.Contains(a.o.Partitions, partition) {
			return
		}
		a.full.note(partition, err != nil, func(any bool) {
			switch {
			case !any:
				a.controls.Over(reason.TimelineFull)
			case err != nil:
				a.controls.Stop(reason.TimelineFull, "the timeline takes no facts: "+bus.Explain(err).Error())
			}
		})
	}
	return t
}

// full are the partitions whose timeline took nothing when it was last asked to.
type full struct {
	mu sync.Mutex
	of map[int]bool
}

// note notes whether a partition's timeline is full, and tells whether any is: one after
// the other, so that what was told last is so.
func (f *full) note(partition int, is bool, tell func(any bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !is {
		delete(f.of, partition)
	} else {
		if f.of == nil {
			f.of = map[int]bool{}
		}
		f.of[partition] = true
	}
	tell(len(f.of) > 0)
}

// buckets returns a bucket of each, of n partitions.
func (f *full) buckets(n bus.Partitions) (out []uint8) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p := range f.of {
		first, _ := n.Range(p)
		out = append(out, first)
	}
	return out
}

// stopped returns why this process must not send, or nil.
func (a *App) stopped() error {
	why, detail := a.controls.Stopped()
	if why == "" || why == reason.ControlsUnknown && len(a.workers()) == 0 { // it sends nothing anyway
		return nil
	}
	return fmt.Errorf("%s: %s", why, detail)
}

// paused reports whether a worker is paused in a store, by the configuration or
// by an operator, or this process must not send at all. While nobody knows what the
// operator wants, it is.
func (a *App) paused(worker, store string) bool {
	why, _ := a.controls.Stopped()
	return why != "" || a.pausedIn(worker, store)
}

func (a *App) pausedIn(worker, store string) bool {
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
