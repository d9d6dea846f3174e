package gate

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// bySMS is a case of a touch that goes by a channel, of a customer to whom some events
// happened, an hour apart.
func bySMS(class touch.Class, consent string, happened ...events.Data) *Case {
	noon := time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	c := &customer.Customer{}
	for i, d := range happened {
		customer.Apply(c, events.Event{ID: string(d.Type()), Source: "/shop", Type: d.Type(), Store: "main", Time: noon.Add(time.Duration(i-len(happened)) * time.Hour), Data: d})
	}
	p := Policy{Own: Own{Channel: "sms"}, ChannelConsent: consent, Sections: Sections{Consent: Consent{Policy: SoftOptIn}}}
	return &Case{
		Touch: touch.Touch{Worker: "win-back", Step: "offer", Due: noon, Wake: noon}, Step: touch.Step{Class: class, Expires: time.Hour}, Listed: true,
		Customer: c, Wanted: func() touch.Verdict { return touch.Verdict{} }, Policy: p, Address: func(s string) string { return s }, Now: noon,
	}
}

func TestAChannelHasItsOwnYesAndNo(t *testing.T) {
	ann := events.Customer{ID: "ann", Email: "ann@example.com"}
	agreed := ann
	agreed.Consent = &events.Consent{Email: events.Subscribed, At: new(time.Date(2026, 6, 10, 11, 0, 0, 0, time.UTC))}
	order := &events.OrderPlaced{Customer: ann, Order: events.Order{ID: "1", Items: []events.Item{{ProductID: "tea", Quantity: 1}}}}
	nobodys := &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: order.Order}
	says := func(scope string) events.Data { return &events.CustomerUnsubscribed{Customer: ann, Scope: scope} }
	chooses := func(wanted bool) events.Data {
		return &events.CustomerPreferences{Customer: ann, Kinds: map[string]bool{"channel-sms": wanted}}
	}
	for _, c := range []struct {
		name  string
		c     *Case
		why   reason.Reason // empty: it is sent
		email reason.Reason // of the same by email
	}{
		{"about an order, with no address", bySMS(touch.Transactional, Explicit, nobodys), "", reason.NoAddress},
		{"no yes to the channel", bySMS(touch.Marketing, Explicit, order), reason.NoConsent, ""},
		{"a yes to email is none", bySMS(touch.Marketing, Explicit, &events.CustomerUpdated{Customer: agreed}), reason.NoConsent, ""},
		{"where it counts as one", bySMS(touch.Marketing, "email", order), "", ""},
		{"a yes to the channel", bySMS(touch.Marketing, Explicit, order, chooses(true)), "", ""},
		{"a yes and then a no", bySMS(touch.Marketing, Explicit, order, chooses(true), chooses(false)), reason.Unsubscribed, ""},
		{"a no to the channel", bySMS(touch.Transactional, Explicit, order, says("channel-sms")), reason.Unsubscribed, ""},
		{"a no, and a yes to email later", bySMS(touch.Transactional, Explicit, order, says("channel-sms"), &events.CustomerUpdated{Customer: agreed}), reason.Unsubscribed, ""},
		{"a no to another channel", bySMS(touch.Transactional, Explicit, order, says("channel-letters")), "", ""},
		{"a no to marketing", bySMS(touch.Marketing, Explicit, order, chooses(true), says(events.ScopeAll)), reason.Unsubscribed, reason.Unsubscribed},
		{"about an order, and a no to marketing", bySMS(touch.Transactional, Explicit, order, says(events.ScopeAll)), "", ""},
		{"a no to everything", bySMS(touch.Transactional, Explicit, order, says(events.ScopeEverything)), reason.Unsubscribed, reason.Unsubscribed},
		{"a no to the worker", bySMS(touch.Marketing, Explicit, order, chooses(true), says("win-back")), reason.Unsubscribed, reason.Unsubscribed},
		{"erased", bySMS(touch.Transactional, Explicit, order, &events.CustomerErased{Customer: ann}), reason.Erased, reason.Erased},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v := Judge(c.c); v.Reason != c.why {
				t.Errorf("%q, want %q", v.Reason, c.why)
			}
			c.c.Policy.Channel = ""
			if v := Judge(c.c); v.Reason != c.email {
				t.Errorf("by email: %q, want %q", v.Reason, c.email)
			}
		})
	}
	bounced := bySMS(touch.Transactional, Explicit, order)
	bounced.Mailbox = Mailbox{Bounced: bounced.Now, Complained: bounced.Now}
	if v := Judge(bounced); v.Action != touch.Send {
		t.Errorf("an address that bounced stops a channel that needs none: %+v", v)
	}
}
