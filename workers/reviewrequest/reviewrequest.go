// Package reviewrequest asks a customer what they think of what they bought.
//
// Triggers: order.placed, order.fulfilled, order.delivered. Steps: ask, once the
// customer has had time with the goods, and reminder, 7 days after the ask
// really went out. One of each an order. The best that is known decides the time
// of the ask: 7 days after the last delivery, else 14 days after the order was
// fulfilled, else 21 days after it was placed. An order that arrives in parcels
// is waited for until its last product is there.
//
// A product is not asked about if it was cancelled, if any of it was returned,
// or if the customer reviewed it since the order. Not wanted any more when no
// product is left (reviewed, refunded or cancelled), while a complaint is open
// (complaint_open), within 14 days of any refund of the order (refunded), or
// when it is more than 14 days late (expired). The reminder shares the fate of
// an ask that was not sent.
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
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:        workers.Settings{Status: workers.Live, Priority: 40, Class: touch.Marketing},
		AfterDelivery:   7 * day,
		AfterFulfilment: 14 * day,
		AfterOrder:      21 * day,
		ReminderAfter:   7 * day,
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
	} {
		if d.wait < 0 {
			errs = append(errs, fmt.Errorf("%s: %v is negative", d.key, d.wait))
		}
	}
	return errors.Join(errs...)
}

// Kind makes review-request workers. Its horizon lets a delivery that is told
// today find an order of two months ago.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "review requests",
	Triggers: []events.Type{events.TypeOrderPlaced, events.TypeOrderFulfilled, events.TypeOrderDelivered},
	Horizon:  60 * day,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose}
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

// Compose shows the products that are left to review.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	items, _ := open(t.Snapshot, &in.Customer)
	_, signal := w.asks(t.Snapshot.Order, t.Snapshot.PlacedAt, &in.Customer)
	return workers.Wording{Items: items, More: t.Snapshot.More, Detail: signal}
}
