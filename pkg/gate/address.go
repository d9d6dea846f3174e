package gate

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

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
