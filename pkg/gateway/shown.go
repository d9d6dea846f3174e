package gateway

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"homing/pkg/link"
)

// ofEmail is the policy of an email in a browser. It is what the shop made, and yet has
// none of what a page of ours may do: no script, no form, no part in our origin. Its
// pictures are the shop's, and its links open as in a mail program.
const ofEmail = "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; " +
	"default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// show answers a link to an email in a browser. It changes nothing, so it is for GET alone.
func (g *Gateway) show(r *http.Request, s site, l link.Link) reply {
	a := reply{kind: "view", code: http.StatusOK}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.view, a.code, a.allow = notHere(s), http.StatusMethodNotAllowed, "GET, HEAD"
		return a
	}
	if !g.admit(r, l.Customer.Token) {
		return tooMany(a.kind, s)
	}
	html, err := "", error(nil)
	if g.o.Shown != nil {
		html, err = reading(r.Context(), g, func(ctx context.Context) (string, error) { return g.o.Shown(ctx, l.Customer, l.Touch) })
	}
	switch {
	case err != nil:
		g.warn("an email could not be shown; the customer is asked to try again", "store", s.store.ID, err)
		a.view, a.code = notNow(s), http.StatusServiceUnavailable
	case html == "":
		a.view, a.code = gone(s), http.StatusNotFound
	default:
		a.email = html
	}
	return a
}

func writeEmail(w http.ResponseWriter, html string) {
	h := w.Header()
	h.Set("Content-Security-Policy", ofEmail)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(html)))
	_, _ = io.WriteString(w, html)
}

func gone(s site) view {
	return view{site: s, Tone: problem, Title: s.say("gone_title"), Text: []string{s.say("gone_text")}}
}

func notNow(s site) view {
	return view{site: s, Tone: problem, Title: s.say("later_title"), Text: []string{s.say("later_text")}}
}
