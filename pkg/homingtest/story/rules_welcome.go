package story

import (
	"slices"
	"time"

	"homing/events"
)

// welcomes: whoever said yes for the first time, while they have not ordered since.
func welcomes(_ *Ledger, p *life, m mail) string {
	if m.Worker != "welcome" {
		return ""
	}
	after := map[string]time.Duration{"greeting": 0, "story": 2 * Day, "reminder": 5 * Day}[m.Step]
	yes := p.yes(m.at)
	if yes.IsZero() {
		return "no yes that says when"
	}
	if m.at.Before(yes.Add(after - late)) {
		return "too early: they said yes at " + yes.Format(time.DateTime)
	}
	if m.at.After(yes.Add(after + 3*Day + late)) {
		return "too late: they said yes at " + yes.Format(time.DateTime)
	}
	if slices.ContainsFunc(p.mails, func(o mail) bool {
		return o.Worker == m.Worker && o.Step == m.Step && o.at.Before(m.at) && o.at.After(p.erased(m.at))
	}) {
		return "welcomed before"
	}
	coded := slices.ContainsFunc(p.offers, func(o *issued) bool { return o.Touch == m.Touch })
	for _, o := range p.purchases(m.at.Add(-slack)) {
		switch {
		case o.at.After(yes.Add(30 * time.Minute)):
			return "they ordered at " + o.at.Format(time.DateTime)
		case coded && !o.cancelled && !o.refunded:
			return "a code for the first order, and they ordered at " + o.at.Format(time.DateTime)
		}
	}
	return ""
}

// yes returns when the customer first said yes, as far as known at t: after an erasure, the
// first after it.
func (p *life) yes(t time.Time) time.Time {
	erased := p.erased(t)
	for _, k := range p.told {
		d, ok := k.Data.(events.CustomerData)
		if !ok || k.since.After(t) || !k.Time.After(erased) || d.Who().Consent == nil || d.Who().Consent.Email != events.Subscribed {
			continue
		}
		if at := d.Who().Consent.At; at != nil {
			return *at
		}
		if k.Type == events.TypeCustomerCreated {
			return k.Time
		}
	}
	return time.Time{}
}
