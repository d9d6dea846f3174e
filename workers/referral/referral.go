// Package referral has customers recommend the shop, and thanks both sides for it.
//
// Triggers of an invitation, each of which may be switched off: an answer of 9 or 10 to how
// likely they are to recommend the shop, the nth order, a tier of rewards that is reached.
// The invitation goes to the customer, with a code of their own to pass on; nobody whose
// address a customer knows is written to. Triggers of the rewards: what intake notes of a
// referral.redeemed, with both sides, and of what becomes of the friend's order. Once the
// order cannot be sent back any more, both have their reward: each friend counts once,
// nobody recommends the shop to themselves, and rewards of a year may be limited.
package referral

import (
	"bytes"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "referral"

// The steps.
const (
	Invitation = "invitation"
	Reward     = "reward" // to who recommended the shop
	Friend     = "friend" // to the friend
)

const (
	day = 24 * time.Hour
	// expires is how long after its time a step is worth sending.
	expires = 30 * day
)

// Kind makes referral workers.
var Kind = workers.Kind{
	Name:   Name,
	Emails: "emails about recommending us to friends",
	Triggers: []events.Type{events.TypeCustomerAnswered, events.TypeOrderPlaced, events.TypePointsAdjusted,
		events.TypeReferralRedeemed, events.TypeReferralNoted},
	Horizon: 60 * day,
	Overlooks: func(t events.Type, data []byte) bool {
		return t == events.TypeCustomerAnswered && !bytes.Contains(data, []byte(events.NPS))
	},
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Silence: w.Silence}
	}),
}

// worker is the programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	offer := *w.config.Offer.Terms()
	offer.Personal = true
	out := []touch.Step{{Name: Invitation, Template: Name + "/" + Invitation, Class: w.config.Class, Expires: expires, Offer: &offer}}
	for _, s := range []struct {
		name  string
		offer *workers.Offer
	}{{Reward, w.config.Reward}, {Friend, w.config.Friend}} {
		if terms := s.offer.Terms(); terms != nil {
			out = append(out, touch.Step{Name: s.name, Template: Name + "/" + s.name, Class: w.config.Class, Expires: expires, Offer: terms})
		}
	}
	return out
}

func (w worker) step(name string) (touch.Step, bool) {
	all := w.steps()
	i := slices.IndexFunc(all, func(s touch.Step) bool { return s.Name == name })
	if i < 0 {
		return touch.Step{}, false
	}
	return all[i], true
}

// Plan plans the invitation, and the rewards of the referrals that are known.
func (w worker) Plan(in workers.Input) (out []touch.Touch) {
	switch in.Event.Data.(type) {
	case *events.ReferralRedeemed, *events.ReferralNoted:
	default:
		if t, ok := w.invitation(in); ok {
			out = append(out, t)
		}
		return out
	}
	for _, s := range []string{Reward, Friend} {
		if _, ok := w.step(s); !ok {
			continue
		}
		for _, r := range in.Customer.CountingReferrals(s == Reward, w.config.ReturnWindow) {
			due := r.PlacedAt().Add(w.config.ReturnWindow)
			if in.Customer.ToSelf(r) {
				due = in.Now // there is nothing to wait for
			}
			out = append(out, touch.Touch{Worker: Name, Step: s, Customer: in.Key, Occasion: occasion(s, r), Due: due, Snapshot: &touch.Snapshot{}})
		}
	}
	return out
}

// occasion of a reward is the friend, and of what the friend gets that they came: each
// friend counts once.
func occasion(step string, r customer.Referral) string {
	if step == Friend {
		return "came"
	}
	return touch.Token(r.Friend())
}
