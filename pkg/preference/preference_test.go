package preference_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/preference"
)

var (
	now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ann = customer.Key{Store: "main", Token: "4cem66rc5bo77niw"}
)

func said(c *customer.Customer, at time.Time, d events.Data) {
	customer.Apply(c, events.Event{ID: "e" + at.String(), Source: "/shop", Type: d.Type(), Time: at, Data: d})
}

// Whatever a shop said, and however far its clock is ahead, what was chosen on the page is
// so afterwards; and choosing it again changes nothing.
func TestWhatWasChosenIsSo(t *testing.T) {
	var c customer.Customer
	who, ahead := events.Customer{ID: "ann", Locale: "en"}, now.Add(4*time.Minute)
	said(&c, ahead, &events.CustomerPreferences{Customer: who, Kinds: map[string]bool{"birthday": false, "win-back": true},
		AtMost: &events.AtMost{Limit: 3, Window: "7d"}, PauseUntil: new(now.AddDate(1, 0, 0)), Locale: "fr", TimeZone: "Europe/Paris", Birthday: "--01-01"})
	said(&c, ahead.Add(time.Second), &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed, At: &ahead}}})
	x := preference.Choices{Kinds: map[string]bool{"birthday": true, "win-back": false}, AtMost: &events.AtMost{}, PauseUntil: &now,
		Birthday: "--02-29", Locale: "de", TimeZone: "Europe/Berlin"}
	e, some := x.Event(ann, &c, now)
	if !some {
		t.Fatal("nothing changes")
	}
	customer.Apply(&c, e)
	if c.Unsubscribed("birthday") || !c.Unsubscribed("win-back") || c.AtMost().Limit != 0 || c.PausedUntil().After(now) ||
		c.Born() != "--02-29" || c.Language() != "de" || c.Zone() != "Europe/Berlin" {
		t.Errorf("%+v, %+v", c.Chosen, c.Stops)
	}
	if again, some := x.Event(ann, &c, now); some {
		t.Errorf("chosen again, it is another event: %+v", again.Data)
	}
}

func TestAYesIsSaidOnce(t *testing.T) {
	var c customer.Customer
	said(&c, now.Add(time.Minute), &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}})
	e, some := preference.Yes(ann, &c, preference.Page, now)
	customer.Apply(&c, e)
	if !some || preference.Left(&c) || !c.SaidYes() {
		t.Errorf("%v, %+v", some, c.Stops)
	}
	if _, some := preference.Yes(ann, &c, preference.Page, now.Add(time.Hour)); some {
		t.Error("said again")
	}
}
