// Package thankyou thanks a customer for an order.
//
// Trigger: order.placed. Step: thanks, 30 minutes after the order, one mail an
// order. The wording (first order, repeat, milestone) is chosen when the mail is
// made, from the place the order has among the customer's orders by then, so
// that orders arriving out of order are counted right.
//
// Not wanted any more when the whole order was cancelled or refunded, or when it
// is more than three days late. Transactional by default: it answers what the
// customer did, carries no offer, needs no consent and is not held by the
// frequency caps, though it counts towards them.
package thankyou

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "thank-you"

const (
	step     = "thanks"
	template = "thank-you/thanks"
	expires  = 3 * 24 * time.Hour
)

// The variants of the template.
const (
	First     = "first"
	Repeat    = "repeat"
	Milestone = "milestone"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	After            time.Duration `yaml:"after"`        // from the order to the mail
	MergeWithin      time.Duration `yaml:"merge_within"` // 0s: one mail an order
	Milestones       []int         `yaml:"milestones"`   // orders worth a celebration
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:   workers.Settings{Status: workers.Live, Priority: 90, Class: touch.Transactional},
		After:      30 * time.Minute,
		Milestones: []int{5, 10, 25, 50, 100},
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate()}
	if c.After < 0 {
		errs = append(errs, fmt.Errorf("after: %v is negative; 0s sends at once", c.After))
	}
	if c.MergeWithin != 0 {
		errs = append(errs, fmt.Errorf("merge_within: %v: orders cannot share a mail yet; write 0s", c.MergeWithin))
	}
	for _, m := range c.Milestones {
		if m < 2 {
			errs = append(errs, fmt.Errorf("milestones: %d is no milestone; the first order has a wording of its own", m))
		}
	}
	return errors.Join(errs...)
}

// Kind makes thank-you workers.
var Kind = workers.Kind{
	Name:     Name,
	Triggers: []events.Type{events.TypeOrderPlaced},
	Horizon:  expires,
	New: func(decode func(into any) error) (workers.Worker, workers.Settings, error) {
		c := Defaults()
		if err := decode(&c); err != nil {
			return nil, c.Settings, err
		}
		return Worker{c}, c.Settings, c.validate()
	},
}

// Worker is the thank-you programme of one store.
type Worker struct{ config Config }

// Name implements workers.Worker.
func (Worker) Name() string { return Name }

// Triggers implements workers.Worker.
func (Worker) Triggers() []events.Type { return Kind.Triggers }

// Steps implements workers.Worker.
func (w Worker) Steps() []touch.Step {
	return []touch.Step{{Name: step, Template: template, Class: w.config.Class, Expires: expires}}
}

// Plan thanks for the order that was placed.
func (w Worker) Plan(in workers.Input) []touch.Touch {
	placed, ok := in.Event.Data.(*events.OrderPlaced)
	if !ok {
		return nil
	}
	o := &placed.Order
	stamp := customer.StampOf(in.Event)
	// An order that is not among the details any more was followed by very many
	// others, as in an import; it is thanked for all the same.
	if known, ok := in.Customer.OrderEvent(o.ID, customer.Placed); ok && known.Stamp != stamp {
		return nil // the order was placed anew; that event plans, with its own items
	}
	items, more := touch.Items(o.Items)
	return []touch.Touch{{
		Worker: Name, Step: step, Occasion: touch.Token(o.ID),
		Due: stamp.Time().Add(w.config.After),
		Snapshot: &touch.Snapshot{
			Order: o.ID, PlacedAt: stamp.Time(), Items: items, More: more, Total: o.Total,
		},
	}}
}

// Wanted drops the thanks for an order that does not stand any more.
func (w Worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	order := t.Snapshot.Order
	switch {
	case in.Customer.Whole(order, customer.Cancelled):
		return touch.DropFor(touch.Cancelled, "the order was cancelled")
	case in.Customer.Whole(order, customer.Refunded):
		return touch.DropFor(touch.Refunded, "the order was refunded")
	}
	if o, ok := in.Customer.OrderEvent(order, customer.Placed); ok {
		if due := o.Stamp.Time().Add(w.config.After); due.After(in.Now) {
			return touch.HoldUntil(due, touch.NotYet, "the wait after the order is not over")
		}
	}
	return touch.Verdict{}
}

// Compose chooses the wording by the place of the order among the customer's.
func (w Worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	n := in.Customer.Ordinal(t.Snapshot.Order)
	v := workers.Wording{Variant: Repeat, Ordinal: n, Orders: in.Customer.OrderCount()}
	switch {
	case n == 1:
		v.Variant = First
	case slices.Contains(w.config.Milestones, n):
		v.Variant = Milestone
	}
	return v
}
