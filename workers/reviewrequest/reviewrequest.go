// Package reviewrequest asks a customer what they think of what they bought.
//
// Triggers: order.placed, order.updated, order.fulfilled, order.delivered. Steps: ask,
// once the customer has had time with the goods, and reminder, 7 days after the ask
// really went out. One of each an order. The best that is known decides the time
// of the ask: 7 days after the last delivery, else 14 days after the order was
// fulfilled, else 21 days after it was placed. An order that arrives in parcels
// is waited for until its last product is there. Nobody is asked about an order that
// is older than max_order_age by then.
//
// Orders whose time comes within merge_within share an email, which leaves when the
// last of them is right; those that it took over are bundled with it.
//
// A product is asked about once within ask_again_after, whichever orders of the person
// have it. Where orders of one account go to several mailboxes, that is once for each,
// also if who answers there orders under an id of their own. Nothing is kept for that:
// which order was asked about when is known by the claims, and what it had by the orders. So it lasts as long as both do: of orders whose
// details are forgotten (more than customer.MaxOrders newer ones) nothing is known.
//
// A product is not asked about if it was cancelled, if any of it was returned,
// if it has not left the shop, if the shop says that it is not to be reviewed, if it was
// free or is part of a bundle, or if the customer reviewed it since the order or within
// ask_again_after. Not wanted any more when no product is left (reviewed, bundled,
// refunded or cancelled), while a complaint is open (complaint_open), within 14 days of
// any refund of the order (refunded), or when it is more than 14 days late (expired). The
// reminder shares the fate of an ask that was not sent.
package reviewrequest

import (
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "review-request"

// The steps.
const (
	Ask      = "ask"
	Reminder = "reminder"
)

const day = 24 * time.Hour

const (
	worth       = 14 * day // how late it may be
	freshRefund = 14 * day // how long a refund keeps us from asking
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	AfterDelivery    time.Duration `yaml:"after_delivery"`
	AfterFulfilment  time.Duration `yaml:"after_fulfilment"` // if the delivery is never told
	AfterOrder       time.Duration `yaml:"after_order"`      // if neither is
	ReminderAfter    time.Duration `yaml:"reminder_after"`   // after the ask was sent; 0s: no reminder
	MergeWithin      time.Duration `yaml:"merge_within"`     // orders whose time comes within it share an email; 0s: one email an order
	AskAgainAfter    time.Duration `yaml:"ask_again_after"`  // from one question about a product to the next; 0s: with each order
	MaxOrderAge      time.Duration `yaml:"max_order_age"`    // how old an order may be when it is asked about
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:        workers.Settings{Status: workers.Live, Priority: 40, Class: touch.Marketing},
		AfterDelivery:   7 * day,
		AfterFulfilment: 14 * day,
		AfterOrder:      21 * day,
		ReminderAfter:   7 * day,
		MergeWithin:     3 * day,
		AskAgainAfter:   90 * day,
		MaxOrderAge:     180 * day,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate()}
	for _, d := range []struct {
		key  string
		wait time.Duration
	}{
		{"after_delivery", c.AfterDelivery}, {"after_fulfilment", c.AfterFulfilment},
		{"after_order", c.AfterOrder}, {"reminder_after", c.ReminderAfter},
		{"merge_within", c.MergeWithin}, {"ask_again_after", c.AskAgainAfter},
	} {
		if d.wait < 0 {
			errs = append(errs, fmt.Errorf("%s: %v is negative", d.key, d.wait))
		}
	}
	if c.MaxOrderAge <= 0 {
		errs = append(errs, fmt.Errorf("max_order_age: %v asks about no order; write how old one may be, for example 180d", c.MaxOrderAge))
	}
	return errors.Join(errs...)
}

// Kind makes review-request workers. Its horizon lets a delivery that is told
// today find an order of two months ago.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "review requests",
	Triggers: []events.Type{events.TypeOrderPlaced, events.TypeOrderUpdated, events.TypeOrderFulfilled, events.TypeOrderDelivered},
	Horizon:  60 * day,
	OfOrder:  true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Gathers: w.Gathers}
	}),
}

// worker is the review-request programme of one store.
type worker struct{ config Config }

// steps: Wanted knows exactly when a touch is too
// late. What it can be late against the time it was planned for is more: a
// better signal moves the ask, and the ask moves the reminder.
func (w worker) steps() []touch.Step {
	c := w.config
	expires := worth + max(c.AfterDelivery, c.AfterFulfilment, c.AfterOrder)
	steps := []touch.Step{{Name: Ask, Template: Name + "/" + Ask, Class: c.Class, Expires: expires}}
	if c.ReminderAfter > 0 {
		steps = append(steps, touch.Step{Name: Reminder, Template: Name + "/" + Reminder, Class: c.Class, Expires: expires + worth})
	}
	return steps
}
