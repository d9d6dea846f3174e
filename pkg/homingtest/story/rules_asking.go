package story

import (
	"fmt"
	"time"

	"homing/events"
)

// unhappy is the highest score of an order of somebody who is not happy with it.
const unhappy = 2

// surveys: one question at a time, about what stands, and not again soon.
func surveys(_ *Ledger, p *life, m mail) string {
	if m.Worker != "survey" {
		return ""
	}
	again := map[string]time.Duration{"order": 30 * Day, "shop": 182 * Day, "complaint": 7 * Day}[m.Step]
	for _, o := range p.mails {
		if o.Worker == m.Worker && o.Step == m.Step && o.at.Before(m.at) && o.at.After(p.erased(m.at)) && m.at.Sub(o.at) < again-late {
			return "asked already at " + o.at.Format(time.DateTime)
		}
	}
	known := m.at.Add(-slack)
	if m.Step == "complaint" {
		return p.afterComplaint(m)
	}
	if m.Step == "shop" {
		stand := 0
		for _, o := range p.purchases(m.at) {
			if !o.cancelled && !o.refunded {
				stand++
			}
		}
		if stand < 2 {
			return fmt.Sprintf("%d orders", stand)
		}
		if p.complains(known, "") {
			return "a complaint is open"
		}
		return ""
	}
	o := order(p.purchases(known), m.Occasion)
	switch {
	case o == nil || o.cancelled || o.refunded:
		return "the order does not stand"
	case m.at.Before(o.asks(3*Day, 10*Day, 17*Day).Add(-late)):
		return "too early"
	case p.complains(known, o.ID):
		return "a complaint is open"
	case p.said(known, o.ID) != nil:
		return "it was answered"
	}
	for _, r := range p.mails {
		if r.Worker == "review-request" && r.at.Before(m.at) && (r.Occasion == o.ID) {
			return "a review was asked for at " + r.at.Format(time.DateTime)
		}
	}
	return ""
}

// asks returns when something is asked about an order, so long after what is known of it.
func (o *purchase) asks(delivered, fulfilled, placed time.Duration) time.Time {
	switch {
	case !o.delivered.IsZero():
		return o.delivered.Add(delivered)
	case !o.fulfilled.IsZero():
		return o.fulfilled.Add(fulfilled)
	}
	return o.at.Add(placed)
}

// said returns the score of an order that was known at t; nil: none.
func (p *life) said(t time.Time, order string) (score *int) {
	erased := p.erased(t)
	for _, k := range p.told {
		if d, ok := k.Data.(*events.CustomerAnswered); ok && !k.since.After(t) && k.Time.After(erased) && d.Survey == "order" && d.OrderID == order {
			score = d.Score
		}
	}
	return score
}

// complains reports whether a complaint about an order is open as known at t; without an
// order: any.
func (p *life) complains(t time.Time, order string) bool {
	erased := p.erased(t)
	open := map[string]bool{}
	for _, k := range p.told {
		if k.since.After(t) || !k.Time.After(erased) {
			continue
		}
		switch d := k.Data.(type) {
		case *events.ComplaintOpened:
			open[d.Complaint.ID] = order == "" || d.Complaint.OrderID == order
		case *events.ComplaintClosed:
			open[d.Complaint.ID] = false
		}
	}
	for _, is := range open {
		if is {
			return true
		}
	}
	return false
}

// unasked: who is to be asked for a review answers before, or has time to.
func unasked(_ *Ledger, p *life, m mail) string {
	if m.Worker != "review-request" || m.Step != "ask" {
		return ""
	}
	if score := p.said(m.at.Add(-slack), m.Occasion); score != nil && *score <= unhappy {
		return fmt.Sprintf("they gave the order a %d", *score)
	}
	if p.said(m.at, m.Occasion) != nil {
		return ""
	}
	for _, s := range p.mails {
		if s.Worker == "survey" && s.Step == "order" && s.Occasion == m.Occasion && s.at.Before(m.at) && m.at.Sub(s.at) < 5*Day-late {
			return "they were asked how they liked it at " + s.at.Format(time.DateTime)
		}
	}
	return ""
}

// services: who complained hears of it once it was dealt with, and from one worker.
func services(_ *Ledger, p *life, m mail) string {
	if m.Worker != "service" {
		return ""
	}
	if s := p.afterComplaint(m); s != "" {
		return s
	}
	for _, o := range p.mails {
		if o.Worker == m.Worker && o.Step == m.Step && o.at.Before(m.at) && o.at.After(p.erased(m.at)) && m.at.Sub(o.at) < 7*Day-late {
			return "written to within seven days"
		}
	}
	if m.Step == "follow-up" {
		return p.heard(m)
	}
	return ""
}

// heard says that the survey asked about the complaint that a follow-up is about.
func (p *life) heard(m mail) string {
	for _, o := range p.mails {
		if o.Worker == "survey" && o.Step == "complaint" && o.Occasion == m.Occasion && o.at.Before(m.at) {
			return "the survey asked about it at " + o.at.Format(time.DateTime)
		}
	}
	return ""
}

// afterComplaint says what is wrong with an email that follows a complaint.
func (p *life) afterComplaint(m mail) string {
	if p.complains(m.at.Add(-slack), "") {
		return "a complaint is open"
	}
	for _, k := range p.told {
		if k.Type == events.TypeComplaintClosed && !k.since.After(m.at) && !m.at.Before(k.Time.Add(Day-late)) {
			return ""
		}
	}
	return "no complaint was closed a day before"
}
