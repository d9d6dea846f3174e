package story

import (
	"cmp"
	"time"
)

// News is an announcement of the shop.
type News struct {
	ID string
	On time.Time // the day, as midnight UTC: it goes out at nine in the morning of it, on each recipient's clocks
}

// worthIt is how late news may come.
const worthIt = 2 * Day

// Announced has the ledger know what was announced.
func (l *Ledger) Announced(n News) { l.announced[n.ID] = n }

// announcements: everybody hears of one at its time on their own clocks, if they were
// customers before it was put on the schedule.
func announcements(l *Ledger, p *life, m mail) string {
	if m.Worker != "announcements" {
		return ""
	}
	d, ok := l.announced[m.Occasion]
	if !ok {
		return "nothing of that name was announced"
	}
	zone, err := time.LoadLocation(cmp.Or(p.who(m.at).TimeZone, "Europe/London"))
	if err != nil {
		return err.Error()
	}
	at := time.Date(d.On.Year(), d.On.Month(), d.On.Day(), 9, 0, 0, 0, zone)
	// It is put on the schedule two hours before it is nine where that is first so.
	planned := d.On.Add((9 - 14 - 2) * time.Hour).Add(time.Minute)
	// Who moved since then was put on the schedule by their old clocks.
	moved := len(p.zones(m.at)) > 1
	switch {
	case !moved && (m.at.Before(at.Add(-late)) || m.at.After(at.Add(worthIt+late))):
		return "not at its time, " + at.Format(time.DateTime)
	case p.since(m.at).After(planned):
		return "they came after it was put on the schedule"
	}
	for _, o := range p.mails {
		if o.Worker == m.Worker && o.Occasion == m.Occasion && o.at.Before(m.at) {
			return "told already at " + o.at.Format(time.DateTime)
		}
	}
	return ""
}

// zones returns the time zones that were told of a customer up to t.
func (p *life) zones(t time.Time) map[string]bool {
	out := map[string]bool{}
	for _, k := range p.told {
		if c := p.who(k.since); !k.since.After(t) && c.TimeZone != "" {
			out[c.TimeZone] = true
		}
	}
	return out
}

// since returns when the customer was first heard of; after an erasure, the first time after
// it.
func (p *life) since(t time.Time) time.Time {
	erased := p.erased(t)
	var first time.Time
	for _, k := range p.told {
		if k.Time.After(erased) && (first.IsZero() || k.since.Before(first)) {
			first = k.since
		}
	}
	return first
}
