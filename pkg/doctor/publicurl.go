package doctor

import (
	"fmt"
	"time"
)

// GatewayFacts are what came of following a link that this installation signed, and one
// that was made up.
type GatewayFacts struct {
	URL         string // http.public_url; empty: none
	Err         string // it could not be reached
	Code        int    // of the good link
	Forged      int    // of the other
	Redirect    string // where the good link led, if elsewhere
	Certificate time.Time
}

// certificateSoon is how long before its end a certificate is worth a word: renewal
// works as a rule a month before.
const certificateSoon = 14 * 24 * time.Hour

// JudgeGateway judges whether http.public_url leads to a gateway of this installation.
func JudgeGateway(g GatewayFacts, now time.Time) []Finding {
	about := g.URL
	f := Finding{Level: Trouble, About: about, Why: "customers cannot unsubscribe or answer, and mailbox providers see that"}
	switch {
	case g.URL == "":
		return Of(PublicURL, Finding{Level: Note, Text: "http.public_url is not set: there are no links, and no marketing emails"})
	case g.Err != "":
		f.Text, f.Do = "cannot be reached from here: "+g.Err, "check DNS, the proxy and its certificate; it must lead to http.gateway of a process with the role gateway. From outside it may be otherwise: follow a link in an email there, too"
	case g.Redirect != "":
		f.Text, f.Do = fmt.Sprintf("answers with a redirect (%d) to %s", g.Code, g.Redirect), "let the proxy hand these paths on to http.gateway itself: a mailbox provider that unsubscribes follows no redirect (RFC 8058)"
	case g.Code == 200 && g.Forged == 403:
		f = Finding{Level: OK, About: about, Text: "leads to a gateway that knows our links"}
	case g.Code == 403:
		f.Text, f.Do = "leads to a gateway that refuses links signed with our key", "it has another secret or other link_keys: give all processes the same, and add our key to link_keys of the gateways"
	case g.Code == 404 && g.Forged == 403:
		f.Text, f.Do = "leads to a gateway that does not know this store", "give the gateway the same configuration, and restart it"
	case g.Code == 503 || g.Code == 502 || g.Code == 504:
		f.Text, f.Do = fmt.Sprintf("answers with %d: the gateway is not ready, or the proxy does not reach it", g.Code), "see that a process has the role gateway (homing run gateway), and what its /readyz says"
	default:
		f.Text, f.Do = fmt.Sprintf("answers with %d to a good link and %d to a forged one, so something else than a gateway of Homing is there", g.Code, g.Forged), "let the proxy hand on all paths of http.public_url to http.gateway, unchanged"
	}
	out := append([]Finding{f}, ends(about, g.Certificate, now, "after that no link in an email works", "renew it, and see why it is not renewed by itself")...)
	return Of(PublicURL, out...)
}

// ends tells of a certificate that ends soon; a zero time is none.
func ends(about string, end, now time.Time, why, do string) []Finding {
	if end.IsZero() || end.Sub(now) >= certificateSoon {
		return nil
	}
	return []Finding{{Level: Warning, About: about, Text: "its certificate ends on " + end.UTC().Format(time.DateOnly), Why: why, Do: do}}
}
