package cartrecovery

import (
	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans the whole series when a cart is left, and again, with what the cart
// holds then, whenever something is said of it. Whether an email is still wanted
// is not its business.
func (w worker) Plan(in workers.Input) []touch.Touch {
	cart, abandoned := cartIn(in.Event)
	if cart == nil || len(cart.Items) == 0 {
		return nil
	}
	s, ok := w.seriesOf(in.Customer, in.Key, cart.ID)
	if !ok {
		return nil
	}
	stamp := customer.StampOf(in.Event)
	newest := in.Customer.Cart.Stamp.Same(stamp)
	// What is overtaken plans nothing, unless it came in late and set the times. If it
	// was corrected with the same time, the correction sets them.
	left := in.Customer.Left
	corrected := left.Stamp.At == stamp.At && !left.Stamp.Same(stamp) && left.Value.ID == cart.ID
	begins := abandoned && s.said.Equal(stamp.Time()) && !corrected
	if !newest && !begins {
		return nil
	}
	// Of a cart that is said to be left every few minutes the beginning is
	// forgotten some day; it planned what there is to plan.
	if s.cut && !begins {
		return nil
	}
	items, more := touch.Items(cart.Items)
	shot := touch.Snapshot{Cart: cart.ID, URL: cart.URL, PlacedAt: s.said, Items: items, More: more}
	if newest {
		shot.Total = cart.Total
	}
	out := make([]touch.Touch, len(w.config.Steps))
	for i, step := range w.config.Steps {
		out[i] = touch.Touch{Worker: Name, Step: step.StepName(), Occasion: s.occasion(), Due: s.left.Add(step.After), Snapshot: &shot}
	}
	return out
}

// cartIn returns the cart of an event, and whether it was left.
func cartIn(e events.Event) (cart *events.Cart, abandoned bool) {
	switch d := e.Data.(type) {
	case *events.CartAbandoned:
		return &d.Cart, true
	case *events.CartUpdated:
		return &d.Cart, false
	}
	return nil, false
}
