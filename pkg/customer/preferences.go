package customer

import (
	"fmt"
	"time"

	"homing/events"
)

// Chosen is what a customer chose in their preferences. Each field is what they said
// last, under whichever of their ids; what kinds of email they want is in Stops.
type Chosen struct {
	AtMost     Text // a cap of their own: "1 in 7d", or noCap; see Customer.AtMost
	PauseUntil Text // RFC 3339
	Birthday   Text // this and those below count before what other events mention
	Locale     Text
	TimeZone   Text
}

func (p *Chosen) said() bool {
	return p.AtMost.said() || p.PauseUntil.said() || p.Birthday.said() || p.Locale.said() || p.TimeZone.said()
}

// noCap says that a customer wants as many emails as the shop sends.
const noCap = "any"

// prefers folds what a customer chose.
func (c *Customer) prefers(d *events.CustomerPreferences, s Stamp) bool {
	changed := false
	for worker, wanted := range d.Kinds {
		stop := Stop{At: s.At, Said: s.At}
		if wanted {
			stop = Stop{Back: s.At}
		}
		changed = c.stop(worker, stop) || changed
	}
	p := &c.Chosen
	if d.AtMost != nil {
		changed = p.AtMost.set(capOf(*d.AtMost), s) || changed
	}
	if d.PauseUntil != nil {
		changed = p.PauseUntil.set(d.PauseUntil.UTC().Format(time.RFC3339), s) || changed
	}
	changed = p.Birthday.set(d.Birthday, s) || changed
	changed = p.Locale.set(d.Locale, s) || changed
	return p.TimeZone.set(d.TimeZone, s) || changed
}

func capOf(a events.AtMost) string {
	if a.Limit == 0 || a.Length() == 0 {
		return noCap
	}
	return fmt.Sprintf("%d in %s", a.Limit, a.Window)
}

// AtMost returns the cap that the customer set for marketing emails; the empty one if
// they set none.
func (c *Customer) AtMost() (a events.AtMost) {
	if v := c.Chosen.AtMost.Value; v == "" || v == noCap {
		return events.AtMost{}
	}
	if n, err := fmt.Sscanf(c.Chosen.AtMost.Value, "%d in %s", &a.Limit, &a.Window); n != 2 || err != nil || a.Length() == 0 {
		return events.AtMost{}
	}
	return a
}

// PausedUntil returns until when the customer wants no marketing email; the zero time if
// they never asked for a pause. It may be over.
func (c *Customer) PausedUntil() time.Time {
	if c.Chosen.PauseUntil.Value == "" {
		return time.Time{}
	}
	t, _ := time.Parse(time.RFC3339, c.Chosen.PauseUntil.Value)
	return t
}

// Born returns the customer's birthday: what they chose, or else what events mention.
func (c *Customer) Born() string { return c.Chosen.Birthday.or(c.Birthday) }

// Language returns the customer's language: what they chose, or else what events mention.
func (c *Customer) Language() string { return c.Chosen.Locale.or(c.Locale) }

// Zone returns the name of the customer's time zone: what they chose, or else what events
// mention; empty: neither is known.
func (c *Customer) Zone() string { return c.Chosen.TimeZone.or(c.TimeZone) }

func (t *Text) or(other Text) string {
	if t.Value != "" {
		return t.Value
	}
	return other.Value
}

// ask folds that the customer asked for email.
func (c *Customer) ask(at int64) bool {
	if at <= c.Asked || c.Erased.At != 0 && at <= c.Erased.At {
		return false
	}
	c.Asked = at
	return true
}

// SaidYes reports whether the customer is known to have said yes to email. They may have
// said no since; see Unsubscribed.
func (c *Customer) SaidYes() bool {
	return c.Consent.Value == events.Subscribed || c.Opinion.Status == events.Subscribed
}

// Unconfirmed returns when the customer asked for email, if that waits for being
// confirmed: nothing they said since, and no yes that still counts, answers it.
func (c *Customer) Unconfirmed() (asked time.Time, waits bool) {
	no := max(c.Stops[events.ScopeAll].At, c.Stops[events.ScopeEverything].At)
	yes := c.Opinion.Status == events.Subscribed && c.Opinion.At >= c.Asked
	if c.Asked <= no || yes || c.SaidYes() && !c.Unsubscribed(events.ScopeAll) {
		return time.Time{}, false
	}
	return time.UnixMilli(c.Asked).UTC(), true
}

// since is what is left of a stop when what was said up to a time is forgotten. A no that
// was repeated after it counts from then on.
func (s Stop) since(erased int64) (left Stop) {
	if s.Said > erased {
		left.At, left.Said = max(s.At, erased), s.Said
	}
	if s.Back > erased {
		left.Back = s.Back
	}
	return left
}

// stops reports whether the customer ever said no to anything, and backs whether they
// chose any kind of email.
func (c *Customer) stops() bool { return c.anyStop(func(s Stop) bool { return s.At != 0 }) }

func (c *Customer) backs() bool { return c.anyStop(func(s Stop) bool { return s.Back != 0 }) }

func (c *Customer) anyStop(is func(Stop) bool) bool {
	for _, s := range c.Stops {
		if is(s) {
			return true
		}
	}
	return false
}

// textsToWrite are the texts of a record: the first ones, and of the others as many as
// say something.
func textsToWrite(c *Customer) []*Text {
	ts := c.texts()
	for len(ts) > firstTexts && ts[len(ts)-1].Value == "" {
		ts = ts[:len(ts)-1]
	}
	return ts
}

// asked reads what a customer asked for.
func (r *reader) asked(c *Customer) {
	c.Asked = r.varint()
	for r.rest != "" && !r.bad {
		if c.Stops == nil {
			c.Stops = map[string]Stop{}
		}
		scope := r.string()
		stop := c.Stops[scope]
		stop.Back = r.varint()
		c.Stops[scope] = stop
	}
}
