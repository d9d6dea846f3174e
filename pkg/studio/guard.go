package studio

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"go.uber.org/zap"

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

// VisitorOf returns for whom something is asked.
func VisitorOf(ctx context.Context) Visitor {
	if q, ok := ctx.Value(requestKey{}).(request); ok && q.visitor != nil {
		return *q.visitor
	}
	return Visitor{}
}

// guardPages admits who may use the pages, keeps other web pages in the same browser
// away, and sets the headers every answer has. Nothing may be inline, and nothing comes
// from elsewhere; the editor makes its style sheets by script, and shows the nonce.
func (s *Studio) guardPages(next http.Handler) http.Handler {
	next = s.admitted(next)
	files := http.HandlerFunc(s.asset) // the same for everybody, those who sign in included
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "another page sent this, or a proxy does not pass the Host on that the browser asked for", http.StatusForbidden)
	}))
	guarded := own.Handler(next)
	inner := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/assets/"); ok {
			r.SetPathValue("name", name)
			files(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	}))
	if s.o.Guard != nil {
		inner = s.o.Guard(inner)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; connect-src 'self'; frame-src "+
			s.mailURL+"; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		common(h)
		h.Set("X-Frame-Options", "DENY")
		if why := s.pageHost(r.Host); why != "" {
			http.Error(w, why, http.StatusForbidden)
			return
		}
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, request{nonce: nonce})))
	})
}

// admitted lets those in who may use the pages.
func (s *Studio) admitted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.passing(w, r) {
			return
		}
		q := requestOf(r)
		if q.visitor = s.o.Access.Admit(r); q.visitor == nil {
			s.strangers(w, r)
			return
		}
		if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			http.Error(w, "send JSON", http.StatusUnsupportedMediaType)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, q)))
	})
}

// did notes who did something that the timeline doesn't tell.
func (s *Studio) did(r *http.Request, what string, of ...zap.Field) {
	s.audit.Info(what, append(of, zap.String("by", requestOf(r).visitor.Name))...)
}

func common(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("Cache-Control", "no-store")
}

// pageHost says why a Host is none of ours; "" if it is.
func (s *Studio) pageHost(host string) string {
	if s.o.URL != "" {
		if sameHost(host, s.pageURL) {
			return ""
		}
		return fmt.Sprintf("the console answers to %s, not to %q: see console.url; a proxy has to pass the Host on", s.pageURL, host)
	}
	if hosts := localweb.HostsOf(s.addr); !hosts.Allows(host) {
		return fmt.Sprintf("the studio answers to localhost:%d only, not to %q", hosts.Port, host)
	}
	return ""
}

// sameHost reports whether a Host is that of an address.
func sameHost(host, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	plain := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	bare := func(h string) string { return strings.TrimSuffix(strings.ToLower(h), plain) }
	return bare(host) == bare(u.Host)
}

// parents are the origins whose pages may show emails: ours, by each name of this machine.
func (s *Studio) parents() string {
	if s.o.URL != "" {
		return s.pageURL
	}
	_, port, _ := net.SplitHostPort(s.addr.String())
	return s.pageURL + " http://localhost:" + port + " http://127.0.0.1:" + port
}

// guardMails is for the origin of the emails. Only the studio may show them.
func (s *Studio) guardMails(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		common(w.Header())
		w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self' "+s.parents()) // what shows something has its own
		if s.o.URL == "" && !localweb.HostsOf(s.mailAddr).Allows(r.Host) {
			http.Error(w, "not here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// framePolicy is that of the page around an email, which puts a new one in when it is
// there, and keeps where one has scrolled to.
func (s *Studio) framePolicy() string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors " + s.parents()
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
