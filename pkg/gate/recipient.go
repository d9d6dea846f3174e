package gate

import "homing/pkg/customer"

// A Recipient is who answers to the mailbox that an email goes to, where that isn't the
// customer's own: an order came with another address than the account has. What they
// refused counts as much as what the customer refused, and the email takes a place in
// their caps, not in the customer's: those are about what one mailbox is sent.
type Recipient struct {
	Customer *customer.Customer // all ids at the mailbox, as one
	Mailbox  string             // token of the mailbox; see customer.Claim.To
	Erased   int64              // ms: when one of them was erased; 0: never
}

// to is the address that the email goes to.
func (c *Case) to() string {
	if c.To != "" {
		return c.To
	}
	return c.Customer.Account()
}

// recipient is who answers to the mailbox that the email goes to.
func (c *Case) recipient() *customer.Customer {
	if c.Recipient != nil {
		return c.Recipient.Customer
	}
	return c.Customer
}

// anybody reports whether something is so of the customer, or of the recipient.
func (c *Case) anybody(is func(*customer.Customer) bool) bool {
	return is(c.Customer) || c.Recipient != nil && is(c.Recipient.Customer)
}
