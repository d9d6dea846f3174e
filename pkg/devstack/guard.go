package devstack

import (
	"embed"
	"fmt"
	"net"
	"net/http"

	"homing/pkg/localweb"
)

// The page: no build step, nothing from elsewhere.
//
//go:embed page
var page embed.FS

const (
	// pagePolicy is the page's own: its script and style, its API, and frames with
	// emails, which carry mailPolicy. Nothing inline, nothing from elsewhere.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; " +
		"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	// mailPolicy lets an email show itself, with the inbox's own pictures, and do
	// nothing by itself. A link that somebody clicks opens in a tab of its own, outside
	// of the sandbox. remotePolicy also lets it show pictures from elsewhere.
	mailPolicy   = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
	remotePolicy = mailPolicy + " *"
)

// guarded keeps other web pages in the same browser away from the inbox, and
// sets the headers every answer has. An email can hold a sign-in link or a coupon,
// and any page may send requests to a local port.
func guarded(next http.Handler, listen net.Addr) http.Handler {
	hosts := localweb.HostsOf(listen)
	own := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !hosts.Allows(r.Host) {
			writeError(w, http.StatusForbidden, fmt.Sprintf("the inbox answers to localhost:%d only, not to %q", hosts.Port, r.Host))
			return
		}
		own.ServeHTTP(w, r)
	})
}

// asset serves a file of the page.
func asset(name, contentType string) http.HandlerFunc {
	content, err := page.ReadFile("page/" + name)
	return func(w http.ResponseWriter, _ *http.Request) {
		if err != nil {
			writeError(w, http.StatusInternalServerError, err.Error())
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(content)
	}
}
