package gate

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Mailbox is what is known about an address itself, whichever of the store's
// customers have it: when email to it last bounced for good, and when it was last
// reported as spam; the zero time if never.
type Mailbox struct{ Bounced, Complained time.Time }

// MailboxOf reads it from the record that is kept for the address.
func MailboxOf(c *customer.Customer) Mailbox {
	return Mailbox{Bounced: c.LastNoted(customer.Bounced), Complained: c.LastNoted(customer.Complained)}
}

// address: there must be one, and no email to it may have bounced or been reported
// as spam, no matter whom it was for, unless this customer has asked for email since.
func address(c *Case) touch.Verdict {
	email := c.to()
	if email == "" {
		return touch.DropFor(reason.NoAddress, "no event gave an address")
	}
	if b := c.Customer.Bounce; b.At != 0 && b.Address == c.Address(email) && !c.yesSince(b.At) {
		return touch.DropFor(reason.Bounced, "the relay said that the address cannot be used")
	}
	if at := c.Mailbox.Bounced; !at.IsZero() && !c.yesSince(at.UnixMilli()) {
		return touch.DropFor(reason.Bounced, "email to the address bounced on "+stamp(at))
	}
	if at := c.complained(); !at.IsZero() && !c.yesSince(at.UnixMilli()) {
		return touch.DropFor(reason.Complained, "email to the address was reported as spam on "+stamp(at))
	}
	return touch.Verdict{}
}

// complained returns when email to the address, or to another that was the customer's
// then, was last reported as spam: who reported it may have moved.
func (c *Case) complained() time.Time {
	at := c.Mailbox.Complained
	for _, who := range []*customer.Customer{c.Customer, c.recipient()} {
		if said := who.LastNoted(customer.Complained); said.After(at) {
			at = said
		}
	}
	return at
}
