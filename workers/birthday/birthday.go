// Package birthday wishes a happy birthday, with a coupon.
//
// Triggers: customer.birthday, which the calendar publishes before each birthday,
// or the shop does; customer.created, customer.updated and customer.preferences, and order.placed,
// cart.updated and cart.abandoned as far as they tell a birthday, for one that
// becomes known when the calendar has already looked. Steps: greeting, at 09:00
// of the customer's day, or lead days before; reminder, 3 days before the coupon
// expires, with the same code. One of each a birthday, by its year, and no
// greeting within 300 days of another: a birthday that is changed after the
// greeting is not greeted again.
//
// All days are those of the customer's time zone, or else the store's, as it is
// when the email falls due: who moves is greeted by the clocks of where they are.
// A time of day that the clocks show twice that night is the first of the two;
// one that they skip is the moment of the change. 29 February is greeted on 28
// February or 1 March of other years (leap_day).
//
// A greeting is not wanted any more when the birthday is over where the customer
// is: rather none than a late one. The reminder is not wanted without a greeting
// that went out with a coupon, once the coupon was used (purchased), or when it
// expired.
package birthday

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "birthday"

// The steps.
const (
	Greeting = "greeting"
	Reminder = "reminder"
)

const day = 24 * time.Hour

const (
	apart   = 300 * day // at least this long between two greetings
	near    = 7 * day   // what becomes known so late before the greeting, the calendar may have missed
	maxLead = 60 * day
	// slack is more than a touch can be late and still be right; Wanted knows exactly.
	slack = near + 3*day
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings     `yaml:",inline"`
	SendAt               localtime.Clock `yaml:"send_at"`                // of the customer's day
	Lead                 time.Duration   `yaml:"lead"`                   // days before the birthday; whole days
	LeapDay              LeapDay         `yaml:"leap_day"`               // 29 February in other years
	Offer                *workers.Offer  `yaml:"offer"`                  // code: none takes it away
	ReminderBeforeExpiry time.Duration   `yaml:"reminder_before_expiry"` // whole days; 0s: no reminder
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:             workers.Settings{Status: workers.Live, Priority: 70, Class: touch.Marketing},
		SendAt:               9 * 60,
		LeapDay:              Feb28,
		Offer:                &workers.Offer{Percent: 15, Valid: 14 * day, Code: "static", Value: "BIRTHDAY15"},
		ReminderBeforeExpiry: 3 * day,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate(), workers.At("offer", c.Offer.Validate())}
	for _, d := range []struct {
		key  string
		days time.Duration
	}{{"lead", c.Lead}, {"reminder_before_expiry", c.ReminderBeforeExpiry}} {
		if d.days < 0 || d.days%day != 0 {
			errs = append(errs, fmt.Errorf("%s: %v is not a whole number of days; write for example 3d", d.key, d.days))
		}
	}
	if c.Lead > maxLead {
		errs = append(errs, fmt.Errorf("lead: %v is more than 60 days", c.Lead))
	}
	if terms := c.Offer.Terms(); terms != nil {
		if c.Class == touch.Transactional {
			errs = append(errs, errors.New("class: a transactional email carries no offer; write marketing, or offer: {code: none}"))
		}
		if c.ReminderBeforeExpiry >= terms.Valid {
			errs = append(errs, fmt.Errorf("reminder_before_expiry: %v is not less than the %v for which the offer is valid", c.ReminderBeforeExpiry, terms.Valid))
		}
	}
	return errors.Join(errs...)
}

// Kind makes birthday workers.
var Kind = workers.Kind{
	Name:   Name,
	Emails: "birthday emails",
	Ahead:  true,
	Triggers: []events.Type{events.TypeCustomerBirthday, events.TypeCustomerCreated, events.TypeCustomerUpdated, events.TypeCustomerPreferences,
		events.TypeOrderPlaced, events.TypeCartUpdated, events.TypeCartAbandoned},
	Horizon: near, Concerns: concerns, Overlooks: overlooks,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose,
			Silence: w.Silence, SendsAt: w.sendsAt(), Birthdays: &c.Lead}
	}),
}

// worker is the birthday programme of one store.
type worker struct{ config Config }

// concerns: an order or a cart matters if it tells a birthday, which hardly any does.
func concerns(e events.Event) bool {
	d, ok := e.Data.(events.CustomerData)
	return !mayTell(e.Type) || ok && d.Who().Birthday != ""
}

// overlooks is concerns by the JSON of an event.
func overlooks(t events.Type, data []byte) bool {
	return mayTell(t) && !bytes.Contains(data, []byte(`"birthday"`))
}

// mayTell reports whether an event of that type matters only if it tells a
// birthday. The others are about it, or may move the customer to another zone.
func mayTell(t events.Type) bool {
	return t == events.TypeOrderPlaced || t == events.TypeCartUpdated || t == events.TypeCartAbandoned
}

// sendsAt returns the time of day at which the greeting leaves, if it would be too
// late the day after.
func (w worker) sendsAt() *localtime.Clock {
	if w.config.Lead > 0 {
		return nil
	}
	return &w.config.SendAt
}

func (w worker) steps() []touch.Step {
	c := w.config
	steps := []touch.Step{{Name: Greeting, Template: Name + "/" + Greeting, Class: c.Class, Expires: c.Lead + slack, Offer: c.Offer.Terms()}}
	if w.reminds() {
		steps = append(steps, touch.Step{Name: Reminder, Template: Name + "/" + Reminder, Class: c.Class, Expires: c.ReminderBeforeExpiry + slack})
	}
	return steps
}

// reminds reports whether there is a coupon to remind of.
func (w worker) reminds() bool {
	return w.config.Offer.Terms() != nil && w.config.ReminderBeforeExpiry > 0
}

// Silence says that no birthday is known, or when the next one is greeted. Around a
// birthday there is more to say, of what became of the greeting.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	b, known := parse(in.Customer.Born())
	if !known {
		return reason.InsufficientData, "the shop told no birthday of theirs"
	}
	z := in.Location()
	this := localtime.DateOf(in.Now.In(z)).Year
	for year := this; year <= this+2; year++ {
		birthday := b.in(year, w.config.LeapDay)
		switch due := w.greets(birthday, z); {
		case !in.Now.Before(over(birthday, z)):
		case !in.Now.Before(due.Add(-near)):
			return "", ""
		default:
			return reason.NotYet, "greeted " + due.In(z).Format("Mon 2006-01-02 15:04") + ", for the birthday on " + birthday.String() + "; planned a few days before"
		}
	}
	return "", ""
}

// Compose binds the offer to the greeting; the reminder shows the same code.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	detail := "by the clocks of " + in.Location().String()
	if t.Step == Reminder {
		return workers.Wording{OfferOf: greetingOf(t).ID(), Detail: detail}
	}
	return workers.Wording{Offer: w.config.Offer.Terms(), Detail: detail}
}

func greetingOf(t touch.Touch) touch.Touch {
	t.Step = Greeting
	return t
}
