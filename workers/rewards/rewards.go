// Package rewards tells members of a rewards programme how they stand: that they take
// part, how little is missing for a reward, the reward itself, a code that is paid for with
// points, points that are about to expire, a tier that was reached, and one that is about
// to end.
//
// Triggers: all that moves points, see pkg/points, and its own rewards, after which there
// may be another. What comes by itself, points that expire and tiers that end, follows from
// the ledger as well: it is planned with what happened last, and is looked at again when it
// falls due. A paid membership is none of this worker's business.
package rewards

import (
	"bytes"
	"time"

	"homing/events"
	"homing/pkg/localtime"
	"homing/pkg/points"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "rewards"

// The steps.
const (
	Joined   = "joined"
	Progress = "progress"
	Earned   = "earned"        // the first reward; the second is earned-2
	Expiring = "expiring"      // the first time that it is told
	Soon     = "expiring-soon" // the second
	Reached  = "tier"
	AtRisk   = "at-risk"
)

const (
	day = 24 * time.Hour
	// expires is how long after its time a step is worth sending.
	expires = 7 * day
	// calmly is how long after their time emails leave that nobody waits for.
	calmly = 2 * day
	// apart is how long after one reward the next one leaves.
	apart = day
)

// morning is the time of day of emails about a day.
const morning localtime.Clock = 10 * 60

// Kind makes rewards workers.
var Kind = workers.Kind{
	Name:   Name,
	Emails: "emails about your points and rewards",
	Ahead:  true,
	Triggers: []events.Type{events.TypeOrderPlaced, events.TypeOrderUpdated, events.TypeOrderCancelled, events.TypeOrderRefunded, events.TypeOrderReturned,
		events.TypeReviewSubmitted, events.TypeCustomerBirthday, events.TypePointsAdjusted, events.TypeRewardsJoined, events.TypeReferralNoted, events.TypeOfferIssued, events.TypeEmailSent, events.TypeWebhookSent},
	Horizon:  expires,
	Concerns: concerns, Overlooks: overlooks,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		p, _ := c.programme() // it was validated
		w := worker{c, p}
		out := workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Silence: w.Silence, Ledger: w.Ledger}
		for _, t := range p.Tiers.Steps {
			out.Tiers = append(out.Tiers, t.Name)
		}
		if c.Bonus.Birthday > 0 {
			out.Birthdays = new(time.Duration)
		}
		return out
	}),
}

// concerns: of facts only its own, which may be followed by another.
func concerns(e events.Event) bool {
	switch d := e.Data.(type) {
	case *events.OfferIssued:
		return d.Worker == Name
	case events.Fact: // that something was sent
		return d.Body().Worker == Name
	}
	return true
}

func overlooks(t events.Type, data []byte) bool {
	return t.IsFact() && t != events.TypeReferralNoted && !bytes.Contains(data, []byte(`"`+Name+`"`))
}

// worker is the programme of one store.
type worker struct {
	config    Config
	programme points.Programme
}

// Ledger returns the customer's ledger as of now.
func (w worker) Ledger(in workers.Input) points.Ledger {
	p := w.programme
	p.Zone = in.Zone
	return p.Ledger(in.Customer, in.Now)
}

func (w worker) steps() []touch.Step {
	c := w.config
	var out []touch.Step
	add := func(some bool, name, template string) {
		if some {
			out = append(out, touch.Step{Name: name, Template: Name + "/" + template, Class: c.Class, Expires: expires})
		}
	}
	add(true, Joined, Joined)
	add(w.rewards() && c.ProgressWithin > 0, Progress, Progress)
	for i, f := range c.Reward.all() {
		add(true, earned(i), Earned)
		out[len(out)-1].Offer = f.Offer.Terms()
	}
	add(c.ExpireAfter > 0 && len(c.Expiring) > 0, Expiring, Expiring)
	add(c.ExpireAfter > 0 && len(c.Expiring) > 1, Soon, Expiring)
	add(len(c.Tiers.Steps) > 0, Reached, Reached)
	add(len(c.Tiers.Steps) > 0 && c.AtRisk > 0, AtRisk, AtRisk)
	return out
}

// rewards reports whether there is a reward to be had.
func (w worker) rewards() bool { return w.config.Reward.Offer.Terms() != nil }
