// Package cartrecovery reminds customers of a cart that they left.
//
// Triggers: cart.abandoned, and cart.updated. A cart is left when the shop says
// so with cart.abandoned; with idle set, also that long after its last update.
//
// Steps, counted from when the cart was left: reminder after an hour, second
// after a day, last-call after three days, which may carry an offer. Each is
// worth sending for a day. An email shows the cart as it is now.
//
// A series is a cart and the orders before it, since shops use a cart's id again
// after an order. Leaving the cart again begins no second series, moves no mail
// and brings the offer no nearer; only when the shop has said nothing of the cart
// for as long as a series takes, leaving it is a new visit, without an offer.
//
// Not wanted any more:
//   - purchased: an order was placed since the cart was left, or in the day
//     before one that names the cart or has all that the cart holds; in whatever
//     order the events arrive, at the same instant too
//   - emptied: nothing is in the cart
//   - recovered: something was put into the cart since the shop said that it was
//     left, or the customer went on with another cart. The series continues with
//     its next email if the cart is left again
//   - bundled: the same email went out under another number of orders, because an
//     older order came in late
//   - unavailable: the shop says that nothing in the cart can be bought. What cannot
//     be bought is left out of an email that shows the rest; both are judged when
//     the email is due, so what is on sale again is shown again
//
// Held as not_yet: while the customer is at the cart (it changed less than idle
// and the first step's delay ago), and while an earlier email of the series has
// no outcome. A cart that only shrank, or changed its prices, is as left as it
// was: its emails go out when it is quiet.
//
// The offer is for the last step only, once a cart, and only if an earlier email
// of the series went out: a customer whom a cap or a return kept from the first
// mails gets the last one without.
package cartrecovery

import (
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/offer"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "cart-recovery"

// expires is how long after its time a step is worth sending.
const expires = 24 * time.Hour

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Idle             time.Duration        `yaml:"idle"` // 0s: only the shop says that a cart is left
	Steps            []workers.StepConfig `yaml:"steps"`
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings: workers.Settings{Status: workers.Live, Priority: 80, Class: touch.Marketing},
		Steps: []workers.StepConfig{
			{Template: "cart-recovery/reminder", After: time.Hour},
			{Template: "cart-recovery/second", After: 24 * time.Hour},
			{Template: "cart-recovery/last-call", After: 72 * time.Hour,
				Offer: &workers.Offer{Percent: 10, Valid: 72 * time.Hour, Code: offer.Static, Value: "COMEBACK10"}},
		},
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate(), workers.ValidateSteps(c.Steps)}
	if c.Idle < 0 {
		errs = append(errs, fmt.Errorf("idle: %v is negative; 0s leaves it to the shop to say that a cart is left", c.Idle))
	}
	for i, s := range c.Steps[:max(0, len(c.Steps)-1)] {
		if s.Offer.Terms() != nil {
			errs = append(errs, fmt.Errorf("steps[%d].offer: only the last step may carry an offer: who waits for it must not be paid for waiting", i))
		}
	}
	return errors.Join(errs...)
}

// Kind makes cart-recovery workers.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "reminders about your basket",
	Triggers: []events.Type{events.TypeCartUpdated, events.TypeCartAbandoned},
	Horizon:  4 * 24 * time.Hour,
	Products: true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Silence: w.Silence}
	}),
}

// worker is the cart-recovery programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	out := make([]touch.Step, len(w.config.Steps))
	for i, s := range w.config.Steps {
		out[i] = s.Step(w.config.Class, expires)
	}
	return out
}
