package gate

import (
	"fmt"
	"net/mail"
	"strings"

	"homing/pkg/problem"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Recipients are the addresses and @domains that email may go to; none: all.
type Recipients []string

// Validate reports what is neither an address nor a domain.
func (r Recipients) Validate() error {
	var l problem.List
	for i, one := range r {
		address := one
		if strings.HasPrefix(one, "@") {
			address = "any" + one
		}
		if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
			l.Add(fmt.Sprintf("[%d]", i), "%q is neither an address nor a domain like @shop.example", one)
		}
	}
	return l.Err()
}

// Have reports whether an address, or its domain, is one of them.
func (r Recipients) Have(address string) bool {
	address = strings.ToLower(address)
	for _, allowed := range r {
		allowed = strings.ToLower(allowed)
		if address == allowed || strings.HasPrefix(allowed, "@") && strings.HasSuffix(address, allowed) {
			return true
		}
	}
	return false
}

// recipients: a staging installation sends only to those on its list.
func recipients(c *Case) touch.Verdict {
	if len(c.Policy.RecipientsAllow) == 0 {
		return touch.Verdict{}
	}
	if c.Policy.RecipientsAllow.Have(c.to()) {
		return touch.Verdict{}
	}
	return touch.DropFor(reason.Shadow, "the address is not on recipients_allow")
}
