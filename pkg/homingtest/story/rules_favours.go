package story

import (
	"time"

	"homing/events"
)

// asksFavours: for a recommendation, a photo and the community those are asked who said that
// they like it, or came back often enough; never two things in a month, and not while
// something is amiss.
func asksFavours(_ *Ledger, p *life, m mail) string {
	invitation := m.Worker == "referral" && m.Step == "invitation"
	if m.Worker != "advocacy" && !invitation {
		return ""
	}
	known := m.at.Add(-slack)
	if p.complains(known, "") {
		return "a complaint is open"
	}
	if score := p.recommends(known); score != nil && *score <= 6 {
		return "they would not recommend the shop"
	}
	apart, before := 30*Day, func(o mail) bool { return o.Worker == "advocacy" || o.Worker == "referral" && o.Step == "invitation" }
	if invitation {
		apart, before = 182*Day, func(o mail) bool { return o.Worker == "referral" && o.Step == "invitation" }
	}
	for _, o := range p.mails {
		if before(o) && o.at.Before(m.at) && o.at.After(p.erased(m.at)) && m.at.Sub(o.at) < apart-late {
			return "asked for " + o.Step + " at " + o.at.Format(time.DateTime)
		}
	}
	switch score := p.recommends(known); {
	case m.Step == "photo" && !p.stars(m.at.Add(late-2*Day)):
		return "no five stars two days before"
	case m.Step == "community" && (score == nil || *score < 9):
		return "they did not say that they would recommend the shop"
	case invitation && (score == nil || *score < 9) && !p.thirdOrder(m.at.Add(late-21*Day), m.at):
		return "neither a promoter nor three weeks after a third order"
	}
	return ""
}

// recommends returns the last answer to whether they would recommend the shop; nil: none.
func (p *life) recommends(t time.Time) (score *int) {
	erased := p.erased(t)
	for _, k := range p.told {
		if d, ok := k.Data.(*events.CustomerAnswered); ok && !k.since.After(t) && k.Time.After(erased) && d.Scale == "nps" {
			score = d.Score
		}
	}
	return score
}

// stars reports whether something had five stars by t.
func (p *life) stars(t time.Time) bool {
	for _, k := range p.told {
		if d, ok := k.Data.(*events.ReviewSubmitted); ok && !k.Time.After(t) && d.Review.Rating == 5 {
			return true
		}
	}
	return false
}

// thirdOrder reports whether three orders that stand at now were placed by t.
func (p *life) thirdOrder(t, now time.Time) bool {
	n := 0
	for _, o := range p.purchases(now) {
		if !o.cancelled && !o.refunded && !o.at.After(t) {
			n++
		}
	}
	return n >= 3
}
