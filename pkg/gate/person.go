package gate

import (
	"strings"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// erased: who asked to be forgotten gets nothing.
func erased(c *Case) touch.Verdict {
	at := c.Customer.Erased.At
	if said := c.Touch.Caused; c.Customer.Gone() || at != 0 && !said.IsZero() && said.UnixMilli() <= at {
		return touch.DropFor(touch.Erased, "the customer was erased")
	}
	return touch.Verdict{}
}

// Mailbox is what is known of an address itself, from any customer of the store
// who has it and from what relays and providers report: when mail to it last came
// back for good, and when it was last called spam; the zero time if never.
type Mailbox struct{ Bounced, Complained time.Time }

// MailboxOf reads it of the record that is kept for the address.
func MailboxOf(c *customer.Customer) Mailbox {
	return Mailbox{Bounced: c.LastNoted(customer.Bounced), Complained: c.LastNoted(customer.Complained)}
}

// address: there must be one, and no mail to it may have come back or been called
// spam, whoever it was to, unless this customer asked for mail since.
func address(c *Case) touch.Verdict {
	email := c.Customer.Email.Value
	if email == "" {
		return touch.DropFor(touch.NoAddress, "no event gave an address")
	}
	if b := c.Customer.Bounce; b.At != 0 && b.Address == c.Address(email) && !c.yesSince(b.At) {
		return touch.DropFor(touch.Bounced, "the relay found the address unusable")
	}
	if at := c.Mailbox.Bounced; !at.IsZero() && !c.yesSince(at.UnixMilli()) {
		return touch.DropFor(touch.Bounced, "mail to the address came back on "+stamp(at))
	}
	if at := c.Mailbox.Complained; !at.IsZero() && !c.yesSince(at.UnixMilli()) {
		return touch.DropFor(touch.Complained, "mail to the address was called spam on "+stamp(at))
	}
	return touch.Verdict{}
}

// recipients: a staging installation mails only those on its list.
func recipients(c *Case) touch.Verdict {
	if len(c.Policy.Recipients) == 0 {
		return touch.Verdict{}
	}
	email := strings.ToLower(c.Customer.Email.Value)
	for _, allowed := range c.Policy.Recipients {
		allowed = strings.ToLower(allowed)
		if email == allowed || strings.HasPrefix(allowed, "@") && strings.HasSuffix(email, allowed) {
			return touch.Verdict{}
		}
	}
	return touch.DropFor(touch.Shadow, "the address is not on recipients_allow")
}

// suppression: who said no is not mailed. Transactional mail stops only for who
// said no to everything.
func suppression(c *Case) touch.Verdict {
	scopes := []string{events.ScopeEverything}
	if c.marketing() {
		scopes = []string{events.ScopeEverything, events.ScopeAll, c.Touch.Worker}
	}
	for _, s := range scopes {
		if c.Customer.Unsubscribed(s) {
			return touch.DropFor(touch.Unsubscribed, "unsubscribed from "+s)
		}
	}
	return touch.Verdict{}
}

// The consent policies.
const (
	SoftOptIn = "soft_opt_in"
	Explicit  = "explicit"
)

// consent: marketing needs a yes, or an order where the policy takes that for one.
func consent(c *Case) touch.Verdict {
	if !c.marketing() || c.subscribed() {
		return touch.Verdict{}
	}
	if c.Policy.Consent == SoftOptIn && c.Customer.OrderCount() > 0 {
		return touch.Verdict{}
	}
	return touch.DropFor(touch.NoConsent, "policy "+c.Policy.Consent+", and no consent is known")
}

func (c *Case) subscribed() bool {
	return c.Customer.Consent.Value == events.Subscribed || c.Customer.Opinion.Status == events.Subscribed
}

// yesSince reports whether the customer explicitly subscribed after at, ms.
func (c *Case) yesSince(at int64) bool {
	o := c.Customer.Opinion
	return o.Status == events.Subscribed && o.At > at
}
