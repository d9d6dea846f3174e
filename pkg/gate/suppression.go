package gate

import (
	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// suppression: customers who unsubscribed get no email. Transactional email stops
// only for those who unsubscribed from everything, or from the channel that it goes by.
func suppression(c *Case) touch.Verdict {
	if v := c.refusedChannel(); v.Action != touch.Send {
		return v
	}
	scopes := []string{events.ScopeEverything}
	if c.marketing() {
		scopes = []string{events.ScopeEverything, events.ScopeAll, c.Touch.Worker}
	}
	for _, s := range scopes {
		if c.anybody(func(who *customer.Customer) bool { return who.Unsubscribed(s) }) {
			return touch.DropFor(reason.Unsubscribed, "unsubscribed from "+s)
		}
	}
	return touch.Verdict{}
}
