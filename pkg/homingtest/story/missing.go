package story

import (
	"fmt"
	"slices"
	"time"

	"homing/events"
)

// missing finds what should have had an outcome, sent or not, and has none.
func (l *Ledger) missing(p *life) []string {
	var wrong []string
	miss := func(format string, args ...any) { wrong = append(wrong, p.id+": "+fmt.Sprintf(format, args...)) }
	if len(p.told) == 0 {
		return nil
	}
	for _, o := range p.purchases(l.end) {
		if o.at.Before(l.start) || !p.erased(l.end).IsZero() {
			continue
		}
		if o.at.Before(l.end.Add(-4*Day)) && !p.ended("thank-you", "thanks", o.ID) {
			miss("order %s of %s was neither thanked for nor was that dropped", o.ID, o.at.Format(time.DateTime))
		}
		if o.at.Before(l.end.Add(-36*Day)) && !p.ended("review-request", "ask", o.ID) {
			miss("no review of order %s of %s was asked for, nor was that dropped", o.ID, o.at.Format(time.DateTime))
		}
	}
	for _, k := range p.told {
		if d, ok := k.Data.(*events.CartAbandoned); ok && k.Time.Before(l.end.Add(-5*Day)) && p.erased(l.end).IsZero() &&
			p.leftAlone(k, d, k.Time.Add(2*time.Hour)) == "" && !p.near("cart-recovery", k.Time, 4*Day) {
			miss("cart %s, left at %s, led to nothing", d.Cart.ID, k.Time.Format(time.DateTime))
		}
		if k.Type == events.TypeCustomerBirthday && k.Time.Before(l.end.Add(-20*Day)) && p.erased(l.end).IsZero() && !p.near("birthday", k.Time, 20*Day) {
			miss("the birthday announced at %s led to nothing", k.Time.Format(time.DateTime))
		}
		if k.Type == events.TypeCustomerLapsed && k.Time.Before(l.end.Add(-20*Day)) && !p.near("win-back", k.Time, 20*Day) {
			miss("the lapse of %s led to nothing", k.Time.Format(time.DateTime))
		}
	}
	return wrong
}

// ended reports whether a touch was sent or dropped.
func (p *life) ended(worker, step, occasion string) bool {
	is := func(m mail) bool { return m.Worker == worker && m.Step == step && m.Occasion == occasion }
	return slices.ContainsFunc(p.mails, is) || slices.ContainsFunc(p.dropped, is)
}

// near reports whether a worker came to an outcome within some time.
func (p *life) near(worker string, from time.Time, within time.Duration) bool {
	is := func(m mail) bool { return m.Worker == worker && !m.at.Before(from) && m.at.Before(from.Add(within)) }
	return slices.ContainsFunc(p.mails, is) || slices.ContainsFunc(p.dropped, is)
}
