// Package thankyou thanks a customer for an order.
//
// Triggers: order.placed, and order.updated, which changes what the email shows. Step:
// thanks, 30 minutes after the order was first told, one email an order. The wording (first order, repeat, milestone) is chosen when the email is
// made, from the place the order has among the customer's orders by then, so
// that orders arriving out of order are counted right.
//
// With merge_within, orders share an email: the first that was not cancelled
// waits for that long, and its email names all that were placed in the meantime,
// whose own emails end as bundled. If it is cancelled, the next one leads.
//
// Not wanted any more when the whole order was cancelled or refunded, or when it
// is more than three days late. Transactional by default: it answers what the
// customer did, carries no offer, needs no consent and is not held by the
// frequency caps, though it counts towards them.
//
// With milestone_offer, an order that is a milestone gets a second email, a day
// after the thanks: step milestone, marketing, with the offer. It is planned for
// every order, and wanted only if the order is a milestone by then.
package thankyou

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "thank-you"

// The steps.
const (
	Thanks    = "thanks"
	Milestone = "milestone"
)

const (
	day     = 24 * time.Hour
	expires = 3 * day
	later   = day      // from the thanks to the milestone: two emails at once are one too many
	paid    = 30 * day // how long after it was placed an order may be placed again, and be thanked for
)

// The variants of the thanks, apart from Milestone.
const (
	First  = "first"
	Repeat = "repeat"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	After            time.Duration `yaml:"after"`        // from the order to the email
	MergeWithin      time.Duration `yaml:"merge_within"` // orders placed within it share an email; 0s: one email an order
	Milestones       []int         `yaml:"milestones"`   // orders worth a celebration
	// MilestoneOffer comes with an email of its own, the thanks being transactional.
	MilestoneOffer *workers.Offer `yaml:"milestone_offer"`
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
	errs := []error{c.Settings.Validate(), workers.At("milestone_offer", c.MilestoneOffer.Validate())}
	if c.After < 0 {
		errs = append(errs, fmt.Errorf("after: %v is negative; 0s sends at once", c.After))
	}
	if c.MergeWithin < 0 {
		errs = append(errs, fmt.Errorf("merge_within: %v is negative; 0s is one email for each order", c.MergeWithin))
	}
	for _, m := range c.Milestones {
		if m < 2 {
			errs = append(errs, fmt.Errorf("milestones: %d is not a milestone; the first order has a wording of its own", m))
		}
	}
	return errors.Join(errs...)
}

// Kind makes thank-you workers.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "thank-you emails",
	Triggers: []events.Type{events.TypeOrderPlaced, events.TypeOrderUpdated},
	Horizon:  expires,
	OfOrder:  true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Gathers: w.Gathers}
	}),
}

// worker is the thank-you programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	steps := []touch.Step{{Name: Thanks, Template: Name + "/" + Thanks, Class: w.config.Class, Expires: expires}}
	if terms := w.config.MilestoneOffer.Terms(); terms != nil {
		steps = append(steps, touch.Step{Name: Milestone, Template: Name + "/" + Milestone, Class: touch.Marketing, Expires: 14 * day, Offer: terms})
	}
	return steps
}

// Plan thanks for the order that was placed, as it is now: told again, it is due
// when it was, and shows what was told last. Placed again after it was cancelled, or
// paid back as a whole, it is thanked for then, if it was not before.
func (w worker) Plan(in workers.Input) []touch.Touch {
	o, ok := workers.Told(in)
	if !ok {
		return nil
	}
	// An order that is not among the details any more was followed by very many
	// others, as in an import; it is thanked for all the same.
	placed, known := in.Customer.PlacedAt(o.ID)
	if !known {
		placed = customer.StampOf(in.Event).Time()
	}
	due := placed
	if again, ok := since(o.ID, in.Customer); ok {
		due = again
	}
	due = w.due(due)
	items, more := touch.Items(o.Items)
	out := []touch.Touch{{
		Worker: Name, Step: Thanks, Occasion: touch.Token(o.ID), Due: due,
		Snapshot: &touch.Snapshot{Order: o.ID, PlacedAt: placed, Items: items, More: more, Total: o.Total,
			Discount: o.Discount, Shipping: o.Shipping, Tax: o.Tax, StatusURL: o.StatusURL},
	}}
	if w.config.MilestoneOffer.Terms() != nil {
		out = append(out, touch.Touch{
			Worker: Name, Step: Milestone, Occasion: touch.Token(o.ID), Due: due.Add(later),
			Snapshot: &touch.Snapshot{Order: o.ID, PlacedAt: placed, Total: o.Total},
		})
	}
	return out
}

// since returns since when an order stands, as far as a thank-you goes: one that was
// placed again long after the first time is as old as it was.
func since(order string, c *customer.Customer) (time.Time, bool) {
	placed, known := c.PlacedAt(order)
	if again, ok := c.Since(order); ok && again.Sub(placed) <= paid {
		return again, true
	}
	return placed, known
}

// due returns when an order is thanked for, if it leads: until then others join.
func (w worker) due(placed time.Time) time.Time {
	return placed.Add(max(w.config.After, w.config.MergeWithin))
}

// Wanted drops the thanks for an order that does not stand any more.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	order := t.Snapshot.Order
	switch in.Customer.Undone(order) {
	case customer.Cancelled:
		return touch.DropFor(reason.Cancelled, "the order was cancelled")
	case customer.Refunded, customer.Returned:
		return touch.DropFor(reason.Refunded, "the order was refunded or came back")
	}
	if in.Customer.IsTest(order) {
		return touch.DropFor(reason.InsufficientData, "the order is a test")
	}
	if at, ok := since(order, in.Customer); ok {
		due := w.due(at)
		if t.Step == Milestone {
			due = due.Add(later)
		}
		if due.After(in.Now) {
			return touch.MoveTo(due, "the wait after the order is not over")
		}
	}
	if t.Step == Milestone {
		if n := in.Customer.Ordinal(order); !w.milestone(n) {
			return touch.DropFor(reason.Bundled, fmt.Sprintf("order %d of the customer is not a milestone, and the thank-you is enough", n))
		}
		return touch.Verdict{}
	}
	return workers.Lead(t, w.group(order, in.Customer), w.dueOf, in)
}

func (w worker) milestone(n int) bool { return slices.Contains(w.config.Milestones, n) }

// Compose chooses the wording by the place of the order among the customer's,
// and names the orders that share the email.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	n := in.Customer.Ordinal(t.Snapshot.Order)
	v := workers.Wording{Variant: Repeat, Ordinal: n, Orders: in.Customer.OrderCount()}
	if t.Step == Milestone {
		v.Variant, v.Offer = "", w.config.MilestoneOffer.Terms()
		return v
	}
	for _, o := range w.others(t, in) {
		v.Also = append(v.Also, o.Order)
		v.Bundles = append(v.Bundles, workers.About(t, o.Order).ID())
	}
	v.Items, v.More = workers.Shown(t, in.Gathered)
	switch {
	case n == 1:
		v.Variant = First
		return v
	case w.milestone(n):
		v.Variant = Milestone
		return v
	}
	for _, order := range v.Also { // a milestone is celebrated, whichever order carries the email
		if n := in.Customer.Ordinal(order); w.milestone(n) {
			v.Variant, v.Ordinal = Milestone, n
		}
	}
	return v
}
