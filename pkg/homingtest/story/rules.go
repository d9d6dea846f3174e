package story

import (
	"cmp"
	"fmt"
	"time"

	"homing/events"
)

// slack is how much Homing may be behind: what was published this shortly
// before an email went out may not have been known to it.
const slack = 5 * time.Second

// late is how long after its time an email may come, or an event be known: the
// server looks for what is due four times a second.
const late = 2 * time.Second

// A rule looks at one email that went out and says what is wrong with it.
type rule struct {
	name  string
	check func(l *Ledger, p *life, m mail) string
}

var rules = []rule{
	{"nobody is mailed who was erased", notErased},
	{"nobody is mailed who said no", notRefused},
	{"nobody is mailed without a ground", consented},
	{"nobody is mailed too often", capped},
	{"nobody is mailed at night", byDay},
	{"a cart is asked about only while it is left", carts},
	{"an order is thanked for unless it is cancelled", thanks},
	{"a review is asked for when there was time to form an opinion", reviews},
	{"a reminder to buy again comes when it runs out", reorders},
	{"who stayed away is asked back, until they come", winBack},
	{"who did not react to the last word is left alone", asleep},
	{"a birthday is greeted on the day", birthdays},
	{"who says yes is welcomed once, until they order", welcomes},
	{"one question at a time, and not again soon", surveys},
	{"a review is asked for of those who are happy", unasked},
	{"who complained hears of it when it was dealt with", services},
	{"what renews, what is not paid and what ended is told of in time", subscriptions},
	{"a reward costs points that there are", rewarded},
	{"who likes the shop is asked for one thing at a time", asksFavours},
	{"friends are thanked, and who sent them, once the order is kept", thanksFriends},
	{"news come at their time, to those who were there", announcements},
}

// Audit returns everything that was done wrong.
func (l *Ledger) Audit() []string {
	var wrong []string
	for of, reasons := range l.outcomes {
		if len(reasons) > 1 {
			wrong = append(wrong, fmt.Sprintf("%s ended more than once: %v", of.touch, reasons))
		}
	}
	for _, p := range l.people {
		seen := map[ending]bool{}
		for _, m := range p.mails {
			of := p.ending(m.Touch, m.at)
			if seen[of] {
				wrong = append(wrong, fmt.Sprintf("%s: %s was sent twice", p.id, m.Touch))
			}
			seen[of] = true
			for _, r := range rules {
				if s := r.check(l, p, m); s != "" {
					wrong = append(wrong, fmt.Sprintf("%s: %s at %s: %s: %s", p.id, m.Touch, m.at.Format(time.DateTime), r.name, s))
				}
			}
		}
		wrong = append(wrong, l.missing(p)...)
		wrong = append(wrong, l.unthanked(p)...)
	}
	return wrong
}

func (m mail) marketing() bool { return m.Class != "transactional" }

func notErased(_ *Ledger, p *life, m mail) string {
	at := p.erased(m.at.Add(-slack))
	if at.IsZero() {
		return ""
	}
	for _, k := range p.told { // heard of again since?
		if k.Time.After(at) && !k.since.After(m.at) && k.Type != events.TypeCustomerErased {
			return ""
		}
	}
	return "erased at " + at.Format(time.DateTime)
}

func notRefused(_ *Ledger, p *life, m mail) string {
	no := map[string]time.Time{}
	var yes time.Time
	for _, k := range p.told {
		// A no that was said just now may not have been heard of; a yes may have been, since
		// its greeting leaves within the same second.
		if k.since.After(m.at) {
			continue
		}
		heard := !k.since.After(m.at.Add(-slack))
		if d, ok := k.Data.(*events.CustomerUnsubscribed); ok && heard {
			no[d.Scope] = k.Time
		}
		if d, ok := k.Data.(events.CustomerData); ok && d.Who().Consent != nil {
			switch c := d.Who().Consent; {
			case c.Email == events.Unsubscribed && heard:
				no[events.ScopeAll] = k.Time
			case c.At != nil && c.Email == events.Subscribed && c.At.After(yes):
				yes = *c.At
			}
		}
	}
	scopes := []string{events.ScopeEverything}
	if m.marketing() {
		scopes = append(scopes, events.ScopeAll, m.Worker)
	}
	for _, s := range scopes {
		if at, ok := no[s]; ok && !yes.After(at) {
			return "said no to " + s + " at " + at.Format(time.DateTime)
		}
	}
	return ""
}

func consented(_ *Ledger, p *life, m mail) string {
	if !m.marketing() {
		return ""
	}
	for _, k := range p.told {
		if d, ok := k.Data.(events.CustomerData); ok && !k.since.After(m.at) && d.Who().Consent != nil && d.Who().Consent.Email == events.Subscribed {
			return ""
		}
	}
	for _, o := range p.purchases(m.at) {
		if !o.cancelled {
			return ""
		}
	}
	return "no consent and no order"
}

func capped(_ *Ledger, p *life, m mail) string {
	if !m.marketing() {
		return ""
	}
	for _, w := range []struct {
		limit int
		in    time.Duration
	}{{1, 16 * time.Hour}, {3, 7 * Day}, {8, 30 * Day}} {
		n := 0
		for _, o := range p.mails {
			// A fact is written a little after the place was taken.
			if o.Touch != m.Touch && o.at.Before(m.at) && m.at.Sub(o.at) < w.in-late {
				n++
			}
		}
		if n >= w.limit {
			return fmt.Sprintf("%d mails in the %s before", n, w.in)
		}
	}
	return ""
}

// byDay checks the default quiet hours, by the clock of where the customer was
// known to be. A move that became known just before may not have been heard of.
func byDay(_ *Ledger, p *life, m mail) string {
	if !m.marketing() || p.who(m.at).TimeZone != p.who(m.at.Add(-slack)).TimeZone {
		return ""
	}
	zone, err := time.LoadLocation(cmp.Or(p.who(m.at).TimeZone, "Europe/London"))
	if err != nil {
		return err.Error()
	}
	// A fact is written a little after the email left.
	if local := m.at.Add(-slack).In(zone); local.Hour() >= 21 || m.at.In(zone).Hour() < 8 {
		return "it was " + local.Format(time.TimeOnly) + " in " + zone.String()
	}
	return ""
}

func asleep(_ *Ledger, p *life, m mail) string {
	if !m.marketing() {
		return ""
	}
	for _, o := range p.mails {
		if !o.Sunset || !o.at.Before(m.at) {
			continue
		}
		awake := false
		for _, k := range p.told {
			if (k.Type == events.TypeOrderPlaced || k.Type == events.TypeCustomerAnswered || k.Type == events.TypeCustomerErased) &&
				k.Time.After(o.at) && !k.since.After(m.at) {
				awake = true
			}
		}
		if !awake {
			return "the last word was sent at " + o.at.Format(time.DateTime)
		}
	}
	return ""
}
