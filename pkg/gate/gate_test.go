package gate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

var now = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

const dayLong = 24 * time.Hour

// passing is a case that no rule has anything against.
func passing() *gate.Case {
	c := &gate.Case{
		Touch:  touch.Touch{Worker: "win-back", Step: "miss-you", Occasion: "o1", Customer: customer.Key{Store: "main", Token: "abcdefghijklmnop"}, Due: now.Add(-time.Hour)},
		Step:   touch.Step{Name: "miss-you", Class: touch.Marketing, Expires: 14 * dayLong},
		Listed: true, Customer: &customer.Customer{},
		Wanted:  func() touch.Verdict { return touch.Verdict{} },
		Policy:  gate.Policy{Sunset: true, Sections: gate.Sections{Consent: gate.Consent{Policy: gate.SoftOptIn}}, Pacing: gate.Pacing{Frequency: gate.Frequency{{Limit: 1, Length: 16 * time.Hour}}}},
		Address: func(email string) string { return "hash of " + email },
		Now:     now,
	}
	c.Customer.ID.Value = "ann"
	c.Customer.Email.Value = "ann@shop.example"
	apply(c, -30*dayLong, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "o1"}})
	return c
}

// apply folds something that happened some time before or after now.
func apply(c *gate.Case, ago time.Duration, d events.Data) {
	customer.Apply(c.Customer, events.Event{ID: string(d.Type()) + ago.String(), Source: "/shop", Type: d.Type(), Time: now.Add(ago), Data: d})
}

func unsubscribe(c *gate.Case, scope string) {
	apply(c, -time.Hour, &events.CustomerUnsubscribed{Customer: events.Customer{ID: "ann"}, Scope: scope})
}

func bounced(c *gate.Case, address string) {
	apply(c, -2*time.Hour, &events.EmailDropped{Email: events.Email{Touch: "a.b.c.d", Reason: "bounced", Bounced: address}})
}

func subscribed(c *gate.Case, at time.Time) {
	apply(c, -time.Minute, &events.CustomerUpdated{Customer: events.Customer{ID: "ann", Consent: &events.Consent{Email: events.Subscribed, At: &at}}})
}

func sentAgo(c *gate.Case, ago time.Duration) {
	c.Customer.SetClaim(customer.Claim{Touch: uint64(ago), State: customer.Sent, At: now.Add(-ago).UnixMilli()})
}

func erase(c *gate.Case) {
	apply(c, -time.Minute, &events.CustomerErased{Customer: events.Customer{ID: "ann"}})
}

// lastMail says that win-back's last email went out ten days ago.
func lastMail(c *gate.Case) {
	apply(c, -10*dayLong, &events.EmailSent{Email: events.Email{Touch: "win-back.last-call.c.l", Reason: "sent", Sunset: true}})
}

// inControl sets the shares of the control groups, for a customer whose numbers
// are just within 5 % and 10 %.
func inControl(c *gate.Case, share, worker float64) {
	c.Policy.Installation.Holdout, c.Policy.Own.Holdout = gate.Share(share), gate.Share(worker)
	c.Policy.Draw = func(_ customer.Key, worker string) float64 {
		return map[string]float64{"": 0.0499, "win-back": 0.0999}[worker]
	}
}

func transactional(c *gate.Case) { c.Step.Class = touch.Transactional }

func noOrders(c *gate.Case) { c.Customer.Orders, c.Customer.Seen = nil, nil }

func TestRules(t *testing.T) {
	drop := func(r reason.Reason) touch.Verdict { return touch.Verdict{Action: touch.Drop, Reason: r} }
	var send touch.Verdict
	for _, c := range []struct {
		name string
		with func(c *gate.Case)
		want touch.Verdict
	}{
		{"nothing against it", func(*gate.Case) {}, send},

		{"the customer was erased", erase, drop(reason.Erased)},
		{"erased customers get no transactional email either", func(c *gate.Case) { transactional(c); erase(c) }, drop(reason.Erased)},
		{"who came back after an erasure is mailed", func(c *gate.Case) {
			erase(c)
			apply(c, 0, &events.OrderPlaced{Customer: events.Customer{ID: "ann", Email: "ann@shop.example"}, Order: events.Order{ID: "o2"}})
		}, send},

		{"no address", func(c *gate.Case) { c.Customer.Email.Value = "" }, drop(reason.NoAddress)},
		{"the address bounced", func(c *gate.Case) { bounced(c, "hash of ann@shop.example") }, drop(reason.Bounced)},
		{"the address bounced, for transactional email too", func(c *gate.Case) { transactional(c); bounced(c, "hash of ann@shop.example") }, drop(reason.Bounced)},
		{"email to the address bounced, from another customer", func(c *gate.Case) { c.Mailbox.Bounced = now.Add(-2 * time.Hour) }, drop(reason.Bounced)},
		{"the address was refused on three days, perhaps for good", func(c *gate.Case) { c.Mailbox.Doubted = doubts(0, 30, 75) }, drop(reason.Bounced)},
		{"the address was refused on three days, for transactional email too", func(c *gate.Case) { transactional(c); c.Mailbox.Doubted = doubts(0, 30, 75) }, drop(reason.Bounced)},
		{"the address was refused on two days", func(c *gate.Case) { c.Mailbox.Doubted = doubts(0, 1, 2, 75, 76) }, send},
		{"the address was refused for a weekend", func(c *gate.Case) { c.Mailbox.Doubted = doubts(0, 12, 24, 36, 48, 60) }, send},
		{"two days are enough where that is configured", func(c *gate.Case) {
			c.Policy.SoftBounces, c.Mailbox.Doubted = gate.SoftBounces{Days: 2, Over: 24 * time.Hour}, doubts(0, 30)
		}, drop(reason.Bounced)},
		{"a week is wanted", func(c *gate.Case) {
			c.Policy.SoftBounces, c.Mailbox.Doubted = gate.SoftBounces{Days: 3, Over: 7 * dayLong}, doubts(0, 30, 75, 160)
		}, send},
		{"a week is wanted, and over", func(c *gate.Case) {
			c.Policy.SoftBounces, c.Mailbox.Doubted = gate.SoftBounces{Days: 3, Over: 7 * dayLong}, doubts(0, 30, 75, 170)
		}, drop(reason.Bounced)},
		{"the address was refused, accepted, and refused again", func(c *gate.Case) {
			c.Mailbox.Doubted = doubts(0, 30, 75, 100)
			c.Customer.SetClaim(customer.Claim{Touch: 1, State: customer.Sent, At: now.Add(-60 * time.Hour).UnixMilli()})
		}, send},
		{"a refused address is lifted by an explicit later consent", func(c *gate.Case) {
			c.Mailbox.Doubted = doubts(0, 30, 75)
			subscribed(c, now.Add(-time.Minute))
		}, send},
		{"the address complained", func(c *gate.Case) { c.Mailbox.Complained = now.Add(-2 * time.Hour) }, drop(reason.Complained)},
		{"the address complained, for transactional email too", func(c *gate.Case) { transactional(c); c.Mailbox.Complained = now.Add(-2 * time.Hour) }, drop(reason.Complained)},
		{"a complaint is lifted by an explicit later consent", func(c *gate.Case) {
			c.Mailbox = gate.Mailbox{Bounced: now.Add(-2 * time.Hour), Complained: now.Add(-2 * time.Hour)}
			subscribed(c, now.Add(-time.Hour))
		}, send},
		{"a complaint is not lifted by an older consent", func(c *gate.Case) {
			c.Mailbox.Complained = now.Add(-2 * time.Hour)
			subscribed(c, now.Add(-3*time.Hour))
		}, drop(reason.Complained)},
		{"no scope of an unsubscribe is lifted by an older consent", func(c *gate.Case) {
			unsubscribe(c, "win-back")
			subscribed(c, now.Add(-2*time.Hour))
		}, drop(reason.Unsubscribed)},
		{"everything is lifted by an explicit later consent", func(c *gate.Case) { unsubscribe(c, "everything"); subscribed(c, now.Add(-time.Minute)) }, send},
		{"another address bounced", func(c *gate.Case) { bounced(c, "hash of old@shop.example") }, send},
		{"a bounce is lifted by an explicit later consent", func(c *gate.Case) {
			bounced(c, "hash of ann@shop.example")
			subscribed(c, now.Add(-time.Hour))
		}, send},
		{"a bounce is not lifted by an older consent", func(c *gate.Case) {
			bounced(c, "hash of ann@shop.example")
			subscribed(c, now.Add(-3*time.Hour))
		}, drop(reason.Bounced)},

		{"not on the list of a staging installation", func(c *gate.Case) { c.Policy.RecipientsAllow = []string{"bob@shop.example", "@other.example"} }, drop(reason.Shadow)},
		{"on the list by address, in any case", func(c *gate.Case) { c.Policy.RecipientsAllow = []string{"Ann@Shop.example"} }, send},
		{"on the list by domain", func(c *gate.Case) { c.Policy.RecipientsAllow = []string{"@shop.example"} }, send},
		{"a domain that only ends alike", func(c *gate.Case) { c.Policy.RecipientsAllow = []string{"@op.example"} }, drop(reason.Shadow)},
		{"the list holds for transactional email", func(c *gate.Case) { transactional(c); c.Policy.RecipientsAllow = []string{"@x.example"} }, drop(reason.Shadow)},

		{"unsubscribed from marketing", func(c *gate.Case) { unsubscribe(c, "") }, drop(reason.Unsubscribed)},
		{"unsubscribed from this worker", func(c *gate.Case) { unsubscribe(c, "win-back") }, drop(reason.Unsubscribed)},
		{"unsubscribed from another worker", func(c *gate.Case) { unsubscribe(c, "birthday") }, send},
		{"unsubscribed from everything", func(c *gate.Case) { unsubscribe(c, "everything") }, drop(reason.Unsubscribed)},
		{"transactional email ignores an unsubscribe from marketing", func(c *gate.Case) { transactional(c); unsubscribe(c, "") }, send},
		{"transactional email ignores an unsubscribe from its worker", func(c *gate.Case) { transactional(c); unsubscribe(c, "win-back") }, send},
		{"transactional email obeys an unsubscribe from everything", func(c *gate.Case) { transactional(c); unsubscribe(c, "everything") }, drop(reason.Unsubscribed)},
		{"an unsubscribe is lifted by an explicit later consent", func(c *gate.Case) { unsubscribe(c, ""); subscribed(c, now.Add(-time.Minute)) }, send},

		{"no order and no consent", noOrders, drop(reason.NoConsent)},
		{"no order but a consent", func(c *gate.Case) { noOrders(c); subscribed(c, now.Add(-dayLong)) }, send},
		{"a cancelled order is no consent", func(c *gate.Case) {
			apply(c, -time.Hour, &events.OrderCancelled{Customer: events.Customer{ID: "ann"}, Order: events.OrderChange{ID: "o1"}})
		}, drop(reason.NoConsent)},
		{"an order is not enough under the explicit policy", func(c *gate.Case) { c.Policy.Consent.Policy = gate.Explicit }, drop(reason.NoConsent)},
		{"a consent is enough under the explicit policy", func(c *gate.Case) { c.Policy.Consent.Policy = gate.Explicit; subscribed(c, now.Add(-dayLong)) }, send},
		{"transactional email needs no consent", func(c *gate.Case) { transactional(c); noOrders(c); c.Policy.Consent.Policy = gate.Explicit }, send},

		{"the worker is off", func(c *gate.Case) { c.Off = true }, drop(reason.WorkerOff)},
		{"the worker no longer has the step", func(c *gate.Case) { c.Listed = false }, drop(reason.StepRemoved)},
		{"no sign of life since the last email", lastMail, drop(reason.Sunset)},
		{"an order since the last email", func(c *gate.Case) {
			lastMail(c)
			apply(c, -dayLong, &events.OrderPlaced{Customer: events.Customer{ID: "ann"}, Order: events.Order{ID: "o2"}})
		}, send},
		{"an answer to the last email", func(c *gate.Case) {
			lastMail(c)
			apply(c, -9*dayLong, &events.CustomerAnswered{Customer: events.Customer{ID: "ann"}, Question: "why_left", Answer: "other"})
		}, send},
		{"transactional email after the last one", func(c *gate.Case) { transactional(c); lastMail(c) }, send},
		{"the last email where that is switched off", func(c *gate.Case) { c.Policy.Sunset = false; lastMail(c) }, send},

		{"the worker does not want it any more", func(c *gate.Case) {
			c.Wanted = func() touch.Verdict { return touch.DropFor(reason.Refunded, "") }
		}, drop(reason.Refunded)},
		{"the worker wants it later", func(c *gate.Case) {
			c.Wanted = func() touch.Verdict { return touch.HoldUntil(now.Add(time.Hour), reason.NotYet, "") }
		}, touch.Verdict{Action: touch.Hold, Reason: reason.NotYet, Until: now.Add(time.Hour)}},

		{"at the last moment worth it", func(c *gate.Case) { c.Touch.Due = now.Add(-14 * dayLong) }, send},
		{"too late to be worth it", func(c *gate.Case) { c.Touch.Due = now.Add(-14*dayLong - time.Millisecond) }, drop(reason.Expired)},

		{"one of the control group", func(c *gate.Case) { inControl(c, 0.05, 0) }, drop(reason.Holdout)},
		{"one of the worker's control group", func(c *gate.Case) { inControl(c, 0, 0.1) }, drop(reason.Holdout)},
		{"the next, who is in neither", func(c *gate.Case) { inControl(c, 0.0499, 0.0999) }, send},
		{"transactional email of the control group", func(c *gate.Case) { inControl(c, 1, 1); transactional(c) }, send},

		{"in the quiet hours", func(c *gate.Case) {
			c.Policy.Hours = gate.Hours{QuietHours: gate.QuietHours{From: 11 * 60, To: 13 * 60}}
		},
			touch.Verdict{Action: touch.Hold, Reason: reason.QuietHours, Until: now.Add(time.Hour)}},

		{"a day that is full", func(c *gate.Case) {
			c.Policy.Frequency, c.Policy.PerDay = nil, 1
			sentAgo(c, 12*time.Hour)
		}, touch.Verdict{Action: touch.Hold, Reason: reason.FrequencyCap, Until: now.Add(12 * time.Hour)}},
		{"the day before was full", func(c *gate.Case) {
			c.Policy.Frequency, c.Policy.PerDay = nil, 1
			sentAgo(c, 12*time.Hour+time.Millisecond)
		}, send},
		{"a day with room for one more", func(c *gate.Case) {
			c.Policy.Frequency, c.Policy.PerDay = nil, 2
			sentAgo(c, 2*time.Hour)
		}, send},

		{"the cap has no room", func(c *gate.Case) { sentAgo(c, 15*time.Hour) },
			touch.Verdict{Action: touch.Hold, Reason: reason.FrequencyCap, Until: now.Add(time.Hour)}},
		{"an email leaves the window exactly at its end", func(c *gate.Case) { sentAgo(c, 16*time.Hour) }, send},
		{"and not a millisecond before", func(c *gate.Case) { sentAgo(c, 16*time.Hour-time.Millisecond) },
			touch.Verdict{Action: touch.Hold, Reason: reason.FrequencyCap, Until: now.Add(time.Millisecond)}},
		{"transactional email is not held by the caps", func(c *gate.Case) { transactional(c); sentAgo(c, time.Hour) }, send},
		{"room comes too late to be worth it", func(c *gate.Case) {
			c.Step.Expires = 90 * time.Minute
			sentAgo(c, time.Hour)
		}, drop(reason.Expired)},

		{"a worker that is only tried", func(c *gate.Case) { c.Shadow = true }, drop(reason.Shadow)},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := passing()
			c.with(k)
			got := gate.Judge(k)
			if got.Action != touch.Send && c.want.Reason != reason.Refunded && c.want.Reason != reason.NotYet && got.Detail == "" {
				t.Error("the verdict has no detail for a person to read")
			}
			if strings.Contains(got.Detail, "m0s") {
				t.Errorf("a duration as Go writes it, not as the configuration does: %s", got.Detail)
			}
			got.Detail = ""
			if after := got.Until.Sub(c.want.Until); after > 0 && after < time.Minute { // spread
				got.Until = c.want.Until
			}
			if d := cmp.Diff(c.want, instant(got)); d != "" {
				t.Errorf("verdict (-want +got):\n%s", d)
			}
		})
	}
}

func TestTheRulesAreAskedInTheirOrder(t *testing.T) {
	var got []string
	for _, r := range gate.Rules {
		got = append(got, r.Name)
	}
	want := []string{"erased", "address", "recipients", "suppression", "shared", "consent", "worker", "sunset", "wanted", "expiry", "segments", "holdout", "pause", "quiet", "frequency", "shadow"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the order of the rules (-want +got):\n%s", d)
	}
}

// Each step adds one more objection before all others: it must be the one heard.
func TestTheFirstRuleThatObjectsDecides(t *testing.T) {
	c := passing()
	asked := 0
	objections := []struct {
		add  func()
		want reason.Reason
	}{
		{func() { c.Shadow = true }, reason.Shadow},
		{func() { sentAgo(c, time.Hour) }, reason.FrequencyCap},
		{func() { c.Policy.Hours = gate.Hours{QuietHours: gate.QuietHours{From: 11 * 60, To: 13 * 60}} }, reason.QuietHours},
		{func() { inControl(c, 1, 0) }, reason.Holdout},
		{func() { of(c, []string{"champion"}, nil) }, reason.NotInSegment},
		{func() { c.Touch.Due = now.Add(-20 * dayLong) }, reason.Expired},
		{func() {
			c.Wanted = func() touch.Verdict { asked++; return touch.DropFor(reason.Cancelled, "") }
		}, reason.Cancelled},
		{func() { lastMail(c) }, reason.Sunset},
		{func() { c.Off = true }, reason.WorkerOff},
		{func() { noOrders(c) }, reason.NoConsent},
		{func() { c.Shared = true }, reason.SharedAddress},
		{func() { unsubscribe(c, "") }, reason.Unsubscribed},
		{func() { c.Policy.RecipientsAllow = []string{"@x.example"} }, reason.Shadow},
		{func() { bounced(c, "hash of ann@shop.example") }, reason.Bounced},
		{func() { erase(c) }, reason.Erased},
	}
	for _, o := range objections {
		o.add()
		if got := gate.Judge(c).Reason; got != o.want {
			t.Errorf("%q decides, want %q", got, o.want)
		}
	}
	if asked != 1 {
		t.Errorf("the worker was asked %d times, want once: rules before it decide without it", asked)
	}
}

func TestNoDetailNamesAnAddress(t *testing.T) {
	for _, with := range []func(c *gate.Case){
		func(c *gate.Case) { bounced(c, "hash of ann@shop.example") },
		func(c *gate.Case) { c.Policy.RecipientsAllow = []string{"bob@x.example"} },
		func(c *gate.Case) { unsubscribe(c, "") },
	} {
		c := passing()
		with(c)
		if v := gate.Judge(c); slices.Contains([]byte(v.Detail), '@') {
			t.Errorf("%s: %q may hold an address", v.Reason, v.Detail)
		}
	}
}

// doubts are refusals so many hours before an hour ago, newest first.
func doubts(hours ...int) (out []time.Time) {
	for _, h := range hours {
		out = append(out, now.Add(-time.Hour-time.Duration(h)*time.Hour))
	}
	return out
}

// instant is a verdict without the zone on whose clocks it reads its time.
func instant(v touch.Verdict) touch.Verdict {
	v.Zone = ""
	return v
}
