package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// known is something the timeline says about a customer, and since when
// Homing could know it.
type known struct {
	events.Event
	since time.Time
}

// mail is one email that went out, or may have.
type mail struct {
	events.Email
	at time.Time
}

// issued is a code, and when it was bound.
type issued struct {
	*events.OfferIssued
	at time.Time
}

// life is what the timeline says about one person.
type life struct {
	id      string
	told    []known // what shop and calendar said, by event time
	mails   []mail
	dropped []mail
	held    []mail
	offers  []*issued // by when
}

// Ledger is the timeline, sorted by person.
type Ledger struct {
	start, end time.Time
	people     map[string]*life           // by the token of their account
	same       map[string]string          // token of an id → that of the account
	outcomes   map[ending]map[string]bool // its outcomes
	announced  map[string]News            // by id
	codes      map[string]*life           // whose a code is that is passed on
}

// Read sorts a timeline. token is how customers are known there, and guest is the id
// that somebody has there who gave an address and no id.
func (s *Shop) Read(timeline []events.Event, token, guest func(string) string) *Ledger {
	l := &Ledger{start: s.start, end: s.end, people: map[string]*life{}, same: map[string]string{}, outcomes: map[ending]map[string]bool{}, announced: map[string]News{}, codes: map[string]*life{}}
	for id, account := range s.under(guest) {
		l.same[token(id)] = token(account)
	}
	published := s.earliest()
	for _, x := range s.said {
		if d, ok := x.Event.Data.(*events.CustomerErased); ok && !x.At.After(s.end) {
			id := cmp.Or(d.Customer.ID, guest(d.Customer.Email))
			p := l.person(token(id))
			p.id = cmp.Or(p.id, id)
			p.told = append(p.told, known{x.Event, published[x.Event.ID]})
		}
	}
	seen := map[string]bool{}
	for _, e := range timeline {
		if key := string(e.Type) + e.ID + fmt.Sprint(e.Time.UnixMilli()); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		switch d := e.Data.(type) {
		case events.Fact:
			l.fact(e, *d.Body())
		case *events.OfferIssued:
			p := l.person(d.Customer)
			p.offers = append(p.offers, &issued{d, e.Time})
			if d.Personal {
				l.codes[d.Code] = p
			}
		case *events.CustomerErased: // does not name its customer; the shop knows
		case events.CustomerData:
			since, ok := published[e.ID]
			if !ok {
				since = e.Time // the calendar's own
			}
			p := l.person(token(d.Who().ID))
			p.id = cmp.Or(p.id, d.Who().ID)
			p.told = append(p.told, known{e, since})
		}
	}
	for _, p := range l.people {
		slices.SortStableFunc(p.told, func(a, b known) int { return a.Time.Compare(b.Time) })
		slices.SortStableFunc(p.offers, func(a, b *issued) int { return a.at.Compare(b.at) })
		slices.SortStableFunc(p.mails, func(a, b mail) int { return a.at.Compare(b.at) })
	}
	return l
}

func (l *Ledger) person(token string) *life {
	token = cmp.Or(l.same[token], token)
	if l.people[token] == nil {
		l.people[token] = &life{}
	}
	return l.people[token]
}

func (l *Ledger) fact(e events.Event, b events.Email) {
	p := l.person(b.Customer)
	m := mail{b, e.Time}
	switch e.Type {
	case events.TypeEmailHeld:
		p.held = append(p.held, m)
		return
	case events.TypeEmailDropped:
		p.dropped = append(p.dropped, m)
	default:
		p.mails = append(p.mails, m)
		for _, b := range b.Bundles {
			l.outcome(p.ending(b, e.Time), "bundled")
		}
	}
	l.outcome(p.ending(b.Touch, e.Time), b.Reason)
}

func (l *Ledger) outcome(of ending, reason string) {
	if l.outcomes[of] == nil {
		l.outcomes[of] = map[string]bool{}
	}
	l.outcomes[of][reason] = true
}

// ending is a touch that came to an end. Who was erased is nobody Homing knows: when they come
// back, what is once for each customer, as the greeting of a member is, begins again.
type ending struct {
	touch string
	since time.Time // when its customer was erased before; zero: never
}

func (p *life) ending(touch string, at time.Time) ending { return ending{touch, p.erased(at)} }

// Summary counts outcomes by worker and reason.
func (l *Ledger) Summary() string {
	n := map[string]int{}
	for of, reasons := range l.outcomes {
		worker, _, _ := strings.Cut(of.touch, ".")
		for r := range reasons {
			n[worker+" "+r]++
		}
	}
	for _, p := range l.people {
		for _, h := range p.held {
			n[h.Worker+" (held) "+h.Reason]++
		}
	}
	keys := make([]string, 0, len(n))
	for k := range n {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	var b strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&b, "\n  %-40s %5d", k, n[k])
	}
	return b.String()
}

// Mails returns how many emails went out, or may have.
func (l *Ledger) Mails() int {
	n := 0
	for _, p := range l.people {
		n += len(p.mails)
	}
	return n
}

// purchase is an order as it was known at some time.
type purchase struct {
	*events.Order
	at        time.Time
	cancelled bool // as a whole, or erased since
	refunded  bool // as a whole
	delivered time.Time
	fulfilled time.Time
}

// purchases returns the customer's orders, by time, as known at t.
func (p *life) purchases(t time.Time) []*purchase {
	by := map[string]*purchase{}
	var out []*purchase
	for _, k := range p.told {
		if d, ok := k.Data.(*events.OrderPlaced); ok && !k.since.After(t) && by[d.Order.ID] == nil {
			by[d.Order.ID] = &purchase{Order: &d.Order, at: k.Time}
			out = append(out, by[d.Order.ID])
		}
	}
	for _, k := range p.told {
		if k.since.After(t) {
			continue
		}
		switch d := k.Data.(type) {
		case *events.OrderCancelled:
			if o := by[d.Order.ID]; o != nil && len(d.Order.Items) == 0 {
				o.cancelled = true
			}
		case *events.OrderRefunded:
			if o := by[d.Order.ID]; o != nil && len(d.Order.Items) == 0 {
				o.refunded = true
			}
		case *events.OrderFulfilled:
			if o := by[d.Order.ID]; o != nil {
				o.fulfilled = k.Time
			}
		case *events.OrderDelivered:
			if o := by[d.Order.ID]; o != nil {
				o.delivered = k.Time
			}
		case *events.CustomerErased: // forgotten with all that was before
			for _, o := range out {
				if !o.at.After(k.Time) {
					o.cancelled = true
				}
			}
		}
	}
	return out
}

// erased returns when the customer was last erased before t.
func (p *life) erased(t time.Time) (at time.Time) {
	for _, k := range p.told {
		if k.Type == events.TypeCustomerErased && !k.since.After(t) {
			at = k.Time
		}
	}
	return at
}

// who returns the profile as known at t: the latest statement of each field.
func (p *life) who(t time.Time) (c events.Customer) {
	erased := p.erased(t)
	for _, k := range p.told {
		d, ok := k.Data.(events.CustomerData)
		if !ok || k.since.After(t) || !k.Time.After(erased) {
			continue
		}
		w := d.Who()
		c.ID = cmp.Or(w.ID, c.ID)
		c.Email = cmp.Or(w.Email, c.Email)
		c.Birthday = cmp.Or(w.Birthday, c.Birthday)
		c.TimeZone = cmp.Or(w.TimeZone, c.TimeZone)
	}
	return c
}

// order returns the order of that id.
func order(ps []*purchase, id string) *purchase {
	for _, o := range ps {
		if o.ID == id {
			return o
		}
	}
	return nil
}
