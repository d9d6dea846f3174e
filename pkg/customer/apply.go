package customer

import (
	"slices"
	"strings"

	"homing/events"
)

func (c *Customer) profile(t events.Type, w *events.Customer, s Stamp) bool {
	about := AboutCustomer(t)
	changed := c.names(w.Email, about, s)
	if about {
		changed = c.Email.set(w.Email, s) || changed
	}
	for _, f := range []struct {
		field *Text
		value string
	}{
		{&c.ID, w.ID}, {&c.FirstName, w.FirstName}, {&c.LastName, w.LastName},
		{&c.Birthday, w.Birthday}, {&c.TimeZone, w.TimeZone}, {&c.Locale, w.Locale}, {&c.Country, w.Country},
	} {
		changed = f.field.set(f.value, s) || changed
	}
	if w.Consent != nil {
		changed = c.consent(t, w.Consent, s) || changed
	}
	return changed
}

// consent folds what a snapshot says of the customer's consent. A refusal
// always counts; that a refusal is lifted needs a time of its own. Nobody can
// have spoken later than the event that reports it. A service that does not know
// says nothing.
func (c *Customer) consent(t events.Type, k *events.Consent, s Stamp) bool {
	at := s.At
	if k.At != nil {
		at = min(at, k.At.UnixMilli())
	}
	switch k.Email {
	case events.ConsentUnknown:
		return false
	case events.ConsentRequested:
		return c.ask(at)
	}
	changed := c.Consent.set(k.Email, s)
	if k.At != nil {
		changed = c.opine(Opinion{Status: k.Email, At: at}) || changed
	}
	if k.Email == events.Subscribed && (k.At != nil || t == events.TypeCustomerCreated) && (c.Erased.At == 0 || at > c.Erased.At) {
		// What each order repeats without a time does not say when they said it.
		changed = c.remember(Note{Kind: Agreed, At: at}) || changed
	}
	if k.Email == events.Unsubscribed {
		changed = c.stop(events.ScopeAll, Stop{At: at, Said: s.At}) || changed
	}
	return changed
}

func (c *Customer) opine(o Opinion) bool {
	if o.At <= c.Erased.At && c.Erased.At != 0 {
		return false
	}
	if o.At < c.Opinion.At || o.At == c.Opinion.At && o.Status <= c.Opinion.Status {
		return false
	}
	c.Opinion = o
	return true
}

// stop folds a refusal. One that was made before the customer was erased, and
// said again since, counts from the erasure on.
func (c *Customer) stop(scope string, s Stop) bool {
	old := c.Stops[scope]
	next := Stop{At: max(old.At, s.At), Said: max(old.Said, s.Said), Back: max(old.Back, s.Back)}
	if next.At != 0 {
		next.At = max(next.At, c.Erased.At)
	}
	if old == next {
		return false
	}
	if c.Stops == nil {
		c.Stops = map[string]Stop{}
	}
	c.Stops[scope] = next
	return true
}

// Unsubscribed reports whether the customer said no to email of that scope, and
// did not explicitly say yes since, to all of it or to that kind. A no to another channel
// than email is lifted by a yes to that channel alone.
func (c *Customer) Unsubscribed(scope string) bool {
	s := c.Stops[scope]
	if s.At == 0 || s.Back > s.At {
		return false
	}
	return strings.HasPrefix(scope, events.ScopeChannel) || c.Opinion.Status != events.Subscribed || c.Opinion.At <= s.At
}

// Chose reports whether the customer said yes to a scope, and not no since.
func (c *Customer) Chose(scope string) bool {
	s := c.Stops[scope]
	return s.Back > s.At
}

// erase forgets all that was said up to s, and leaves a tombstone that older
// events, replayed later, cannot pass. Claims stay: they name nobody, and what
// was sent must not be sent again.
func (c *Customer) erase(s Stamp) bool {
	s.Place = 0 // only the time counts, and a copy is to change nothing
	if !s.After(c.Erased) {
		return false
	}
	c.Erased = s
	for _, f := range c.texts() {
		f.erase(s)
	}
	c.eraseAddresses(s.At)
	c.Absorbed = slices.DeleteFunc(c.Absorbed, func(a Absorbed) bool { return a.At <= s.At })
	if c.Opinion.At <= s.At {
		c.Opinion = Opinion{}
	}
	for scope, stop := range c.Stops {
		if stop = stop.since(s.At); stop == (Stop{}) {
			delete(c.Stops, scope)
		} else {
			c.Stops[scope] = stop
		}
	}
	if c.Asked <= s.At {
		c.Asked = 0
	}
	if c.Bounce.At <= s.At {
		c.Bounce = Bounce{}
	}
	c.Cart.erase(s)
	c.Left.erase(s)
	c.eraseOrders(s.At)
	c.Notes = slices.DeleteFunc(c.Notes, func(n Note) bool { return n.At <= s.At })
	c.Answers = slices.DeleteFunc(c.Answers, func(a Answer) bool { return a.At <= s.At })
	c.eraseSubscriptions(s.At)
	c.Adjustments = slices.DeleteFunc(c.Adjustments, func(a Adjustment) bool { return a.At <= s.At })
	c.Referrals = slices.DeleteFunc(c.Referrals, func(r Referral) bool { return r.At <= s.At })
	c.Offers = slices.DeleteFunc(c.Offers, func(o Offer) bool { return o.At <= s.At })
	if c.Sunset <= s.At {
		c.Sunset = 0
	}
	return true
}

// texts lists every field of which the latest statement counts. Those that were added
// since records are kept are at the end, where a record leaves out what is empty.
func (c *Customer) texts() []*Text {
	p := &c.Chosen
	return []*Text{&c.ID, &c.Email, &c.FirstName, &c.LastName, &c.Birthday, &c.TimeZone, &c.Locale, &c.Country, &c.Consent, &c.Merged,
		&p.AtMost, &p.PauseUntil, &p.Birthday, &p.Locale, &p.TimeZone}
}

// firstTexts is how many texts every record has.
const firstTexts = 10
