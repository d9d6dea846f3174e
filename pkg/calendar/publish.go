package calendar

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

// source says in events that they are the calendar's.
const source = "/homing/calendar"

// event makes an event that happens now.
func (c *Calendar) event(store, id string, d events.Data) events.Event {
	return events.Event{ID: id, Source: source, Type: d.Type(), Store: store, Time: time.Now().UTC().Truncate(time.Millisecond), Data: d}
}

// say publishes events and counts them.
func (c *Calendar) say(ctx context.Context, es []events.Event) error {
	if len(es) == 0 {
		return nil
	}
	if err := c.o.Publish(ctx, es); err != nil {
		return err
	}
	for _, e := range es {
		c.o.Told(e.Type)
	}
	return nil
}

// ToStorefront returns a function that publishes events as a storefront does,
// all at once, and waits until the stream has them.
func ToStorefront(js jetstream.JetStream) func(ctx context.Context, es []events.Event) error {
	return func(ctx context.Context, es []events.Event) error {
		acks := make([]jetstream.PubAckFuture, len(es))
		for i, e := range es {
			data, err := events.Encode(e)
			if err != nil {
				return err
			}
			// Copies are recognised by the id for as long as the stream looks for any.
			if acks[i], err = js.PublishAsync(events.Subject(e.Store, e.Type), data,
				jetstream.WithMsgID(e.ID), jetstream.WithStallWait(bus.AckTimeout)); err != nil {
				return fmt.Errorf("publishing %s: %w", e.Type, err)
			}
		}
		timeout := time.NewTimer(bus.AckTimeout)
		defer timeout.Stop()
		for _, a := range acks {
			select {
			case <-a.Ok():
			case err := <-a.Err():
				return fmt.Errorf("publishing what dates say: %w", err)
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-timeout.C:
				return fmt.Errorf("publishing what dates say: %w in time", bus.ErrNoAck)
			}
		}
		return nil
	}
}
