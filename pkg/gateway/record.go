package gateway

import (
	"context"

	"homing/events"
	"homing/pkg/click"
	"homing/pkg/customer"
	"homing/pkg/link"
)

// unsubscribe records that the customer leaves, and returns when it is in force.
func (g *Gateway) unsubscribe(ctx context.Context, s site, l link.Link, choice string) (view, error) {
	c, err := g.o.Person(ctx, l.Customer)
	if err != nil {
		return view{}, err
	}
	x := g.click(l, choice)
	if err := g.take(ctx, l.Customer, x.Event(&c)); err != nil {
		return view{}, err
	}
	return g.gone(s, l, x.Scope), nil
}

// later has the customer leave while that cannot be recorded: it is in force before the
// next email.
func (g *Gateway) later(ctx context.Context, s site, l link.Link, choice string) (view, error) {
	x := g.click(l, choice)
	if err := g.o.Leave(ctx, x); err != nil {
		return view{}, err
	}
	return g.gone(s, l, x.Scope), nil
}

// click is what a customer says who leaves by a link.
func (g *Gateway) click(l link.Link, choice string) click.Click {
	x := click.Click{Customer: l.Customer, Scope: events.ScopeAll, At: g.o.Now().UnixMilli()}
	if choice == l.Worker {
		x.Scope = l.Worker
	}
	return x
}

// gone counts an unsubscribe, and is the page that says so.
func (g *Gateway) gone(s site, l link.Link, scope string) view {
	if g.o.Unsubscribed != nil {
		g.o.Unsubscribed(scope)
	}
	if scope == events.ScopeAll {
		return left(s)
	}
	v := leftOne(s, l)
	v.More = g.toPreferences(s, l)
	return v
}

// take has an event recorded. What another process recorded is at worst recorded once more,
// under the same id.
func (g *Gateway) take(ctx context.Context, k customer.Key, e events.Event) error {
	if g.taken.Has(e.ID) {
		return nil
	}
	err := g.o.Take(ctx, []customer.Entry{{Key: k, Event: e}})
	if err == nil {
		g.taken.Add(e.ID)
	}
	return err
}
