package studio

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"

	"homing/pkg/localweb"
)

// request is what handlers know about the one who asks.
type request struct {
	visitor *Visitor
	nonce   string // of the styles of this page
}

type requestKey struct{}

func requestOf(r *http.Request) request {
	q, _ := r.Context().Value(requestKey{}).(request)
	return q
}

// guardPages admits who may use the pages, keeps other web pages in the same browser
// away, and sets the headers every answer has. Nothing may be inline, and nothing comes
// from elsewhere; the editor makes its style sheets by script, and shows the nonce.
func (s *Studio) guardPages(next http.Handler) http.Handler {
	hosts := localweb.HostsOf(s.addr)
	own := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; connect-src 'self'; frame-src "+
			s.mailURL+"; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		common(h)
		if !hosts.Allows(r.Host) {
			http.Error(w, fmt.Sprintf("the studio answers to localhost:%d only, not to %q", hosts.Port, r.Host), http.StatusForbidden)
			return
		}
		visitor := s.o.Access.Admit(r)
		switch {
		case visitor == nil:
			http.Error(w, "you may not use this studio", http.StatusUnauthorized)
			return
		case r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
			http.Error(w, "send JSON", http.StatusUnsupportedMediaType)
			return
		}
		own.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, request{visitor, nonce})))
	})
}

func common(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Cache-Control", "no-store")
}

// parents are the origins whose pages may show emails: ours, by each name of this machine.
func (s *Studio) parents() string {
	_, port, _ := net.SplitHostPort(s.addr.String())
	return s.pageURL + " http://localhost:" + port + " http://127.0.0.1:" + port
}

// guardMails is for the origin of the emails. Only the studio may show them.
func (s *Studio) guardMails(next http.Handler) http.Handler {
	hosts := localweb.HostsOf(s.mailAddr)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		common(w.Header())
		if !hosts.Allows(r.Host) {
			http.Error(w, "not here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// framePolicy is that of the page around an email, which swaps a new one in when it is
// there, and keeps where one has scrolled to.
func (s *Studio) framePolicy() string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors " + s.parents()
}

// mailPolicy lets an email show itself and do nothing by itself: no script runs. A link
// that somebody clicks opens in a tab of its own. Without pictures it is as it looks
// before somebody has them shown.
func (s *Studio) mailPolicy(pictures bool) string {
	from := "'self' data: https:"
	if !pictures {
		from = "'none'"
	}
	return "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; font-src https: data:; img-src " +
		from + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self' " + s.parents()
}
