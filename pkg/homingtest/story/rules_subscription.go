package story

import (
	"maps"
	"slices"
	"time"

	"homing/events"
)

// subscribed is a subscription as it was known at some time.
type subscribed struct {
	state  events.Type // the last word on whether it is active
	at     time.Time   // of that
	next   time.Time   // when it renews; zero: not known, or not at all
	unpaid time.Time   // the first attempt that failed; zero: it is paid
	heard  time.Time   // when the shop last said when it renews
}

func (s subscribed) active() bool {
	return s.state != events.TypeSubscriptionPaused && s.state != events.TypeSubscriptionCancelled
}

// subscriptions returns the customer's subscriptions as known at t, by id.
func (p *life) subscriptions(t time.Time) map[string]subscribed {
	erased := p.erased(t)
	out := map[string]subscribed{}
	for _, k := range p.told {
		d := events.SubscriptionTold(k.Data)
		if d == nil || k.since.After(t) || !k.Time.After(erased) {
			continue
		}
		s := out[d.ID]
		if d.NextRenewalAt != nil {
			s.next, s.heard = *d.NextRenewalAt, k.since
		}
		switch k.Type {
		case events.TypeSubscriptionPaymentFailed:
			if s.unpaid.IsZero() {
				s.unpaid = k.Time
			}
		case events.TypeSubscriptionPaused, events.TypeSubscriptionCancelled:
			s = subscribed{state: k.Type, at: k.Time}
		case events.TypeSubscriptionStarted, events.TypeSubscriptionResumed, events.TypeSubscriptionRenewed:
			s.state, s.at, s.unpaid = k.Type, k.Time, time.Time{}
		}
		out[d.ID] = s
	}
	return out
}

// subscriptions: a renewal is told of before it takes place, what is not paid until it is,
// and who cancelled is asked back while they have not come by themselves.
func subscriptions(_ *Ledger, p *life, m mail) string {
	if m.Worker != "subscription" {
		return ""
	}
	known := p.subscriptions(m.at.Add(-slack))
	has := func(is func(subscribed) bool) bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(known)), is)
	}
	// An email about a payment leaves within the same second, and the next payment may not
	// have been heard of: what is unpaid now counts, and what was a moment ago.
	unpaid := func(is func(subscribed) bool) bool {
		now := p.subscriptions(m.at)
		return has(is) || slices.ContainsFunc(slices.Collect(maps.Values(now)), is)
	}
	switch m.Step {
	case "renewal":
		if !has(func(s subscribed) bool {
			intime := s.next.Sub(m.at) >= 7*Day-late && s.next.Sub(m.at) < 9*Day
			atOnce := m.at.Sub(s.heard) < 15*time.Minute // it was told too late for that
			return s.active() && !m.at.After(s.next) && (intime || atOnce)
		}) {
			return "nothing renews in seven days"
		}
	case "payment":
		if !unpaid(func(s subscribed) bool { return !s.unpaid.IsZero() }) {
			return "nothing is unpaid"
		}
	case "payment-again":
		if !unpaid(func(s subscribed) bool { return !s.unpaid.IsZero() && !m.at.Before(s.unpaid.Add(5*Day-late)) }) {
			return "nothing has been unpaid for five days"
		}
	case "come-back":
		var ended time.Time
		for _, s := range known {
			if s.active() {
				return "they have a subscription"
			}
			if s.state == events.TypeSubscriptionCancelled && !m.at.Before(s.at.Add(14*Day-late)) {
				ended = s.at
			}
		}
		if ended.IsZero() {
			return "nothing was cancelled two weeks before"
		}
		for _, o := range p.purchases(m.at.Add(-slack)) {
			if o.at.After(ended) && !o.cancelled && !o.refunded {
				return "they ordered at " + o.at.Format(time.DateTime)
			}
		}
		if p.complains(m.at.Add(-slack), "") {
			return "a complaint is open"
		}
	}
	return ""
}
