package customer_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

func prefers(n int, kinds map[string]bool) events.Event {
	return at(n, "prefers", &events.CustomerPreferences{Customer: events.Customer{ID: "ann"}, Kinds: kinds})
}

func TestAKindThatIsSwitchedOffIsLikeAnUnsubscribeFromIt(t *testing.T) {
	off, on := map[string]bool{"win-back": false}, map[string]bool{"win-back": true}
	for _, c := range []struct {
		name         string
		events       []events.Event
		scope        string
		unsubscribed bool
	}{
		{"off", []events.Event{prefers(1, off)}, "win-back", true},
		{"off says nothing about the others", []events.Event{prefers(1, off)}, "birthday", false},
		{"on again", []events.Event{prefers(1, off), prefers(2, on)}, "win-back", false},
		{"off again", []events.Event{prefers(1, off), prefers(2, on), prefers(3, off)}, "win-back", true},
		{"on lifts the no of a link", []events.Event{stopped(1, "win-back"), prefers(2, on)}, "win-back", false},
		{"on and off at one time", []events.Event{prefers(2, on), stopped(2, "win-back")}, "win-back", true},
		{"one kind does not lift a no to all", []events.Event{stopped(1, ""), prefers(2, on)}, "all", true},
		{"what was said before an erasure is forgotten", []events.Event{prefers(1, off), erased(2)}, "win-back", false},
		{"a no of after an erasure counts", []events.Event{prefers(1, on), erased(2), prefers(3, off)}, "win-back", true},
	} {
		permute(c.events, func(es []events.Event) {
			if got := fold(es); got.Unsubscribed(c.scope) != c.unsubscribed {
				t.Errorf("%s: unsubscribed from %s: %v", c.name, c.scope, !c.unsubscribed)
			}
		})
	}
}

func TestWhatACustomerChoseCountsBeforeWhatEventsMention(t *testing.T) {
	es := []events.Event{
		at(1, "a", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Locale: "en", TimeZone: "Europe/London", Birthday: "1990-01-01"}}),
		at(2, "b", &events.CustomerPreferences{Customer: events.Customer{ID: "ann"}, Locale: "fr", TimeZone: "Europe/Paris", Birthday: "--02-29"}),
		at(3, "c", &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Locale: "en", TimeZone: "Europe/London", Birthday: "1990-01-01"}}),
	}
	permute(es, func(es []events.Event) {
		c := fold(es)
		if c.Language() != "fr" || c.Zone() != "Europe/Paris" || c.Born() != "--02-29" || c.Location(time.UTC).String() != "Europe/Paris" ||
			customer.PlaceOf(&c).Birthday != 60 {
			t.Errorf("%s, %s, %s", c.Language(), c.Zone(), c.Born())
		}
	})
	c := fold(es[:1])
	if c.Language() != es[0].Data.(events.CustomerData).Who().Locale {
		t.Errorf("without a choice: %q", c.Language())
	}
}

func TestACapAndAPauseOfTheirOwn(t *testing.T) {
	say := func(n int, most *events.AtMost, until int) events.Event {
		d := &events.CustomerPreferences{Customer: events.Customer{ID: "ann"}, AtMost: most}
		if until > 0 {
			d.PauseUntil = new(instant(until))
		}
		return at(n, "say", d)
	}
	c := fold([]events.Event{say(1, &events.AtMost{Limit: 2, Window: "30d"}, 50), say(2, nil, 90)})
	if got := c.AtMost(); got != (events.AtMost{Limit: 2, Window: "30d"}) || got.Length() != 720*time.Hour || !c.PausedUntil().Equal(instant(90).Truncate(time.Second)) {
		t.Errorf("%v, until %v", got, c.PausedUntil())
	}
	customer.Apply(&c, say(3, &events.AtMost{}, 3))
	if c.AtMost() != (events.AtMost{}) || c.PausedUntil().After(instant(3)) {
		t.Errorf("lifted: %v, until %v", c.AtMost(), c.PausedUntil())
	}
	customer.Apply(&c, erased(4))
	if c.Chosen != (customer.Chosen{}) || len(c.Stops) > 0 {
		t.Errorf("after an erasure: %+v", c.Chosen)
	}
}

func TestWhoAskedForEmailWaitsUntilTheySayMore(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []events.Event
		waits  bool
	}{
		{"asked", []events.Event{said(1, events.ConsentRequested, -1)}, true},
		{"asked, and confirmed", []events.Event{said(1, events.ConsentRequested, -1), said(2, events.Subscribed, 2)}, false},
		{"was subscribed already", []events.Event{said(1, events.Subscribed, -1), said(2, events.ConsentRequested, -1)}, false},
		{"left since", []events.Event{said(1, events.ConsentRequested, -1), stopped(2, "")}, false},
		{"left, and asked again", []events.Event{said(1, events.Subscribed, 1), stopped(2, ""), said(3, events.ConsentRequested, 3)}, true},
		{"asked before they were erased", []events.Event{said(1, events.ConsentRequested, -1), erased(2)}, false},
	} {
		permute(c.events, func(es []events.Event) {
			got := fold(es)
			if _, waits := got.Unconfirmed(); waits != c.waits {
				t.Errorf("%s: waits: %v", c.name, waits)
			}
		})
	}
	c := fold([]events.Event{said(1, events.ConsentRequested, 1)})
	if c.SaidYes() || c.Opinion != (customer.Opinion{}) {
		t.Error("asking is taken for a yes")
	}
	lifts := fold([]events.Event{stopped(1, ""), said(2, events.ConsentRequested, 2)})
	if !lifts.Unsubscribed("all") {
		t.Error("asking lifts a no")
	}
}
