package story

import (
	"strings"
	"time"

	"homing/events"
)

// Of the worker referral, as it is configured where nothing is said.
const (
	returnWindow = 30 * Day // until when a friend's order may come to nothing
	worthThanks  = 30 * Day // how late a reward may be
)

// thanksFriends: who recommended the shop and who came are thanked once the order cannot be
// sent back any more, each friend once, and nobody for themselves.
func thanksFriends(l *Ledger, p *life, m mail) string {
	if m.Worker != "referral" || m.Step == "invitation" {
		return ""
	}
	if m.Step == "friend" {
		d := p.redeemed()
		if d == nil {
			return "they did not come on a recommendation"
		}
		return l.amiss(p, d, m.at)
	}
	why, friends := "nobody came on their recommendation", 0
	for _, f := range l.people {
		d := f.redeemed()
		if d == nil || l.codes[d.Referral.Code] != p {
			continue
		}
		if s := l.amiss(f, d, m.at); s != "" {
			why = s
			continue
		}
		friends++
	}
	for _, o := range p.mails {
		if o.Worker == m.Worker && o.Step == m.Step && !o.at.After(m.at) {
			friends--
		}
	}
	if friends < 0 {
		return "a reward more than there are friends: " + why
	}
	return ""
}

// redeemed returns on whose recommendation somebody came; nil: nobody's.
func (p *life) redeemed() *events.ReferralRedeemed {
	for _, k := range p.told {
		if d, ok := k.Data.(*events.ReferralRedeemed); ok {
			return d
		}
	}
	return nil
}

// amiss says why nobody is to be thanked at t for an order on a recommendation.
func (l *Ledger) amiss(f *life, d *events.ReferralRedeemed, t time.Time) string {
	o := order(f.purchases(t), d.Referral.OrderID)
	switch {
	case o == nil:
		return "the order was not told"
	case l.self(f, d):
		return "the friend is the customer"
	case t.Before(o.at.Add(returnWindow - late)):
		return "order " + o.ID + " can still be sent back"
	}
	for _, k := range f.told {
		if k.Time.After(o.at.Add(returnWindow)) || k.since.After(t) {
			continue
		}
		switch c := k.Data.(type) {
		case *events.OrderCancelled:
			if c.Order.ID == o.ID {
				return "order " + o.ID + " was cancelled"
			}
		case *events.OrderRefunded:
			if c.Order.ID == o.ID {
				return "order " + o.ID + " was refunded"
			}
		}
	}
	return ""
}

// self reports whether a friend is the customer, under another address of one mailbox.
func (l *Ledger) self(f *life, d *events.ReferralRedeemed) bool {
	p := l.codes[d.Referral.Code]
	return p != nil && mailbox(f.who(l.end).Email) == mailbox(p.who(l.end).Email)
}

// mailbox returns an address without what stands after a plus.
func mailbox(email string) string {
	local, host, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	return local + "@" + host
}

// unthanked finds friends of whom nothing became: neither they nor who recommended the shop
// have an outcome.
func (l *Ledger) unthanked(p *life) (wrong []string) {
	friends := 0
	for _, f := range l.people {
		d := f.redeemed()
		if d == nil || l.codes[d.Referral.Code] != p || !p.erased(l.end).IsZero() {
			continue
		}
		o := order(f.purchases(l.end), d.Referral.OrderID)
		if o == nil || !o.at.Before(l.end.Add(-returnWindow-worthThanks-4*Day)) {
			continue
		}
		friends++
		if !f.ended("referral", "friend", "came") {
			wrong = append(wrong, f.id+": came on a recommendation with order "+o.ID+", and was neither thanked nor was that dropped")
		}
	}
	for _, ms := range [][]mail{p.mails, p.dropped} {
		for _, m := range ms {
			if m.Worker == "referral" && m.Step == "reward" {
				friends--
			}
		}
	}
	if friends > 0 {
		wrong = append(wrong, p.id+": recommended the shop, and was neither thanked for all friends nor was that dropped")
	}
	return wrong
}
