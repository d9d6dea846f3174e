// Package welcome greets people who say yes to marketing email for the first time, tells
// them about the shop, and reminds them of the code for their first order.
//
// Triggers: every event with a yes of a time of its own, be it the shop's, the preference
// page's or that of a confirmed double opt-in; and customer.created with a yes. Steps:
// greeting, at once, with the code; story, two days later; reminder of the code, five days
// after the greeting, while it is unused. One series a membership, by the day on which it
// began; and none for those who come back within a year of leaving.
//
// The series ends with the first order. Those who had ordered before, or join at the
// checkout, are greeted and told the story, and get no code for a first order.
package welcome

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "welcome"

// The steps.
const (
	Greeting = "greeting"
	Story    = "story"
	Reminder = "reminder"
)

const (
	day = 24 * time.Hour
	// expires is how long after its time a step is worth sending.
	expires = 3 * day
	// checkout is how long after they joined an order may be the one with which they did.
	checkout = 30 * time.Minute
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Offer            *workers.Offer `yaml:"offer"`          // for a first order; code: none takes it away
	StoryAfter       time.Duration  `yaml:"story_after"`    // 0s: no such email
	ReminderAfter    time.Duration  `yaml:"reminder_after"` // of the code; 0s: none
	RejoinedAfter    time.Duration  `yaml:"rejoined_after"` // who was away for less is not greeted again
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:      workers.Settings{Status: workers.Off, Priority: 85, Class: touch.Marketing},
		Offer:         &workers.Offer{Percent: 10, Valid: 14 * day, Code: "static", Value: "WELCOME10"},
		StoryAfter:    2 * day,
		ReminderAfter: 5 * day,
		RejoinedAfter: 365 * day,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate(), workers.At("offer", c.Offer.Validate())}
	for _, d := range []struct {
		key   string
		after time.Duration
	}{{"story_after", c.StoryAfter}, {"reminder_after", c.ReminderAfter}, {"rejoined_after", c.RejoinedAfter}} {
		if d.after < 0 {
			errs = append(errs, fmt.Errorf("%s: %v is negative", d.key, d.after))
		}
	}
	if c.StoryAfter > 0 && c.ReminderAfter > 0 && c.ReminderAfter <= c.StoryAfter {
		errs = append(errs, fmt.Errorf("reminder_after: %v does not come after the %v of story_after", c.ReminderAfter, c.StoryAfter))
	}
	if c.Class == touch.Transactional {
		errs = append(errs, errors.New("class: this is advertising, which needs consent; leave it marketing"))
	}
	if terms := c.Offer.Terms(); terms != nil && c.ReminderAfter >= terms.Valid {
		errs = append(errs, fmt.Errorf("reminder_after: %v is not less than the %v for which the offer is valid", c.ReminderAfter, terms.Valid))
	}
	return errors.Join(errs...)
}

// Kind makes welcome workers.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "emails to welcome new subscribers",
	Triggers: workers.ConsentTriggers(),
	Horizon:  expires,
	Concerns: func(e events.Event) bool {
		k := workers.ConsentOf(e)
		return k != nil && k.Email == events.Subscribed && (k.At != nil || e.Type == events.TypeCustomerCreated)
	},
	Overlooks: func(_ events.Type, data []byte) bool { return !bytes.Contains(data, []byte(`"`+events.Subscribed+`"`)) },
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c, c.series()}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Silence: w.Silence}
	}),
}

// series is the emails of the configuration, in their order.
func (c Config) series() []workers.StepConfig {
	out := []workers.StepConfig{{Template: Name + "/" + Greeting, Offer: c.Offer}}
	if c.StoryAfter > 0 {
		out = append(out, workers.StepConfig{Template: Name + "/" + Story, After: c.StoryAfter})
	}
	if c.Offer.Terms() != nil && c.ReminderAfter > 0 {
		out = append(out, workers.StepConfig{Template: Name + "/" + Reminder, After: c.ReminderAfter})
	}
	return out
}

// worker is the welcome programme of one store.
type worker struct {
	config Config
	series []workers.StepConfig
}

func (w worker) steps() []touch.Step {
	out := make([]touch.Step, len(w.series))
	for i, s := range w.series {
		out[i] = s.Step(w.config.Class, expires)
	}
	return out
}

// Plan plans the series from the day on which the customer joined.
func (w worker) Plan(in workers.Input) []touch.Touch {
	at, ok := w.joined(in)
	if !ok || in.Now.Sub(at) > expires {
		return nil
	}
	out := make([]touch.Touch, len(w.series))
	for i, s := range w.series {
		out[i] = touch.Touch{Worker: Name, Step: s.StepName(), Occasion: occasion(at), Due: at.Add(s.After), Snapshot: &touch.Snapshot{}}
	}
	return out
}

// Compose binds the code for a first order to the greeting; the reminder shows it again.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	at, _ := w.joined(in)
	out := workers.Wording{Detail: "joined " + at.UTC().Format("2006-01-02 15:04 MST"), Orders: in.Customer.OrderCount()}
	switch {
	case t.Step == Reminder:
		out.OfferOf = stepOf(t, Greeting).ID()
	case t.Step == Greeting && w.config.Offer.Terms() != nil:
		if o, bought := before(in.Customer, at); bought {
			out.Detail += "; without the code for a first order, since order " + o + " was placed by then"
		} else {
			out.Offer = w.config.Offer.Terms()
		}
	}
	return out
}

func stepOf(t touch.Touch, step string) touch.Touch {
	t.Step = step
	return t
}
