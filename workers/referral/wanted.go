package referral

import (
	"fmt"
	"slices"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Wanted asks whether there is still something to ask, or to give.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	if _, ok := w.step(t.Step); !ok {
		return touch.DropFor(reason.StepRemoved, "the programme has no such email")
	}
	if t.Step == Invitation {
		return w.wantedInvitation(t, in)
	}
	all := in.Customer.CountingReferrals(t.Step == Reward, w.config.ReturnWindow)
	i := slices.IndexFunc(all, func(r customer.Referral) bool { return occasion(t.Step, r) == t.Occasion })
	if i < 0 {
		return touch.DropFor(reason.InsufficientData, "the referral is not known any more")
	}
	return w.wantedReward(t, in, all, i)
}

// wantedReward gives a reward for an order of somebody else that stands when it cannot be
// sent back any more.
func (w worker) wantedReward(t touch.Touch, in workers.Input, all []customer.Referral, i int) touch.Verdict {
	r := all[i]
	if in.Customer.ToSelf(r) {
		return touch.DropFor(reason.SelfReferral, "who ordered is who recommended the shop: the same person, or the same mailbox")
	}
	if until := r.PlacedAt().Add(w.config.ReturnWindow); in.Now.Before(until) {
		return touch.MoveTo(until, "the order can still be sent back")
	}
	switch r.Holds(w.config.ReturnWindow) {
	case customer.ReferralCancelled:
		return touch.DropFor(reason.Cancelled, "the friend’s order was cancelled")
	case customer.ReferralRefunded, customer.ReferralReturned:
		return touch.DropFor(reason.Refunded, "the friend’s order was refunded or came back")
	case customer.ReferralAgain:
		return touch.DropFor(reason.ReferredBefore, "the friend had ordered on a recommendation before")
	case customer.ReferralUnknown:
		return touch.DropFor(reason.InsufficientData, "the friend’s order was never told")
	}
	if n := w.rewarded(in, all[:i], r); t.Step == Reward && w.config.RewardsAYear > 0 && n >= w.config.RewardsAYear {
		return touch.DropFor(reason.ReferralLimit, fmt.Sprintf("%d friends of the year were before, and rewards_a_year is %d", n, w.config.RewardsAYear))
	}
	return touch.Verdict{}
}

// rewarded returns for how many friends before there is a reward in the same year.
func (w worker) rewarded(in workers.Input, before []customer.Referral, r customer.Referral) int {
	year := func(r customer.Referral) int { return r.PlacedAt().Add(w.config.ReturnWindow).In(in.Location()).Year() }
	n := 0
	for _, x := range before {
		if x.Holds(w.config.ReturnWindow) == customer.ReferralStands && year(x) == year(r) {
			n++
		}
	}
	return n
}

// Compose binds the code: in an invitation that of friends, with what the customer gets for
// it.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	s, _ := w.step(t.Step)
	out := workers.Wording{Offer: s.Offer, Orders: in.Customer.OrderCount()}
	if t.Step == Invitation {
		out.Promise = w.config.Reward.Terms()
		if x, ok := w.causeOf(t, in); ok {
			out.Detail = x.What
		}
		return out
	}
	for _, r := range in.Customer.CountingReferrals(t.Step == Reward, w.config.ReturnWindow) {
		if occasion(t.Step, r) == t.Occasion {
			out.Detail = "the friend’s order of " + localtime.DateOf(r.PlacedAt().In(in.Location())).String() + " stands"
		}
	}
	return out
}
