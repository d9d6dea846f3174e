package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/link"
	"homing/pkg/programme"
)

// source is the source of the events that the gateway makes.
const source = "/homing/gateway"

// repeat is how long a second click on the same thing counts as the same click:
// people click twice, and providers try again.
const repeat = time.Minute

// clicks remembers what this process has recorded, for one to two minutes. What
// another process recorded is at worst recorded once more, under the same id.
type clicks struct {
	mu            sync.Mutex
	latest, older map[string]bool // ids of events
	turned        time.Time
}

func (c *clicks) known(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest[id] || c.older[id]
}

func (c *clicks) add(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.latest == nil || now.Sub(c.turned) > repeat {
		c.older, c.latest, c.turned = c.latest, map[string]bool{}, now
	}
	c.latest[id] = true
}

// unsubscribe records that the customer leaves, and returns when it is in force. The
// event has their id in the shop, so that the shop can follow the timeline. What was
// said lately is not said again, and a no is later than a yes, under whichever of the
// person's ids either was said.
func (g *Gateway) unsubscribe(ctx context.Context, store *programme.Store, l link.Link, choice string) (view, error) {
	scope := events.ScopeAll
	if choice == l.Worker {
		scope = l.Worker
	}
	c, err := g.o.Person(ctx, l.Customer)
	if err != nil {
		return view{}, err
	}
	now := g.o.Now()
	at := now.UnixMilli()
	if c.Unsubscribed(scope) && recent(c.Stops[scope].At, now) {
		at = c.Stops[scope].At // said a moment ago: the same event again
	}
	if c.Opinion.Status == events.Subscribed {
		// A shop's clock may be ahead of ours. The customer left after they came.
		at = max(at, c.Opinion.At)
	}
	err = g.take(ctx, l.Customer, fmt.Sprintf("unsubscribed.%s.%s.%d", l.Customer.Token, scope, at), at,
		&events.CustomerUnsubscribed{Customer: events.Customer{ID: c.ID.Value}, Scope: scope})
	if err != nil {
		return view{}, err
	}
	if g.o.Unsubscribed != nil {
		g.o.Unsubscribed(scope)
	}
	if scope == events.ScopeAll {
		return left(store), nil
	}
	return leftOne(store, l), nil
}

// record records the customer's answer.
func (g *Gateway) record(ctx context.Context, store *programme.Store, l link.Link, _ string) (view, error) {
	c, err := g.o.Person(ctx, l.Customer)
	if err != nil {
		return view{}, err
	}
	now := g.o.Now()
	at := now.UnixMilli()
	if said := c.Noted(customer.Answered, l.Question); len(said) > 0 && recent(said[0].At, now) {
		at = said[0].At
	}
	err = g.take(ctx, l.Customer, fmt.Sprintf("answered.%s.%s.%s.%d", l.Customer.Token, l.Question, l.Answer, at), at,
		&events.CustomerAnswered{Customer: events.Customer{ID: c.ID.Value}, Question: l.Question, Answer: l.Answer})
	return thanks(store), err
}

// recent reports whether a time, in ms, is not long ago.
func recent(at int64, now time.Time) bool {
	ago := now.UnixMilli() - at
	return ago >= 0 && ago < repeat.Milliseconds()
}

func (g *Gateway) take(ctx context.Context, k customer.Key, id string, at int64, data events.Data) error {
	if g.clicks.known(id) {
		return nil
	}
	err := g.o.Take(ctx, []customer.Entry{{Key: k, Event: events.Event{
		ID: id, Source: source, Type: data.Type(), Store: k.Store, Time: time.UnixMilli(at).UTC(), Data: data,
	}}})
	if err == nil {
		g.clicks.add(id)
	}
	return err
}
