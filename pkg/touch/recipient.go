package touch

import (
	"homing/pkg/customer"
)

// To returns the address that an email of the touch goes to. One about an order goes
// to the address that came with the order; all others to that of the account. Where
// the order came with the account's own address, and the account has another since,
// the customer has moved, and the email follows. own is the record that the touch was
// planned for, and person all that are the same person.
func (t Touch) To(own, person *customer.Customer) string {
	account := person.Account()
	s := t.Snapshot
	if s == nil || s.To == "" || customer.SameAddress(s.To, account) {
		return account
	}
	placed := s.PlacedAt
	if placed.IsZero() {
		placed = t.Caused
	}
	if own.HomeAt(s.To, placed.UnixMilli()) && !customer.SameAddress(s.To, own.Account()) {
		return account
	}
	return s.To
}

// Names returns whom an email of the touch greets: as the event that caused it has it,
// or else one of some customers, the first with a name, if it is theirs.
func (t Touch) Names(otherwise ...*customer.Customer) (first, last string) {
	if s := t.Snapshot; s != nil {
		first, last = s.FirstName, s.LastName
	}
	for _, c := range otherwise {
		if first+last == "" && c.FirstName.Value+c.LastName.Value != "" {
			return c.Greeting()
		}
	}
	return first, last
}
