package gate

import (
	"fmt"

	"homing/events"
	"homing/pkg/problem"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Consent says who may be sent marketing email at all.
type Consent struct {
	Policy string `yaml:"policy"` // SoftOptIn or Explicit
	// DoubleOptIn has consent begin only once the customer confirms it by an email. What a
	// shop says without proof is a request. It is intake and a worker that act by it.
	DoubleOptIn bool `yaml:"double_opt_in"`
}

// The consent policies.
const (
	SoftOptIn = "soft_opt_in"
	Explicit  = "explicit"
)

// SetDefault makes an order count as consent.
func (s *Consent) SetDefault() { s.Policy = SoftOptIn }

// Validate reports an unknown policy.
func (s Consent) Validate() error {
	if s.Policy == SoftOptIn || s.Policy == Explicit {
		return nil
	}
	return &problem.Problem{Key: "policy", Text: fmt.Sprintf("%q is not one of %s, %s", s.Policy, SoftOptIn, Explicit)}
}

// consent: marketing needs a yes, or an order where the policy counts that as one.
func consent(c *Case) touch.Verdict {
	if !c.marketing() {
		return touch.Verdict{}
	}
	if decided, v := c.channelConsent(); decided {
		return v
	}
	if c.Customer.SaidYes() {
		return touch.Verdict{}
	}
	if c.Policy.Consent.Policy == SoftOptIn && c.Customer.OrderCount() > 0 {
		return touch.Verdict{}
	}
	if asked, waits := c.Customer.Unconfirmed(); waits {
		return touch.DropFor(reason.NoConsent, "policy "+c.Policy.Consent.Policy+", and waiting for confirmation: email was asked for on "+stamp(asked))
	}
	return touch.DropFor(reason.NoConsent, "policy "+c.Policy.Consent.Policy+", and no consent is known")
}

// yesSince reports whether who answers to the address explicitly subscribed after at, ms.
func (c *Case) yesSince(at int64) bool {
	o := c.recipient().Opinion
	return o.Status == events.Subscribed && o.At > at
}
