package gate_test

import (
	"strings"
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// chose is a customer who says that in their preferences.
func chose(c *gate.Case, d events.CustomerPreferences) *gate.Case {
	d.Customer = events.Customer{ID: "ann"}
	customer.Apply(c.Customer, events.Event{ID: "p", Source: "/s", Type: d.Type(), Time: now.Add(-time.Hour), Data: &d})
	return c
}

func TestAPauseHoldsMarketing(t *testing.T) {
	until := now.Add(3 * dayLong)
	c := chose(passing(), events.CustomerPreferences{PauseUntil: &until})
	c.Step.Expires = 5 * dayLong
	v := gate.Judge(c)
	if v.Reason != reason.PreferencesPause || v.Until.Before(until) || v.Until.After(until.Add(12*time.Hour)) || !strings.Contains(v.Detail, "asked for a pause") {
		t.Errorf("%+v", v)
	}
	c.Step.Expires = dayLong
	if v := gate.Judge(c); v.Reason != reason.Expired {
		t.Errorf("an email that makes no sense by then: %+v", v)
	}
	c.Step.Class = touch.Transactional
	if v := gate.Judge(c); v.Action != touch.Send {
		t.Errorf("transactional: %+v", v)
	}
	c = chose(passing(), events.CustomerPreferences{PauseUntil: &now})
	if v := gate.Judge(c); v.Action != touch.Send {
		t.Errorf("a pause that is over: %+v", v)
	}
	c = passing()
	c.To, c.Recipient = "jo@example.com", &gate.Recipient{Customer: new(customer.Customer), Mailbox: "m"}
	customer.Apply(c.Recipient.Customer, events.Event{ID: "p", Source: "/s", Type: events.TypeCustomerPreferences, Time: now,
		Data: &events.CustomerPreferences{Customer: events.Customer{ID: "jo"}, PauseUntil: &until}})
	c.Step.Expires = 5 * dayLong
	if v := gate.Judge(c); v.Reason != reason.PreferencesPause {
		t.Errorf("who answers to the address wants a pause: %+v", v)
	}
}

func TestACapOfTheCustomersOwnHoldsLikeTheOthers(t *testing.T) {
	week := events.AtMost{Limit: 1, Window: "7d"}
	c := chose(passing(), events.CustomerPreferences{AtMost: &week})
	c.Customer.SetClaim(customer.Claim{Touch: 5, State: customer.Sent, At: now.Add(-2 * dayLong).UnixMilli()})
	c.Step.Expires = 30 * dayLong
	v := gate.Judge(c)
	if v.Reason != reason.FrequencyCap || v.Until.Before(now.Add(5*dayLong)) || !strings.Contains(v.Detail, "the customer wants fewer emails: 1 of 1 in 7 d used") {
		t.Errorf("%+v", v)
	}
	many := events.AtMost{Limit: 90, Window: "7d"}
	c = chose(passing(), events.CustomerPreferences{AtMost: &many})
	c.Policy.Frequency = gate.Frequency{{Limit: 1, Length: 16 * time.Hour}}
	c.Customer.SetClaim(customer.Claim{Touch: 5, State: customer.Sent, At: now.UnixMilli()})
	if v := gate.Judge(c); v.Reason != reason.FrequencyCap || strings.Contains(v.Detail, "fewer") {
		t.Errorf("more than the shop allows: %+v", v)
	}
	if !c.Scarce() || !chose(passing(), events.CustomerPreferences{AtMost: &week}).Scarce() {
		t.Error("the last place of the customer's own cap isn't scarce")
	}
}
