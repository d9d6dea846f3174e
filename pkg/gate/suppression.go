package gate

import (
	"homing/events"
	"homing/pkg/touch"
)

// suppression: who said no is not mailed. Transactional mail stops only for who
// said no to everything.
func suppression(c *Case) touch.Verdict {
	scopes := []string{events.ScopeEverything}
	if c.marketing() {
		scopes = []string{events.ScopeEverything, events.ScopeAll, c.Touch.Worker}
	}
	for _, s := range scopes {
		if c.Customer.Unsubscribed(s) {
			return touch.DropFor(touch.Unsubscribed, "unsubscribed from "+s)
		}
	}
	return touch.Verdict{}
}
