package main

import (
	"fmt"
	"maps"
	netmail "net/mail"
	"path/filepath"
	"slices"
	"strings"

	"homing/pkg/config"
	"homing/pkg/doctor/examine"
	"homing/pkg/maillint"
	"homing/pkg/render"
)

// checkReturnPaths says where SPF cannot vouch for a store's emails: DMARC asks that
// the domain of the envelope sender belongs to that of From (RFC 7489, section 3.1.2).
func checkReturnPaths(c *config.Config) []finding {
	var out []finding
	for _, id := range slices.Sorted(maps.Keys(c.Stores)) {
		s := c.Stores[id]
		from, err := netmail.ParseAddress(s.From)
		_, returns, set := strings.Cut(s.SMTP.ReturnPath, "@")
		if err != nil || !set {
			continue
		}
		_, domain, _ := strings.Cut(from.Address, "@")
		if examine.Registered(returns) == examine.Registered(domain) {
			continue
		}
		out = append(out, finding{Level: "warning", Key: "stores." + id + ".smtp.return_path", Text: fmt.Sprintf(
			"%s is not of the same registered domain as %s, the domain of from: SPF will not count for DMARC, and only a DKIM signature of %s does",
			returns, domain, domain)})
	}
	return out
}

// checkEmails says what people may not see of the emails of the stores as it was meant,
// and what spam filters would count: what homing templates lint warns of.
func checkEmails(c *config.Config, set *render.Set) []finding {
	if set == nil {
		return nil // reported already
	}
	var out []finding
	for _, f := range maillint.Emails(set, views(c)) {
		if f.Level == maillint.Warning {
			found := asFinding(f)
			found.File = filepath.Join(c.Templates.Dir, f.File)
			out = append(out, found)
		}
	}
	return out
}
