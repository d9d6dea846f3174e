package gate

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/problem"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Mailbox is what is known about an address itself, whichever of the store's
// customers have it: when email to it last bounced for good, and when it was last
// reported as spam; the zero time if never. Doubted is when it was refused, newest
// first, and not for certain because it does not exist.
type Mailbox struct {
	Bounced, Complained time.Time
	Doubted             []time.Time
}

// MailboxOf reads it from the record that is kept for the address.
func MailboxOf(c *customer.Customer) Mailbox {
	m := Mailbox{Bounced: c.LastNoted(customer.Bounced), Complained: c.LastNoted(customer.Complained)}
	for _, n := range c.Noted(customer.Doubted, "") {
		m.Doubted = append(m.Doubted, n.Time())
	}
	return m
}

// SoftBounces say when an address is taken not to exist that nobody calls unknown: one
// that is full, or refused in doubtful words, again and again, with nothing accepted in
// between. Records keep when each of that happened, and it is here that they are
// counted: what a process is told to count changes no record.
type SoftBounces struct {
	Days int           `yaml:"days"` // on which it happened
	Over time.Duration `yaml:"over"` // from the first to the last at least
}

// SetDefault takes three days, 72 hours apart: a relay that is set up wrongly for a
// weekend suppresses nobody.
func (s *SoftBounces) SetDefault() { *s = SoftBounces{Days: 3, Over: 72 * time.Hour} }

// maxDays leaves room among the notes that are kept of an address (customer.MaxNotes)
// for several on one day.
const maxDays = 10

// Validate reports a run that a mailbox which is full for an afternoon would end, and one
// that is longer than what is kept.
func (s SoftBounces) Validate() error {
	var l problem.List
	if s.Days < 1 || s.Days > maxDays {
		l.Add("days", "%d is not between 1 and %d", s.Days, maxDays)
	}
	if s.Over < 24*time.Hour || s.Over > 90*24*time.Hour {
		l.Add("over", "%s is not between 1d and 90d", localtime.FormatDuration(s.Over))
	}
	return l.Err()
}

// doubted returns when an address was last refused that is taken not to exist; the zero
// time if it isn't.
func (c *Case) doubted() time.Time {
	var taken int64
	for _, k := range c.recipient().Claims {
		if k.State == customer.Sent && !c.cameBack(k) {
			taken = max(taken, k.At)
		}
	}
	rule, days := c.Policy.SoftBounces, map[time.Time]bool{}
	if rule == (SoftBounces{}) {
		rule.SetDefault()
	}
	for _, at := range c.Mailbox.Doubted {
		if at.UnixMilli() <= taken || c.yesSince(at.UnixMilli()) {
			break
		}
		days[at.Truncate(24*time.Hour)] = true
		if last := c.Mailbox.Doubted[0]; len(days) >= rule.Days && last.Sub(at) >= rule.Over {
			return last
		}
	}
	return time.Time{}
}

// cameBack reports whether an email that was accepted came back later: such a doubt has
// the time at which the email left.
func (c *Case) cameBack(k customer.Claim) bool {
	return slices.ContainsFunc(c.Mailbox.Doubted, func(at time.Time) bool { return at.UnixMilli() == k.At })
}

// address: there must be one, and no email to it may have bounced or been reported
// as spam, no matter whom it was for, unless this customer has asked for email since. What
// goes by another channel needs none.
func address(c *Case) touch.Verdict {
	if c.Policy.Channel != "" {
		return touch.Verdict{}
	}
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
	if at := c.doubted(); !at.IsZero() {
		return touch.DropFor(reason.Bounced, "email to the address was refused on several days, at last on "+stamp(at)+", and never accepted in between")
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
