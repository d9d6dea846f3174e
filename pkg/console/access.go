// Package console says who may use the web app of the role console: those who show a
// token of the configuration, once in a form or with each request, those who sign in with an
// OpenID Connect provider, and those for whom a trusted proxy speaks. A session is a signed
// cookie, which any process with the same configuration believes; what is kept is which
// sessions were ended before their time.
package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"homing/pkg/studio"
)

// A Person may use the console.
type Person struct {
	Name      string
	Editor    bool
	Token     string // "": they do not sign in here
	ProxyUser string // "": no proxy speaks for them
}

// Options are who may use the console.
type Options struct {
	People []Person
	// Header has the user, where a proxy has people sign in; "": there is none.
	Header  string
	Proxies []netip.Prefix
	// OthersView lets those look who are known to the proxy alone.
	OthersView bool
	// Secure is whether browsers reach the console by https.
	Secure bool
	Now    func() time.Time // nil: time.Now
	// Showed is told of each token that somebody showed in the form; may be nil.
	Showed func(good bool)
	// OIDC is a provider with which people sign in; nil: there is none.
	OIDC *OIDC
	// Failed is told why somebody could not sign in with it; it has no address. May be nil.
	Failed func(error)
	// Did is told who signed in and out; may be nil.
	Did func(what, by string)
	// SignedOut is told of a session that was ended, and when it would have ended; may be nil.
	SignedOut func(id string, until time.Time)
}

// Access is a studio.SignIn.
type Access struct {
	o     Options
	mu    sync.Mutex
	ended map[string]time.Time // sessions, by id, until they would have ended
}

// New returns who may use the console.
func New(o Options) *Access {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Showed == nil {
		o.Showed = func(bool) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Did == nil {
		o.Did = func(string, string) {}
	}
	if o.SignedOut == nil {
		o.SignedOut = func(string, time.Time) {}
	}
	return &Access{o: o, ended: map[string]time.Time{}}
}

// Tokens reports whether anybody can sign in with a token.
func (a *Access) Tokens() bool {
	return slices.ContainsFunc(a.o.People, func(p Person) bool { return p.Token != "" })
}

// Admit implements studio.Access. What says who somebody is and cannot be believed is not
// passed over for something else: it is somebody who tries.
func (a *Access) Admit(r *http.Request) *studio.Visitor {
	if said := r.Header.Get("Authorization"); said != "" {
		token, ok := strings.CutPrefix(said, "Bearer ")
		if !ok {
			return nil
		}
		return visitor(a.ofToken(token), false)
	}
	if a.o.Header != "" && len(r.Header.Values(a.o.Header)) > 0 {
		return a.ofProxy(r)
	}
	return a.ofCookie(r)
}

func visitor(p *Person, signedIn bool) *studio.Visitor {
	if p == nil {
		return nil
	}
	return &studio.Visitor{Name: p.Name, Editor: p.Editor, SignedIn: signedIn}
}

// ofToken returns whose token it is, in a time that tells nothing about any.
func (a *Access) ofToken(token string) (found *Person) {
	shown := sha256.Sum256([]byte(strings.TrimSpace(token)))
	for i := range a.o.People {
		own := sha256.Sum256([]byte(a.o.People[i].Token))
		if subtle.ConstantTimeCompare(shown[:], own[:]) == 1 && a.o.People[i].Token != "" {
			found = &a.o.People[i]
		}
	}
	return found
}

// ofProxy believes the header from a proxy's own address only.
func (a *Access) ofProxy(r *http.Request) *studio.Visitor {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	said := r.Header.Values(a.o.Header)
	if err != nil || len(said) != 1 || said[0] == "" || !slices.ContainsFunc(a.o.Proxies, func(n netip.Prefix) bool { return n.Contains(from.Addr().Unmap()) }) {
		return nil
	}
	for i := range a.o.People {
		if p := &a.o.People[i]; p.ProxyUser != "" && strings.EqualFold(p.ProxyUser, said[0]) {
			return visitor(p, false)
		}
	}
	if a.o.OthersView {
		return &studio.Visitor{} // whose name nobody has to know: they change nothing
	}
	return nil
}
