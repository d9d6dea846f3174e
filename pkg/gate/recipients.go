package gate

import (
	"strings"

	"homing/pkg/touch"
)

// recipients: a staging installation mails only those on its list.
func recipients(c *Case) touch.Verdict {
	if len(c.Policy.Recipients) == 0 {
		return touch.Verdict{}
	}
	email := strings.ToLower(c.Customer.Email.Value)
	for _, allowed := range c.Policy.Recipients {
		allowed = strings.ToLower(allowed)
		if email == allowed || strings.HasPrefix(allowed, "@") && strings.HasSuffix(email, allowed) {
			return touch.Verdict{}
		}
	}
	return touch.DropFor(touch.Shadow, "the address is not on recipients_allow")
}
