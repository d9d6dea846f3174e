package gate

import (
	"homing/events"
	"homing/pkg/touch"
)

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
