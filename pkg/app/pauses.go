package app

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/timeline"
)

// MakeControls makes the bucket of what is paused where it was lost, which Setup refuses.
func MakeControls(ctx context.Context, c *config.Config, js jetstream.JetStream) error {
	return bus.Explain(bus.MakeControls(ctx, js, limits(c)))
}

// pausedBefore says which workers the timeline knows to be paused, by its newest fact of
// each worker and store.
func pausedBefore(ctx context.Context, js jetstream.JetStream) ([]string, error) {
	newest := map[string]customer.Entry{}
	note := func(es []customer.Entry) error {
		for _, e := range es {
			if h, _ := hold(e.Event.Data); h.Reason == control.Paused {
				if at := h.Worker + " in the store " + e.Key.Store; customer.CompareEntries(e, newest[at]) > 0 {
					newest[at] = e
				}
			}
		}
		return nil
	}
	for _, of := range []events.Type{events.TypeWorkerHeld, events.TypeWorkerResumed} {
		if err := timeline.New(js).ReadType(ctx, "*", of, nil, note); err != nil {
			return nil, err
		}
	}
	var out []string
	for at, e := range newest {
		if _, held := hold(e.Event.Data); held {
			out = append(out, at)
		}
	}
	slices.Sort(out)
	return out, nil
}

// hold returns what a fact says of a hold, and whether it says that it began.
func hold(d events.Data) (h events.WorkerHold, began bool) {
	switch d := d.(type) {
	case *events.WorkerHeld:
		return d.WorkerHold, true
	case *events.WorkerResumed:
		return d.WorkerHold, false
	}
	return h, false
}
