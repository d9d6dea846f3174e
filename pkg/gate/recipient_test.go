package gate_test

import (
	"testing"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/reason"
)

// toBob is a case of an email about an order of Ann's account that came with Bob's
// address.
func toBob() *gate.Case {
	c := passing()
	c.Touch.Caused = now.Add(-2 * time.Hour)
	c.To, c.Recipient = "bob@shop.example", &gate.Recipient{Customer: &customer.Customer{}}
	return c
}

// bobs applies something to who has the address that the email goes to.
func bobs(c *gate.Case, ago time.Duration, d events.Data) {
	customer.Apply(c.Recipient.Customer, events.Event{ID: string(d.Type()) + ago.String(), Source: "/shop", Type: d.Type(), Time: now.Add(ago), Data: d})
}

func TestWhoHasTheAddressOfAnOrderCountsAsMuchAsTheAccount(t *testing.T) {
	bob := events.Customer{ID: "bob"}
	sent := func(c *customer.Customer) {
		c.SetClaim(customer.Claim{Touch: 1, State: customer.Sent, At: now.Add(-time.Hour).UnixMilli()})
	}
	for _, c := range []struct {
		name string
		with func(c *gate.Case)
		want reason.Reason
	}{
		{"nothing against it", func(*gate.Case) {}, ""},
		{"they said no", func(c *gate.Case) { bobs(c, -time.Hour, &events.CustomerUnsubscribed{Customer: bob}) }, reason.Unsubscribed},
		{"they said no, and the email is transactional", func(c *gate.Case) {
			transactional(c)
			bobs(c, -time.Hour, &events.CustomerUnsubscribed{Customer: bob})
		}, ""},
		{"they want nothing at all", func(c *gate.Case) {
			transactional(c)
			bobs(c, -time.Hour, &events.CustomerUnsubscribed{Customer: bob, Scope: events.ScopeEverything})
		}, reason.Unsubscribed},
		{"the account said no", func(c *gate.Case) { unsubscribe(c, "") }, reason.Unsubscribed},
		{"they were erased since", func(c *gate.Case) { c.Recipient.Erased = now.UnixMilli() }, reason.Erased},
		{"they were erased before", func(c *gate.Case) { c.Recipient.Erased = now.Add(-3 * time.Hour).UnixMilli() }, ""},
		{"the address bounced", func(c *gate.Case) { c.Mailbox.Bounced = now.Add(-time.Hour) }, reason.Bounced},
		{"the address bounced, and the account wants email since", func(c *gate.Case) {
			c.Mailbox.Bounced = now.Add(-time.Hour)
			subscribed(c, now.Add(-time.Minute))
		}, reason.Bounced},
		{"the account's own address bounced", func(c *gate.Case) { bounced(c, "hash of ann@shop.example") }, ""},
		{"they complained", func(c *gate.Case) { c.Mailbox.Complained = now.Add(-time.Hour) }, reason.Complained},
		{"they got a last email", func(c *gate.Case) {
			bobs(c, -time.Hour, &events.EmailSent{Email: events.Email{Touch: "win-back.last-call.b.l", Reason: "sent", Sunset: true}})
		}, reason.Sunset},
		{"the account got a last email", lastMail, reason.Sunset},
		{"they are not on the list of a staging installation", func(c *gate.Case) { c.Policy.RecipientsAllow = gate.Recipients{"ann@shop.example"} }, reason.Shadow},
		{"they are on it", func(c *gate.Case) { c.Policy.RecipientsAllow = gate.Recipients{"bob@shop.example"} }, ""},
		{"their caps have no room", func(c *gate.Case) { sent(c.Recipient.Customer) }, reason.FrequencyCap},
		{"the account's caps have no room", func(c *gate.Case) { sent(c.Customer) }, ""},
		{"very many have the address", func(c *gate.Case) { c.Shared = true }, reason.SharedAddress},
		{"very many have it, and the email is transactional", func(c *gate.Case) { c.Shared = true; transactional(c) }, ""},
	} {
		k := toBob()
		c.with(k)
		if got := gate.Judge(k); got.Reason != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.Reason, c.want)
		}
	}
}

// Who moved away from a mailbox takes along what was complained about there.
func TestAComplaintCountsForAPersonWhoMoved(t *testing.T) {
	c := passing()
	customer.Apply(c.Customer, events.Event{ID: "e", Source: "/shop", Type: events.TypeAddressComplained, Time: now.Add(-time.Hour), Data: &events.AddressComplained{}})
	if got := gate.Judge(c); got.Reason != reason.Complained {
		t.Errorf("%q, want complained", got.Reason)
	}
}

func TestTheNumberOfAPersonIsThatOfTheFirstToken(t *testing.T) {
	first, second := "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
	for _, planned := range []string{first, second} {
		c := passing()
		inControl(c, 0.5, 0)
		c.Customer.Tokens = []string{first, second}
		c.Policy.Draw = func(k customer.Key, _ string) float64 {
			if k.Token == first {
				return 0.4
			}
			return 0.9
		}
		c.Touch = c.Touch.Under(planned)
		if v := gate.Judge(c); v.Reason != reason.Holdout {
			t.Errorf("planned for %s: %q, want holdout", planned, v.Reason)
		}
	}
}
