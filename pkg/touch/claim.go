package touch

import "homing/pkg/customer"

// ClaimIn returns the claim on the touch. A person may have several ids, and it may
// have been planned under any of them: one under which a message left, or is just
// leaving, comes before one that was dropped.
func (t Touch) ClaimIn(c *customer.Customer) (customer.Claim, bool) {
	best, found := c.Claimed(customer.ClaimKey(t.ID()))
	for _, token := range c.Tokens {
		if found && best.State != customer.Dropped {
			break
		}
		if token != t.Customer.Token {
			if k, ok := c.Claimed(customer.ClaimKey(t.Under(token).ID())); ok && (!found || k.State != customer.Dropped) {
				best, found = k, true
			}
		}
	}
	return best, found
}

// OfferIn returns the offer that is bound to the touch, whichever id of the person it
// was planned under.
func (t Touch) OfferIn(c *customer.Customer) (customer.Offer, bool) {
	o, ok := c.OfferOf(customer.ClaimKey(t.ID()))
	for i := 0; !ok && i < len(c.Tokens); i++ {
		o, ok = c.OfferOf(customer.ClaimKey(t.Under(c.Tokens[i]).ID()))
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
