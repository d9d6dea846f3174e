package customer

import "slices"

// ForgetClaims removes what was settled up to the erasure of a customer, and
// reports whether there was any. It isn't part of the fold: which of two
// outcomes of a touch counts must not depend on whether an erasure came between
// them. So it is for the one who has deleted the pending touches, which the claims
// are to hold back, and deletes the facts, which would bring the claims back.
func (c *Customer) ForgetClaims() bool {
	n := len(c.Claims)
	c.Claims = slices.DeleteFunc(c.Claims, func(k Claim) bool { return k.State != Open && k.At <= c.Erased.At })
	return len(c.Claims) != n
}

// ForgetOrders forgets which orders were told before the customer was erased, and
// reports whether there were any. It isn't part of the fold either: it is for the one
// who has deleted the entries of the timeline that tell them, so that a refold does
// not know them any more.
func (c *Customer) ForgetOrders() bool {
	n := len(c.Seen)
	c.Seen = slices.DeleteFunc(c.Seen, func(s SeenOrder) bool { return s.erased() })
	return len(c.Seen) != n
}
