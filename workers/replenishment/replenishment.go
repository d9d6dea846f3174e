// Package replenishment reminds customers to buy again what is about to run out.
//
// Triggers: order.placed, order.updated, order.delivered. Step: reorder, one for each product
// and order, `lead` before the day on which what that order brought is used up.
// A newer order of the product is planned again and makes the older touch moot. The
// first to fall due takes over the others that fall due within `bundle` after it.
//
// # When it runs out
//
// The clock starts with the delivery, if it is known, else when it left the shop, else
// with the order. What left or arrived more than max_order_age after the order is not
// reminded of: the shop cleans up. Nor is what comes by subscription. What has not left
// the shop yet is looked at again as long after as it would last. Where
// the shop says for how many days a piece lasts (supply_days of the order's
// line, or else of product.updated), the product runs out
//
//	pieces × supply_days
//
// after it. Otherwise it is learned from the customer's own intervals between purchases,
// from those of their other products, and from other customers' (see foresight.Model.Days):
// more pieces last longer, by how much is learned from the shop.
//
// Most of what is bought is never bought again. So a reminder of what was learned is only
// sent where the chance that the customer buys the product within the fourteen days after
// it is min_chance or more (see foresight.Model.Chance). Where the shop states supply_days,
// it says that the product gets used up: the reminder is sent whatever the chance.
//
// A shop that is early, with hardly any repurchases, is taken for a typical one; there it
// takes min_intervals own intervals, or a product that at least ten customers, and one in
// ten of its buyers, bought again. What is used up in less than three days or more than
// two years is no business of this worker's.
package replenishment

import (
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "replenishment"

const (
	step     = "reorder"
	template = "replenishment/reorder"
	day      = 24 * time.Hour
	expires  = 14 * day
	shortest = 3   // days that it must last to be reminded of
	longest  = 730 // days that it may last
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Lead             time.Duration `yaml:"lead"`          // how long before it runs out
	Bundle           time.Duration `yaml:"bundle"`        // what falls due within this time shares an email; 0s: each has its own
	MaxOrderAge      time.Duration `yaml:"max_order_age"` // how old an order may be when it leaves or arrives
	MinIntervals     int           `yaml:"min_intervals"` // own intervals that suffice while the shop is early
	MinChance        float64       `yaml:"min_chance"`    // of a purchase in the fourteen days after the email; 0: all are sent
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings: workers.Settings{Status: workers.Live, Priority: 60, Class: touch.Marketing},
		Lead:     5 * day, Bundle: 7 * day, MaxOrderAge: 180 * day, MinIntervals: 2, MinChance: 0.15,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate()}
	if c.Lead < 0 || c.Lead > 90*day {
		errs = append(errs, fmt.Errorf("lead: %v is not between 0s and 90d", c.Lead))
	}
	if c.Bundle < 0 || c.Bundle > 90*day {
		errs = append(errs, fmt.Errorf("bundle: %v is not between 0s, which bundles nothing, and 90d", c.Bundle))
	}
	if c.MaxOrderAge <= 0 {
		errs = append(errs, fmt.Errorf("max_order_age: %v reminds of no order; write how old one may be, for example 180d", c.MaxOrderAge))
	}
	if c.MinIntervals < 1 {
		errs = append(errs, fmt.Errorf("min_intervals: %d: it takes at least 1 to learn from", c.MinIntervals))
	}
	if !(c.MinChance >= 0 && c.MinChance < 1) {
		errs = append(errs, fmt.Errorf("min_chance: %v is not from 0 to below 1; write 0.15 for reminders of which about one in seven or more leads to a purchase", c.MinChance))
	}
	return errors.Join(errs...)
}

// Kind makes replenishment workers. An order may be as old as the longest that
// anything lasts, and still lead to an email.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "reminders to reorder",
	Ahead:    true,
	Triggers: []events.Type{events.TypeOrderPlaced, events.TypeOrderUpdated, events.TypeOrderDelivered},
	Horizon:  longest*day + expires,
	Products: true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Gathers: w.Gathers, Silence: w.Silence}
	}),
}

// worker is the replenishment programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	return []touch.Step{{Name: step, Template: template, Class: w.config.Class, Expires: expires}}
}
