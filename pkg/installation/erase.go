package installation

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Publish publishes events, as the shop itself may. After an error some are published; doing
// it again does no harm.
func (i *Installation) Publish(ctx context.Context, all []events.Event) error {
	for _, e := range all {
		body, err := events.Encode(e)
		if err != nil {
			return err
		}
		if _, err := i.o.JS.PublishMsg(ctx, bus.EventMsg(events.Subject(e.Store, e.Type), body), jetstream.WithMsgID(events.MessageID(e))); err != nil {
			return fmt.Errorf("publishing %s: %w", e.Type, err)
		}
	}
	return nil
}

// Erasures returns the events that erase a person: one for each of their ids that is
// not erased yet. Each reaches all of the person, so one would do; but the ids may part
// before it is taken in.
func (f Found) Erasures(now time.Time) []events.Event {
	return f.each("/homing/erase", now, func(who events.Customer) events.Data { return &events.CustomerErased{Customer: who} })
}

// Unsubscribes returns the events by which a person gets no more marketing email, as they
// asked: one for each of their ids; none if that is so already.
func (f Found) Unsubscribes(now time.Time) []events.Event {
	if f.Person.Customer.Unsubscribed(events.ScopeAll) {
		return nil
	}
	return f.each("/homing/console", now, func(who events.Customer) events.Data { return &events.CustomerUnsubscribed{Customer: who} })
}

// each returns an event for each id of a person, as a shop might publish it.
func (f Found) each(source string, now time.Time, what func(who events.Customer) events.Data) []events.Event {
	var out []events.Event
	for _, r := range f.Person.Members {
		who := events.Customer{ID: r.Customer.ID.Value}
		if r.Customer.ID.Value == "" {
			continue // erased, and not heard of since
		}
		if customer.IsGuest(who.ID) && r.Customer.Account() != "" {
			who = events.Customer{Email: r.Customer.Account()}
		}
		d := what(who)
		out = append(out, events.Event{ID: strings.ToLower(rand.Text()), Source: source, Type: d.Type(), Store: f.Key.Store,
			Time: now.UTC().Truncate(time.Millisecond), Data: d})
	}
	return out
}
