package subscription

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/touch"
	"homing/workers"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Renewals         []Rule          `yaml:"renewals"`        // who is reminded, and when; the first that fits counts; []: nobody
	SendAt           localtime.Clock `yaml:"send_at"`         // of reminders, on the customer's clocks
	PaymentAgain     time.Duration   `yaml:"payment_again"`   // from the first email about a payment to the second; 0s: there is one
	ComeBackAfter    time.Duration   `yaml:"come_back_after"` // from the end to the email that asks them back; 0s: none
	Offer            *workers.Offer  `yaml:"offer"`           // of that email; nil: none
}

// A Rule says how long before a renewal to remind of it.
type Rule struct {
	MinInterval time.Duration `yaml:"min_interval"` // of subscriptions that renew as rarely as this, or more rarely
	Before      time.Duration `yaml:"before"`       // at least so long before
	Countries   []string      `yaml:"countries"`    // of customers there alone; empty: of all
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:      workers.Settings{Status: workers.Off, Priority: 88, Class: touch.Transactional},
		Renewals:      []Rule{{MinInterval: 180 * day, Before: 21 * day}, {MinInterval: 28 * day, Before: 7 * day}},
		SendAt:        localtime.Clock(9 * 60),
		PaymentAgain:  5 * day,
		ComeBackAfter: 14 * day,
	}
}

// rule returns the one that fits a subscription of a customer. Where the shop does not say
// how often it renews, the rule for the shortest interval does.
func (c Config) rule(s *customer.Subscription, country string) (Rule, bool) {
	interval := time.Duration(s.Days.Value) * day
	var shortest *Rule
	for i := range c.Renewals {
		r := &c.Renewals[i]
		if len(r.Countries) > 0 && !slices.Contains(r.Countries, country) {
			continue
		}
		if interval > 0 && interval >= r.MinInterval {
			return *r, true
		}
		if shortest == nil || r.MinInterval < shortest.MinInterval {
			shortest = r
		}
	}
	if interval > 0 || shortest == nil {
		return Rule{}, false
	}
	return *shortest, true
}

func (c Config) validate() error {
	errs := []error{c.Settings.Validate(), workers.At("offer", c.Offer.Validate())}
	for i, r := range c.Renewals {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("renewals[%d].%w", i, fmt.Errorf(format, args...)))
		}
		switch {
		case r.MinInterval < day:
			fail("min_interval: %s is less than a day; write how often it renews at most, for example 28d", localtime.FormatDuration(r.MinInterval))
		case r.Before < day:
			fail("before: %s is less than a day; write how long before it renews, for example 7d", localtime.FormatDuration(r.Before))
		case r.Before >= r.MinInterval:
			fail("before: %s is not less than the %s of min_interval: the reminder would come before the renewal before", localtime.FormatDuration(r.Before), localtime.FormatDuration(r.MinInterval))
		}
		for _, code := range r.Countries {
			if len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				fail("countries: %q is not the code of a country; write two capitals, for example FR", code)
			}
		}
		if j := slices.IndexFunc(c.Renewals[:i], func(o Rule) bool {
			return o.MinInterval <= r.MinInterval && (len(o.Countries) == 0 || len(r.Countries) > 0 && !slices.ContainsFunc(r.Countries, func(x string) bool { return !slices.Contains(o.Countries, x) }))
		}); j >= 0 {
			fail("min_interval: never counts, since renewals[%d] fits all of these first; put the longer interval, and the countries, before it", j)
		}
	}
	if c.PaymentAgain < 0 {
		errs = append(errs, fmt.Errorf("payment_again: %v is negative; 0s sends one email alone", c.PaymentAgain))
	}
	if c.ComeBackAfter < 0 {
		errs = append(errs, fmt.Errorf("come_back_after: %v is negative; 0s asks nobody back", c.ComeBackAfter))
	}
	if c.Class != touch.Transactional {
		errs = append(errs, errors.New("class: leave it transactional: it is of reminders and of payments; the email that asks customers back is marketing as it is"))
	}
	return errors.Join(errs...)
}
