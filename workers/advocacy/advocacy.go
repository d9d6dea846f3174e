// Package advocacy asks customers who like the shop to say so: for a photo of what they
// praised, and into the shop's community.
//
// Triggers, each of which may be switched off: a review of five stars, an answer of 9 or 10
// to how likely they are to recommend the shop, a tier of rewards that is reached. A review
// leads to the question for a photo, the others to the community; where the shop has only
// one of them, all lead to that. There is one question at a time, an invitation to recommend
// the shop among them, and none while a complaint is open.
package advocacy

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "advocacy"

// The steps.
const (
	Photo     = "photo"
	Community = "community"
)

const (
	day = 24 * time.Hour
	// expires is how long after its time a step is worth sending.
	expires = 30 * day
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Photo            string        `yaml:"photo"`          // the page where customers share photos; empty: nobody is asked for one
	Community        string        `yaml:"community"`      // the page of the community; empty: nobody is invited
	StarsAfter       time.Duration `yaml:"stars_after"`    // from a review of five stars to the question; 0s: none leads to one
	PromoterAfter    time.Duration `yaml:"promoter_after"` // from an answer of 9 or 10 (NPS); 0s: none leads to one
	Tiers            []string      `yaml:"tiers"`          // of rewards that lead to a question once they are reached
	TierAfter        time.Duration `yaml:"tier_after"`     // from then to the question
	Apart            time.Duration `yaml:"apart"`          // from one question to another, at least
	Every            time.Duration `yaml:"every"`          // from one question to the same, at least
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:      workers.Settings{Status: workers.Off, Priority: 30, Class: touch.Marketing},
		StarsAfter:    2 * day,
		PromoterAfter: 7 * day,
		TierAfter:     7 * day,
		Apart:         30 * day,
		Every:         365 * day,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate(), page("photo", c.Photo), page("community", c.Community)}
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"stars_after", c.StarsAfter}, {"promoter_after", c.PromoterAfter}, {"tier_after", c.TierAfter}, {"apart", c.Apart}} {
		if d.d < 0 {
			fail("%s: %v is negative", d.key, d.d)
		}
	}
	if c.Every < 30*day {
		fail("every: %v is less than 30 days; nobody is asked the same more often", c.Every)
	}
	if c.Class == touch.Transactional {
		fail("class: this is advertising, which needs consent; leave it marketing")
	}
	if c.Status != workers.Off && c.Photo == "" && c.Community == "" {
		fail("photo: neither photo nor community says where an email leads; write the address of a page of yours, or status: off")
	}
	if slices.Contains(c.Tiers, "") {
		fail("tiers: one of the names is empty; write names of tiers as rewards has them")
	}
	return errors.Join(errs...)
}

// page reports what is wrong with the address of a page.
func page(key, s string) error {
	if u, err := url.Parse(s); s != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		return fmt.Errorf("%s: %q is not the address of a page; write for example https://shop.example/%s", key, s, key)
	}
	return nil
}

// Kind makes advocacy workers.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "requests for photos and invitations to our community",
	Triggers: []events.Type{events.TypeReviewSubmitted, events.TypeCustomerAnswered, events.TypeOrderPlaced, events.TypePointsAdjusted},
	Horizon:  60 * day,
	Concerns: func(e events.Event) bool {
		switch d := e.Data.(type) {
		case *events.ReviewSubmitted:
			return d.Review.Rating == events.BestRating
		case *events.CustomerAnswered:
			return d.Scale == events.NPS
		}
		return true
	},
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Silence: w.Silence}
	}),
}

// worker is the programme of one store.
type worker struct{ config Config }

// page returns where a step leads; empty: the programme has no such email.
func (w worker) page(step string) string {
	return map[string]string{Photo: w.config.Photo, Community: w.config.Community}[step]
}

func (w worker) steps() (out []touch.Step) {
	for _, s := range []string{Photo, Community} {
		if w.page(s) != "" {
			out = append(out, touch.Step{Name: s, Template: Name + "/" + s, Class: w.config.Class, Expires: expires})
		}
	}
	return out
}
