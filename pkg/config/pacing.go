package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/localtime"
	"homing/pkg/problem"
)

// Pacing says how often, when and how fast.
type Pacing struct {
	gate.Pacing `yaml:",inline"`
	Throughput  Throughput `yaml:"throughput"`
}

// Throughput is what a relay takes, over all replicas together.
type Throughput struct {
	// PerSecond is in emails per second; 0 is unlimited.
	PerSecond float64 `yaml:"per_second"`
	// Burst is how many emails may leave at once after a quiet while.
	Burst int `yaml:"burst"`
	// PerDomain has emails per second for single recipient domains.
	PerDomain map[string]float64 `yaml:"per_domain"`
	WarmUp    WarmUp             `yaml:"warm_up"`
}

// maxBurst is more than any relay takes at once.
const maxBurst = 100_000

// Validate reports numbers out of range, and invalid domains.
func (t Throughput) Validate() error {
	var l problem.List
	if t.PerSecond < 0 {
		l.Add("per_second", "%v is negative; 0 means unlimited", t.PerSecond)
	}
	if t.Burst < 0 || t.Burst > maxBurst {
		l.Add("burst", "%d is not between 0 and %d", t.Burst, maxBurst)
	}
	for _, domain := range slices.Sorted(maps.Keys(t.PerDomain)) {
		at := "per_domain." + domain
		if !isHost(domain) {
			l.Add(at, "%q is not an email domain like gmail.com", domain)
		}
		if t.PerDomain[domain] < 0 {
			l.Add(at, "%v is negative; 0 means unlimited", t.PerDomain[domain])
		}
	}
	return l.Err()
}

// WarmUp is how many emails a relay is given on each of its first days.
type WarmUp struct {
	Start localtime.Date `yaml:"start"`
	// PerDay is of the first day, the second, …; empty: no warm-up.
	PerDay []int `yaml:"per_day"`
}

// Validate reports a day without emails, and days without a start or the other way round.
func (w WarmUp) Validate() error {
	var l problem.List
	for i, n := range w.PerDay {
		if n < 1 {
			l.Add(fmt.Sprintf("per_day[%d]", i), "%d is too few; write 1 or more", n)
		}
	}
	switch start, days := w.Start != (localtime.Date{}), len(w.PerDay) > 0; {
	case days && !start:
		l.Add("start", "is missing; write the first day, for example 2026-06-01")
	case start && !days:
		l.Add("per_day", "is empty; write how many emails each day takes, for example [50, 100, 500]")
	}
	return l.Err()
}

// offerHoles fills a link of offers for a look at the rest.
var offerHoles = strings.NewReplacer("{code}", "code", "{path}", "path")

// Offers caps the offers made to one customer: at most Limit in any Window.
type Offers struct {
	// Limit is 0 for no cap; more than customer.MaxOffers cannot be counted.
	Limit  int           `yaml:"limit"`
	Window time.Duration `yaml:"window"`
	// Link is the page that applies a code, with {code} and perhaps {path}. Its host is
	// checked with the store.
	Link string `yaml:"link"`
}

// Validate reports a cap that cannot be kept.
func (o Offers) Validate() error {
	var l problem.List
	if o.Limit < 0 || o.Limit > customer.MaxOffers {
		l.Add("limit", "%d is not between 0 and %d; 0 means no limit", o.Limit, customer.MaxOffers)
	}
	if o.Window <= 0 {
		l.Add("window", "is 0s; write for example 90d")
	}
	if rest := offerHoles.Replace(o.Link); o.Link != "" {
		switch {
		case !strings.Contains(o.Link, "{code}"):
			l.Add("link", "%q has no {code}; write for example https://shop.example/discount/{code}?redirect={path}", o.Link)
		case strings.ContainsAny(rest, "{}"):
			l.Add("link", "%q has something in braces other than {code} and {path}", o.Link)
		case !isWebURL(rest):
			l.Add("link", "%q is not an absolute address; write for example https://shop.example/discount/{code}?redirect={path}", o.Link)
		}
	}
	return l.Err()
}

// Calendar bounds what dates, rather than events from shops, may trigger.
type Calendar struct {
	CatchUp time.Duration `yaml:"catch_up"`
	// DailyLimit is in events per store and day.
	DailyLimit int `yaml:"daily_limit"`
}

// Validate reports a catch-up shorter than the calendar's round, and a negative limit.
func (c Calendar) Validate() error {
	var l problem.List
	if c.CatchUp < day {
		l.Add("catch_up", "%s is less than a day, and the calendar looks once a day; write 1d or more", localtime.FormatDuration(c.CatchUp))
	}
	if c.DailyLimit < 0 {
		l.Add("daily_limit", "%d is negative", c.DailyLimit)
	}
	return l.Err()
}
