package referral

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"homing/pkg/touch"
	"homing/workers"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	PromoterAfter    time.Duration  `yaml:"promoter_after"` // from an answer of 9 or 10 (NPS) to the invitation; 0s: none leads to one
	Order            int            `yaml:"order"`          // which order of theirs leads to an invitation; 0: none
	OrderAfter       time.Duration  `yaml:"order_after"`    // from that order to the invitation
	Tiers            []string       `yaml:"tiers"`          // of rewards that lead to an invitation once they are reached
	TierAfter        time.Duration  `yaml:"tier_after"`     // from then to the invitation
	Every            time.Duration  `yaml:"every"`          // from one invitation to the next, at least
	Offer            *workers.Offer `yaml:"offer"`          // for friends: the code that the customer passes on
	Reward           *workers.Offer `yaml:"reward"`         // for who recommended the shop; code: none takes it away
	Friend           *workers.Offer `yaml:"friend"`         // for the friend, after the order; code: none takes it away
	ReturnWindow     time.Duration  `yaml:"return_window"`  // from the friend's order to the rewards
	RewardsAYear     int            `yaml:"rewards_a_year"` // of one customer, at most; 0: any number
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:      workers.Settings{Status: workers.Off, Priority: 35, Class: touch.Marketing},
		PromoterAfter: day,
		Order:         3,
		OrderAfter:    21 * day,
		TierAfter:     3 * day,
		Every:         182 * day,
		Offer:         &workers.Offer{Percent: 10, Valid: 365 * day, Code: "mint", Value: "FRIEND"},
		Reward:        &workers.Offer{Percent: 10, Valid: 90 * day, Code: "mint", Value: "THANKS"},
		Friend:        &workers.Offer{Percent: 10, Valid: 60 * day, Code: "mint", Value: "WELCOME"},
		ReturnWindow:  30 * day,
		RewardsAYear:  12,
	}
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate()}
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"promoter_after", c.PromoterAfter}, {"order_after", c.OrderAfter}, {"tier_after", c.TierAfter}, {"every", c.Every}, {"return_window", c.ReturnWindow}} {
		if d.d < 0 {
			fail("%s: %v is negative", d.key, d.d)
		}
	}
	for _, o := range []struct {
		key   string
		offer *workers.Offer
	}{{"offer", c.Offer}, {"reward", c.Reward}, {"friend", c.Friend}} {
		errs = append(errs, workers.At(o.key, o.offer.Validate()))
		if terms := o.offer.Terms(); terms != nil && len(terms.Segments) > 0 {
			fail("%s.segments: everybody who is told of it gets it; write segments in the section of the worker to have fewer customers invited", o.key)
		}
	}
	switch {
	case c.Class == touch.Transactional:
		fail("class: this is advertising, which needs consent; leave it marketing")
	case c.Offer.Terms() == nil:
		fail("offer: is missing; friends need a code that tells who sent them. To invite nobody, write status: off")
	case c.Offer.Code == "static":
		fail("offer.code: static is one code for all, which tells nobody who passed it on; write mint, or list")
	}
	if c.Order < 0 {
		fail("order: %d is negative; write which order leads to an invitation, for example 3, or 0 for none", c.Order)
	}
	if c.RewardsAYear < 0 {
		fail("rewards_a_year: %d is negative; 0 is any number", c.RewardsAYear)
	}
	if c.Every < 30*day {
		fail("every: %v is less than 30 days; nobody is invited more often", c.Every)
	}
	if slices.Contains(c.Tiers, "") {
		errs = append(errs, errors.New("tiers: one of the names is empty; write names of tiers as rewards has them"))
	}
	return errors.Join(errs...)
}
