// Package preference says what a customer chose for themselves as the event that records
// it: only what changes, at a time that counts. It is pure; who asks them is gateway's
// business.
package preference

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// Where a customer said yes, as the source of a consent.
const (
	Page        = "preferences"
	DoubleOptIn = "double_opt_in"
)

// Choices are what a customer chose. What is not set stays as it is.
type Choices struct {
	Kinds      map[string]bool // worker → whether its emails are wanted
	AtMost     *events.AtMost
	PauseUntil *time.Time
	Birthday   string
	Locale     string
	TimeZone   string
}

// Event is what the choices change about a person, and whether they change anything. A
// choice is later than all that is known of the same thing: the clock of a shop may be
// ahead of ours, and who sees a page chooses after what it shows.
func (x Choices) Event(k customer.Key, c *customer.Customer, now time.Time) (events.Event, bool) {
	at := now.UnixMilli()
	d := &events.CustomerPreferences{Customer: events.Customer{ID: c.ID.Value}}
	for worker, wanted := range x.Kinds {
		if c.Unsubscribed(worker) != wanted {
			continue
		}
		if d.Kinds == nil {
			d.Kinds = map[string]bool{}
		}
		d.Kinds[worker] = wanted
		at = max(at, c.Stops[worker].At+1, c.Stops[worker].Back+1)
		if yes := c.Opinion; !wanted && yes.Status == events.Subscribed {
			at = max(at, yes.At)
		}
	}
	later := func(t customer.Text) { at = max(at, t.Stamp.At+1) }
	if x.AtMost != nil && *x.AtMost != c.AtMost() {
		d.AtMost = x.AtMost
		later(c.Chosen.AtMost)
	}
	if until := x.PauseUntil; until != nil && (until.After(now) || c.PausedUntil().After(now)) && !until.Equal(c.PausedUntil()) {
		d.PauseUntil = until
		later(c.Chosen.PauseUntil)
	}
	for _, f := range []struct {
		to     *string
		chosen string
		known  string
		kept   customer.Text
	}{
		{&d.Birthday, x.Birthday, c.Born(), c.Chosen.Birthday},
		{&d.Locale, x.Locale, c.Language(), c.Chosen.Locale},
		{&d.TimeZone, x.TimeZone, c.Zone(), c.Chosen.TimeZone},
	} {
		if f.chosen != "" && f.chosen != f.known {
			*f.to = f.chosen
			later(f.kept)
		}
	}
	if len(d.Kinds) == 0 && d.AtMost == nil && d.PauseUntil == nil && d.Birthday+d.Locale+d.TimeZone == "" {
		return events.Event{}, false
	}
	return event(k, d, "preferences", at), true
}

// Yes is that a person agrees to marketing email, and where they said so. It is later
// than whatever they said no to. It reports false if a yes of theirs counts already.
func Yes(k customer.Key, c *customer.Customer, where string, now time.Time) (events.Event, bool) {
	if _, waits := c.Unconfirmed(); !waits && c.SaidYes() && !Left(c) {
		return events.Event{}, false
	}
	at := max(now.UnixMilli(), c.Opinion.At+1, c.Asked)
	for _, s := range c.Stops {
		at = max(at, s.At+1)
	}
	when := time.UnixMilli(at).UTC()
	d := &events.CustomerUpdated{Customer: events.Customer{ID: c.ID.Value, Consent: &events.Consent{
		Email: events.Subscribed, At: &when, Source: where, Confirmed: true,
	}}}
	return event(k, d, strings.ReplaceAll(where, "_", "-"), at), true
}

// Left reports whether a person gets no marketing at all, as they said.
func Left(c *customer.Customer) bool {
	return c.Unsubscribed(events.ScopeAll) || c.Unsubscribed(events.ScopeEverything)
}

// event gives data its envelope. Its id follows from what it says, so that a request that
// is tried again is the same event.
func event(k customer.Key, d events.Data, what string, at int64) events.Event {
	e := events.Event{Source: events.Gateway, Type: d.Type(), Store: k.Store, Time: time.UnixMilli(at).UTC(), Data: d}
	e.ID = fmt.Sprintf("%s.%s.%d", what, k.Token, at)
	if b, err := events.Encode(e); err == nil {
		h := fnv.New32a()
		h.Write(b)
		e.ID += fmt.Sprintf(".%08x", h.Sum32())
	}
	return e
}
