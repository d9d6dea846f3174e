package calendar

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"homing/events"
	"homing/pkg/bus"
)

// Source says in events that they are the calendar's.
const Source = "/homing/calendar"

// event makes an event that happens now. Shops speak real time, and so does it.
func (c *Calendar) event(store, id string, d events.Data) events.Event {
	now := c.o.Scale.Real(c.o.Scale.Now())
	return events.Event{ID: id, Source: Source, Type: d.Type(), Store: store, Time: now.UTC().Truncate(time.Millisecond), Data: d}
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
// all at once, and waits until the stream has them. What is told twice has the
// same id, and does no harm.
func ToStorefront(nc *nats.Conn) func(ctx context.Context, es []events.Event) error {
	return func(ctx context.Context, es []events.Event) error {
		msgs := make([]*nats.Msg, len(es))
		for i, e := range es {
			data, err := events.Encode(e)
			if err != nil {
				return err
			}
			msgs[i] = &nats.Msg{Subject: events.Subject(e.Store, e.Type), Data: data}
		}
		if _, err := bus.Publish(ctx, nc, msgs); err != nil {
			return fmt.Errorf("publishing what dates say: %w", err)
		}
		return nil
	}
}
