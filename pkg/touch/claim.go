package touch

import "homing/pkg/customer"

// ClaimIn returns the claim on the touch. A person may have several ids, and it may
// have been planned under any of them: one under which a message left, or is just
// leaving, comes before one that was dropped.
func (t Touch) ClaimIn(c *customer.Customer) (customer.Claim, bool) {
	if len(c.Claims) == 0 {
		return customer.Claim{}, false
	}
	best, found := c.Claimed(t.ClaimKey())
	if found && best.State != customer.Dropped {
		return best, true
	}
	if _, k, ok := t.TwinIn(c); ok && (!found || k.State != customer.Dropped) {
		return k, true
	}
	return best, found
}

// TwinIn returns the touch as it was planned under another id of the person, or of
// somebody else, for whose order the email went to the person; and the claim on it: one
// that was dropped only if there is no other.
func (t Touch) TwinIn(c *customer.Customer) (twin Touch, k customer.Claim, found bool) {
	if len(c.Claims) == 0 {
		return twin, k, false
	}
	for _, tokens := range [][]string{c.Tokens, c.Around} {
		for _, token := range tokens {
			if token == t.Customer.Token {
				continue
			}
			u := t.Under(token)
			if o, ok := c.Claimed(u.ClaimKey()); ok && (!found || k.State == customer.Dropped && o.State != customer.Dropped) {
				twin, k, found = u, o, true
			}
		}
	}
	return twin, k, found
}

// OfferIn returns the offer that is bound to the touch, whichever id of the person it
// was planned under.
func (t Touch) OfferIn(c *customer.Customer) (customer.Offer, bool) {
	o, ok := c.OfferOf(t.ClaimKey())
	for i := 0; !ok && i < len(c.Tokens); i++ {
		o, ok = c.OfferOf(t.Under(c.Tokens[i]).ClaimKey())
	}
	return o, ok
}

// Under returns the touch as it is called under another id of the person.
func (t Touch) Under(token string) Touch {
	if k, ok := customer.KeyOfToken(t.Customer.Store, token); ok {
		t.Customer = k
	}
	return t
}
