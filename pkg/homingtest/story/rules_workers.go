package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// Lapse is how long without an order the shop of the test calls a lapse.
const Lapse = 180 * Day

func carts(_ *Ledger, p *life, m mail) string {
	if m.Worker != "cart-recovery" {
		return ""
	}
	after := map[string]time.Duration{"reminder": time.Hour, "second": 24 * time.Hour, "last-call": 72 * time.Hour}[m.Step]
	why := "no cart was left"
	for _, k := range p.told {
		d, ok := k.Data.(*events.CartAbandoned)
		if !ok || k.since.After(m.at) || len(d.Cart.Items) == 0 {
			continue
		}
		switch s := p.leftAlone(k, d, m.at); {
		case m.at.Before(k.Time.Add(after - late)):
			why = "too early: it was left at " + k.Time.Format(time.DateTime)
		case s != "":
			why = s
		default:
			return ""
		}
	}
	return why
}

// leftAlone says what happened to a cart between its being left and t.
func (p *life) leftAlone(k known, d *events.CartAbandoned, t time.Time) string {
	for _, o := range p.purchases(t.Add(-slack)) {
		if !o.cancelled && (o.at.After(k.Time) || o.CartID == d.Cart.ID && o.at.After(k.Time.Add(-Day))) {
			return "order " + o.ID + " of " + o.at.Format(time.DateTime)
		}
	}
	for _, u := range p.told {
		if c, ok := u.Data.(*events.CartUpdated); ok && u.Time.After(k.Time) && !u.since.After(t.Add(-slack)) && c.Cart.ID == d.Cart.ID && len(c.Cart.Items) == 0 {
			return "emptied at " + u.Time.Format(time.DateTime)
		}
	}
	return ""
}

func thanks(_ *Ledger, p *life, m mail) string {
	if m.Worker != "thank-you" {
		return ""
	}
	o := order(p.purchases(m.at), m.Occasion)
	switch then := order(p.purchases(m.at.Add(-slack)), m.Occasion); {
	case o == nil:
		return "no such order"
	case then != nil && (then.cancelled || then.refunded):
		return "it was cancelled or refunded"
	case m.at.Before(o.at.Add(30*time.Minute - late)):
		return "too early"
	case m.at.After(o.at.Add(3*Day + 30*time.Minute)):
		return "too late"
	}
	return ""
}

func reviews(_ *Ledger, p *life, m mail) string {
	if m.Worker != "review-request" {
		return ""
	}
	o := order(p.purchases(m.at.Add(-slack)), m.Occasion)
	if o == nil || o.cancelled || o.refunded {
		return "the order does not stand"
	}
	due := o.at.Add(21 * Day)
	switch {
	case !o.delivered.IsZero():
		due = o.delivered.Add(7 * Day)
	case !o.fulfilled.IsZero():
		due = o.fulfilled.Add(14 * Day)
	}
	if m.Step == "reminder" {
		ask := slices.IndexFunc(p.mails, func(x mail) bool {
			ask := strings.Replace(m.Touch, ".reminder.", ".ask.", 1)
			return (x.Touch == ask || slices.Contains(x.Bundles, ask)) && !x.at.After(m.at.Add(late-7*Day))
		})
		if ask < 0 {
			return "a reminder of nothing, or too early"
		}
	} else if m.at.Before(due.Add(-late)) {
		return "too early: due " + due.Format(time.DateTime)
	}
	open, reviewed := false, map[string]bool{}
	for _, k := range p.told {
		if k.since.After(m.at.Add(-slack)) {
			continue
		}
		switch d := k.Data.(type) {
		case *events.ComplaintOpened:
			open = open || d.Complaint.OrderID == o.ID
		case *events.ComplaintClosed:
			open = open && d.Complaint.OrderID != o.ID
		case *events.ReviewSubmitted:
			if k.Time.After(o.at) {
				reviewed[d.Review.ProductID] = true
			}
		}
	}
	if open {
		return "a complaint is open"
	}
	if !slices.ContainsFunc(o.Items, func(it events.Item) bool { return !reviewed[it.ProductID] }) {
		return "everything was reviewed"
	}
	return ""
}

func reorders(_ *Ledger, p *life, m mail) string {
	if m.Worker != "replenishment" {
		return ""
	}
	if m.Detail == "" {
		return "the fact does not say what it rests on"
	}
	// Something must have been bought that may be running out, and not since.
	last := map[string]*purchase{}
	pieces := map[string]int{}
	for _, o := range p.purchases(m.at.Add(-slack)) {
		if o.cancelled || o.refunded {
			continue
		}
		for _, it := range o.Items {
			last[it.ProductID], pieces[it.ProductID] = o, it.Quantity
		}
	}
	why := "nothing was bought"
	for product, o := range last {
		age := m.at.Sub(o.at)
		switch {
		case age < 5*Day:
			why = fmt.Sprintf("%s was bought %s before", product, age)
		default:
			return ""
		}
	}
	return why
}

func winBack(l *Ledger, p *life, m mail) string {
	if m.Worker != "win-back" {
		return ""
	}
	after := map[string]time.Duration{"miss-you": 0, "offer": 14 * Day, "last-call": 30 * Day}[m.Step]
	why := "no lapse"
	for _, k := range p.told {
		if k.Type != events.TypeCustomerLapsed || k.since.After(m.at) {
			continue
		}
		why = ""
		for _, o := range p.purchases(m.at.Add(-slack)) {
			switch {
			case o.cancelled:
			case o.at.After(k.Time):
				why = "ordered since, at " + o.at.Format(time.DateTime)
			case o.at.After(k.Time.Add(-Lapse)):
				why = "not lapsed: ordered at " + o.at.Format(time.DateTime)
			}
		}
		if m.at.Before(k.Time.Add(after - late)) {
			why = "too early"
		}
		if why == "" {
			break
		}
	}
	if why == "" && m.Step == "last-call" {
		return l.bigger(p, m)
	}
	return why
}

// bigger checks that the bigger offer follows a smaller one that was made, and
// ran out.
func (l *Ledger) bigger(p *life, m mail) string {
	smaller := strings.Replace(m.Touch, ".last-call.", ".offer.", 1)
	sent := slices.ContainsFunc(p.mails, func(x mail) bool { return x.Touch == smaller && x.at.Before(m.at) })
	ranOut := slices.ContainsFunc(p.offers, func(o *issued) bool {
		return o.Touch == smaller && o.ExpiresAt != nil && !o.ExpiresAt.After(m.at)
	})
	for _, o := range p.offers {
		if o.Touch == m.Touch && o.Percent > 10 && !(sent && ranOut) {
			return fmt.Sprintf("%d %% although the smaller offer was not made, or is good still", o.Percent)
		}
	}
	return ""
}

func birthdays(_ *Ledger, p *life, m mail) string {
	if m.Worker != "birthday" {
		return ""
	}
	if m.Step == "reminder" {
		return ""
	}
	who := p.who(m.at)
	zone, err := time.LoadLocation(who.TimeZone)
	if err != nil {
		return err.Error()
	}
	local := m.at.In(zone)
	want := who.Birthday[len(who.Birthday)-5:]
	if want == "02-29" && local.AddDate(0, 0, 1).Format("01-02") != "02-29" && local.Format("01-02") == "02-28" {
		want = "02-28"
	}
	if local.Format("01-02") != want {
		return fmt.Sprintf("it is %s there, and the birthday is %s", local.Format(time.DateTime), want)
	}
	if local.Hour() < 9 {
		return "at " + local.Format(time.TimeOnly)
	}
	for _, o := range p.mails {
		if o.Worker == m.Worker && o.Step == m.Step && o.at.Before(m.at) && m.at.Sub(o.at) < 300*Day {
			return "greeted already at " + o.at.Format(time.DateTime)
		}
	}
	return ""
}
