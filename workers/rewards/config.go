package rewards

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/points"
	"homing/pkg/touch"
	"homing/workers"
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	Membership       string          `yaml:"membership"`      // automatic or asked
	Starts           string          `yaml:"starts"`          // a day; what happened before brings nothing; empty: all counts
	Earn             []Rate          `yaml:"earn"`            // what orders bring
	Pending          time.Duration   `yaml:"pending"`         // how long after the order its points can be used
	Bonus            Bonus           `yaml:"bonus"`           // points for other things
	ExpireAfter      int             `yaml:"expire_after"`    // months; 0: never
	Reward           Reward          `yaml:"reward"`          // a code for points
	Tiers            Tiers           `yaml:"tiers"`           // none without steps
	JoinedAfter      time.Duration   `yaml:"joined_after"`    // after they became a member
	ProgressWithin   int             `yaml:"progress_within"` // points that are missing for a reward; 0: no such email
	Expiring         []time.Duration `yaml:"expiring"`        // before points expire; at most two, the longer one first
	AtRisk           time.Duration   `yaml:"at_risk"`         // before a tier ends; 0s: no such email
}

// Rate is how many points an order brings.
type Rate struct {
	Currency string `yaml:"currency"` // ISO 4217; empty: any that has no rate of its own
	Points   string `yaml:"points"`   // for each unit of the currency: "1", "0.5"
	From     string `yaml:"from"`     // a day; orders from then on. Empty: all
}

// Bonus is points for other things than orders.
type Bonus struct {
	Joining  int `yaml:"joining"`  // for asking to take part
	Review   int `yaml:"review"`   // for the first review of each product
	Birthday int `yaml:"birthday"` // for each birthday
	Referral int `yaml:"referral"` // for each friend whose first order came of their recommendation
	Referred int `yaml:"referred"` // for that order, to the friend
	Friends  int `yaml:"friends"`  // how many friends bring points in a year at most; 0: any number
}

// Reward is a code for points.
type Reward struct {
	Points int            `yaml:"points"` // that it costs
	Offer  *workers.Offer `yaml:"offer"`  // code: none takes it away
	Then   []Further      `yaml:"then"`   // rewards that are reached with more points, ascending
}

// Further is a reward that comes after the first one.
type Further struct {
	Points int            `yaml:"points"` // with which it is reached, those that the rewards before it cost included
	Offer  *workers.Offer `yaml:"offer"`
}

// Tiers are what customers reach by what they bought.
type Tiers struct {
	By       string        `yaml:"by"`       // points or spend
	Currency string        `yaml:"currency"` // of spend
	Window   string        `yaml:"window"`   // rolling (365 days) or calendar (a year)
	Grace    time.Duration `yaml:"grace"`    // how long a tier is kept once too little counts
	Steps    []Tier        `yaml:"steps"`
}

// Tier is one of them.
type Tier struct {
	Name string `yaml:"name"` // as customers read it
	From string `yaml:"from"` // points, or an amount: "200"
}

// Words of the configuration.
const (
	automatic = "automatic"
	asked     = "asked"
	byPoints  = "points"
	bySpend   = "spend"
	rolling   = "rolling"
	calendar  = "calendar"
)

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{
		Settings:       workers.Settings{Status: workers.Off, Priority: 60, Class: touch.Marketing},
		Membership:     automatic,
		Earn:           []Rate{{Points: "1"}},
		Pending:        14 * day,
		ExpireAfter:    24,
		Reward:         Reward{Points: 200, Offer: &workers.Offer{Percent: 10, Valid: 60 * day, Code: "mint", Value: "REWARD"}},
		Tiers:          Tiers{By: byPoints, Window: rolling, Grace: 60 * day},
		JoinedAfter:    day,
		ProgressWithin: 40,
		Expiring:       []time.Duration{30 * day, 7 * day},
		AtRisk:         30 * day,
	}
}

// millionths reads a rate.
func millionths(s string) (int64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if n := math.Round(f * 1e6); err == nil && n >= 1 && n <= points.MaxRate {
		return int64(n), nil
	}
	return 0, fmt.Errorf(`points: %q is not a number above 0 and up to 1000; write how many points there are for each unit of the currency, for example "1" or "0.5"`, s)
}

// onDay reads a day; empty is the zero time.
func onDay(key, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, fmt.Errorf("%s: %q is not a day; write for example %q", key, s, "2027-01-01")
	}
	return t, nil
}

// programme reads the rules of the points, and reports what is wrong with them, each problem by its key.
func (c Config) programme() (points.Programme, error) {
	p := points.Programme{Asked: c.Membership == asked, Pending: c.Pending, Joining: c.Bonus.Joining, Review: c.Bonus.Review,
		Birthday: c.Bonus.Birthday, Referral: c.Bonus.Referral, Referred: c.Bonus.Referred, Friends: c.Bonus.Friends, Expire: c.ExpireAfter, Rewards: c.Reward.thresholds()}
	var errs []error
	var err error
	if p.Starts, err = onDay("starts", c.Starts); err != nil {
		errs = append(errs, err)
	}
	for i, r := range c.Earn {
		n, err := millionths(r.Points)
		from, wrong := onDay("from", r.From)
		if err = errors.Join(err, wrong); err != nil {
			errs = append(errs, workers.At(fmt.Sprintf("earn[%d]", i), err))
		}
		p.Rates = append(p.Rates, points.Rate{Currency: strings.ToUpper(r.Currency), From: from, Millionths: n})
	}
	tiers, err := c.Tiers.steps()
	p.Tiers = tiers
	return p, errors.Join(append(errs, workers.At("tiers", err))...)
}

// steps reads the tiers.
func (t Tiers) steps() (points.Tiers, error) {
	out := points.Tiers{Calendar: t.Window == calendar, Window: 365 * day, Grace: t.Grace}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case t.By == bySpend && t.Currency == "":
		fail("currency: is missing; write in which currency what is spent counts, for example GBP")
	case t.By == bySpend:
		out.Currency = strings.ToUpper(t.Currency)
	case t.By != byPoints:
		fail("by: %q is neither points nor spend", t.By)
	}
	if t.Window != rolling && t.Window != calendar {
		fail("window: %q is neither rolling nor calendar", t.Window)
	}
	if t.Grace < 0 {
		fail("grace: %v is negative", t.Grace)
	}
	last := int64(0)
	for i, s := range t.Steps {
		m, err := events.ParseMoney(s.From, cmp.Or(out.Currency, noUnit))
		if s.Name == "" {
			fail("steps[%d].name: is missing", i)
		}
		switch {
		case err != nil:
			fail("steps[%d].from: %w", i, err)
		case m.Minor <= last:
			fail("steps[%d].from: %s is not more than that of the step before", i, s.From)
		}
		last = m.Minor
		out.Steps = append(out.Steps, points.Tier{Name: s.Name, From: m.Minor})
	}
	return out, errors.Join(errs...)
}

// noUnit is a currency without a minor unit, as points have none.
const noUnit = "JPY"

func (c Config) validate() error {
	_, err := c.programme()
	errs := []error{c.Settings.Validate(), err, workers.At("reward", c.Reward.validate())}
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Membership != automatic && c.Membership != asked {
		fail("membership: %q is neither automatic nor asked", c.Membership)
	}
	for _, n := range []struct {
		key string
		n   int
	}{{"bonus.joining", c.Bonus.Joining}, {"bonus.review", c.Bonus.Review}, {"bonus.birthday", c.Bonus.Birthday},
		{"bonus.referral", c.Bonus.Referral}, {"bonus.referred", c.Bonus.Referred}, {"bonus.friends", c.Bonus.Friends}, {"expire_after", c.ExpireAfter}, {"progress_within", c.ProgressWithin}} {
		if n.n < 0 {
			fail("%s: %d is negative", n.key, n.n)
		}
	}
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"pending", c.Pending}, {"joined_after", c.JoinedAfter}, {"at_risk", c.AtRisk}} {
		if d.d < 0 {
			fail("%s: %v is negative", d.key, d.d)
		}
	}
	switch {
	case c.Class == touch.Transactional:
		fail("class: this is advertising, which needs consent; leave it marketing")
	case c.ProgressWithin > 0 && c.ProgressWithin >= c.Reward.least():
		fail("progress_within: %d is not less than the %d points that a reward takes", c.ProgressWithin, c.Reward.least())
	case len(c.Expiring) > 2 || len(c.Expiring) == 2 && c.Expiring[0] <= c.Expiring[1] || len(c.Expiring) > 0 && c.Expiring[len(c.Expiring)-1] <= 0:
		fail("expiring: write at most two times before points expire, the longer one first, for example [30d, 7d]")
	case c.Tiers.Window == calendar && len(c.Tiers.Steps) > 0 && c.AtRisk > c.Tiers.Grace:
		fail("at_risk: %v is more than the %v of tiers.grace; what is bought before a calendar year is over does not count for the next, so there is nothing to be done until then", c.AtRisk, c.Tiers.Grace)
	}
	return errors.Join(errs...)
}
