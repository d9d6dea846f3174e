// Package winback writes to customers who stay away.
//
// Trigger: customer.lapsed, from the shop or from the calendar, which reports it
// when a customer has not ordered for as long as lapse says and is unlikely to do so on
// their own. Steps, counted from the lapse: miss-you at once, offer after two weeks,
// last-call after thirty days with a bigger offer that is short. Each is worth sending
// for two weeks.
//
// One episode follows from one last order: it counts from the first lapse that
// was told since that order, and telling it again moves nothing and begins
// nothing. Of a customer whose orders are not known there is one episode in all,
// "none", until an order is known. A lapse that the orders disprove is none: there is
// a later order than the one that the event calls the last (last_order_at), or, if it
// calls none so, one of the week before.
//
// The bigger offer is for a real miss of the smaller one: last-call has its own
// only if the email with the smaller offer went out and its code ran out unused;
// else it has the smaller offer again. Its mail is also the last word: with
// sunset, who neither orders nor answers why they left gets no marketing any more.
//
// Nobody is given a discount who probably comes back without one: while the chance that
// they order within 90 days is above offer_max_chance, an email goes out without its offer.
// What is known of who comes back is learned every night, from the shop's own customers
// (see foresight.Lapse); until there are enough of them, the days decide alone.
//
// Not wanted any more:
//   - purchased: an order was placed since the lapse, or is later than the one
//     the episode is about
//   - sunset: the customer had the last word of an episode and did not react
//   - bundled: the same email went out about another order as the last one, before
//     an order came in late or was cancelled
//
// Held as not_yet while an earlier email of the episode has no outcome.
package winback

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "win-back"

const (
	day = 24 * time.Hour
	// expires is how long after its time a step is worth sending.
	expires = 14 * day
	// noOrder is the occasion of customers whose orders are not known.
	noOrder = "none"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Lapse            workers.Lapse        `yaml:"lapse"`            // for the calendar; a shop's customer.lapsed counts whenever it comes
	OfferMaxChance   float64              `yaml:"offer_max_chance"` // of an order within 90 days, up to which there is an offer; 1: always
	Sunset           bool                 `yaml:"sunset"`           // who does not react to the last step gets no marketing any more
	Steps            []workers.StepConfig `yaml:"steps"`
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings: workers.Settings{Status: workers.Live, Priority: 50, Class: touch.Marketing},
		Lapse:    workers.Lapse{Days: 180, MaxChance: 0.3},

		OfferMaxChance: 0.15,

		Sunset: true,
		Steps: []workers.StepConfig{
			{Template: "win-back/miss-you"},
			{Template: "win-back/offer", After: 14 * day,
				Offer: &workers.Offer{Percent: 10, Valid: 14 * day, Code: offer.Static, Value: "MISSYOU10"}},
			{Template: "win-back/last-call", After: 30 * day,
				Offer: &workers.Offer{Percent: 20, Valid: 3 * day, Code: offer.Static, Value: "LASTCALL20"}},
		},
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate(), workers.ValidateSteps(c.Steps)}
	if err := c.Lapse.Validate(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			errs = append(errs, errors.New("lapse."+line))
		}
	}
	if !(c.OfferMaxChance > 0 && c.OfferMaxChance <= 1) {
		errs = append(errs, fmt.Errorf("offer_max_chance: %v is not above 0 and up to 1; 1 gives every lapsed customer the offers", c.OfferMaxChance))
	}
	return errors.Join(errs...)
}

// Kind makes win-back workers.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "“we miss you” emails",
	Ahead:    true,
	Triggers: []events.Type{events.TypeCustomerLapsed},
	Horizon:  expires,
	Recalls:  true,
	Products: true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose,
			Silence: w.Silence, Lapse: &c.Lapse}
	}),
}

// worker is the win-back programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	out := make([]touch.Step, len(w.config.Steps))
	for i, s := range w.config.Steps {
		out[i] = s.Step(w.config.Class, expires)
		out[i].Sunset = w.config.Sunset && i == len(w.config.Steps)-1
	}
	return out
}

// Plan plans the whole episode that the customer's last order and their first
// lapse since make.
func (w worker) Plan(in workers.Input) []touch.Touch {
	if in.Event.Type != events.TypeCustomerLapsed || in.Customer.Asleep() {
		return nil
	}
	order, placed := in.Customer.LastOrder(), in.Customer.LastOrderAt()
	lapsed, ok := lapsedAt(in.Customer, placed)
	if !ok {
		return nil
	}
	if cut(in.Customer, placed) && !lapsed.Equal(customer.StampOf(in.Event).Time()) {
		return nil // the first one planned the episode
	}
	out := make([]touch.Touch, len(w.config.Steps))
	for i, s := range w.config.Steps {
		out[i] = touch.Touch{Worker: Name, Step: s.StepName(), Occasion: occasion(order), Due: lapsed.Add(s.After),
			Snapshot: &touch.Snapshot{Order: order, PlacedAt: placed}}
	}
	return out
}

// occasion names the episode of a last order; of none if the id is empty.
func occasion(order string) string {
	if order == "" {
		return noOrder
	}
	return touch.Token(order)
}

// lapsedAt returns the first lapse that was told since an order of that time, and
// that no order disproves.
func lapsedAt(c *customer.Customer, placed time.Time) (time.Time, bool) {
	if told := c.Lapses(placed); len(told) > 0 {
		return told[0], true
	}
	return time.Time{}, false
}

// cut reports whether the first lapse since an order may be forgotten: a shop
// that tells it every night tells it more often than is kept.
func cut(c *customer.Customer, placed time.Time) bool {
	return c.KeptSince(customer.Lapsed).After(placed)
}
