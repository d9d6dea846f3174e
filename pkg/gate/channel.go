package gate

import (
	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// scope is what customers say no and yes to of the channel by which the worker's messages
// go; "" if that is email.
func (c *Case) scope() string {
	if c.Policy.Channel == "" {
		return ""
	}
	return events.ScopeChannel + c.Policy.Channel
}

// refusedChannel: a no to another channel than email stops all that goes by it, and nothing
// else.
func (c *Case) refusedChannel() touch.Verdict {
	scope := c.scope()
	if scope == "" || !c.anybody(func(who *customer.Customer) bool { return who.Unsubscribed(scope) }) {
		return touch.Verdict{}
	}
	return touch.DropFor(reason.Unsubscribed, "unsubscribed from "+scope+", or it could not reach the customer")
}

// channelConsent: consent to email says nothing of another channel, unless the configuration
// says that it does.
func (c *Case) channelConsent() (decided bool, v touch.Verdict) {
	scope := c.scope()
	switch {
	case scope == "" || c.Policy.ChannelConsent != Explicit:
		return false, touch.Verdict{}
	case c.Customer.Chose(scope):
		return true, touch.Verdict{}
	}
	return true, touch.DropFor(reason.NoConsent, "no yes to "+scope+" is known")
}
