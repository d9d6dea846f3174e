package studio

import (
	"net/http"
	"net/url"
	"strings"
)

// Access decides who may use a studio, request by request.
type Access interface {
	// Admit returns who asks; nil if they may see nothing.
	Admit(r *http.Request) *Visitor
}

// SignIn is an Access that lets people in who show a token, once.
type SignIn interface {
	Access
	// Tokens reports whether anybody has one.
	Tokens() bool
	// SignIn returns whose token it is, and keeps them signed in by what it adds to the
	// answer; nil: nobody's.
	SignIn(w http.ResponseWriter, token string) *Visitor
	// SignOut ends that, for whoever has the cookie of the request.
	SignOut(w http.ResponseWriter, r *http.Request)

	// Elsewhere reports whether people can sign in with somebody who knows them. Leave sends
	// them there, and Return takes them back: it says where they wanted to go, and keeps them
	// signed in as SignIn does. Errors are for people.
	Elsewhere() bool
	Leave(w http.ResponseWriter, r *http.Request, to string) error
	Return(w http.ResponseWriter, r *http.Request) (to string, err error)
}

// Where people leave to sign in elsewhere, and where they come back.
const (
	leaves  = "/sign-in/leave"
	Returns = "/sign-in/back"
)

// A Visitor is somebody who may look, and perhaps change things.
type Visitor struct {
	Name     string // for the audit; "" where everybody is the same
	Editor   bool   // may save, send and publish, and see real customers
	SignedIn bool   // by this app, which can sign them out
}

// Anybody is the Access of a studio that only its own machine can reach.
type Anybody struct{}

// Admit implements Access.
func (Anybody) Admit(*http.Request) *Visitor { return &Visitor{Editor: true} }

// maxForm is how much a form may send: a note, a token.
const maxForm = 64 << 10

// signing is the content of the page on which people sign in.
type signing struct {
	To    string // where they wanted to go
	Wrong bool   // they showed a token that is nobody's
	Form  bool   // there are tokens
	// Elsewhere is where they leave to sign in with somebody who knows them; "": nowhere. With
	// neither a proxy has people sign in.
	Elsewhere string
	Trouble   string // why they could not
}

// signingOf is the page on which somebody signs in who wants to go somewhere.
func (s *Studio) signingOf(to string) signing {
	out := signing{To: to}
	if door, ok := s.o.Access.(SignIn); ok {
		if out.Form = door.Tokens(); door.Elsewhere() {
			out.Elsewhere = leaves + "?to=" + url.QueryEscape(to)
		}
	}
	return out
}

// passing is for those who sign in elsewhere, on their way there and back; it reports false
// of any other request. Whoever is signed in already does so again.
func (s *Studio) passing(w http.ResponseWriter, r *http.Request) bool {
	door, ok := s.o.Access.(SignIn)
	if !ok || !door.Elsewhere() || r.Method != http.MethodGet || r.URL.Path != leaves && r.URL.Path != Returns {
		return false
	}
	to, err := local(r.URL.Query().Get("to")), error(nil)
	if r.URL.Path == leaves {
		err = door.Leave(w, r, to)
	} else if to, err = door.Return(w, r); err == nil {
		http.Redirect(w, r, local(to), http.StatusSeeOther)
	}
	if err != nil {
		page := s.signingOf(local(to))
		page.Trouble = strings.ToUpper(err.Error()[:1]) + err.Error()[1:]
		s.page(w, r, http.StatusUnauthorized, "", "signin", "Sign in", page)
	}
	return true
}

// local is a path of ours; what is none leads to the first page.
func local(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") || strings.HasPrefix(path, "/sign-") {
		return "/"
	}
	return path
}

// strangers is what those see whom nobody knows: the page on which they sign in.
func (s *Studio) strangers(w http.ResponseWriter, r *http.Request) {
	door, form := s.o.Access.(SignIn)
	form = form && door.Tokens()
	switch {
	case r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Site") == "cross-site":
		// The browser does not tell who they are as they come from another site, from a
		// link in a chat: asked once more by ourselves, it does.
		w.Header().Set("Refresh", "0")
		http.Error(w, "One moment.", http.StatusUnauthorized)
	case strings.HasPrefix(r.URL.Path, "/api/"):
		fail(w, http.StatusUnauthorized, "you are not signed in, or not any more; open the page again in another tab and sign in: what you typed is kept here")
	case r.Method == http.MethodPost && r.URL.Path == "/sign-in" && form:
		s.signIn(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		s.page(w, r, http.StatusUnauthorized, "", "signin", "Sign in", s.signingOf(local(r.URL.RequestURI())))
	default:
		http.Error(w, "sign in first", http.StatusUnauthorized)
	}
}

func (s *Studio) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	token, to := strings.TrimSpace(r.PostFormValue("token")), local(r.PostFormValue("to"))
	door, ok := s.o.Access.(SignIn)
	if !ok || door.SignIn(w, token) == nil {
		page := s.signingOf(to)
		page.Wrong = true
		s.page(w, r, http.StatusUnauthorized, "", "signin", "Sign in", page)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *Studio) signOut(w http.ResponseWriter, r *http.Request) {
	if door, ok := s.o.Access.(SignIn); ok {
		door.SignOut(w, r)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// Editors lets only those in who may change things, and see customers.
func Editors(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !VisitorOf(r.Context()).Editor {
			http.Error(w, "you may look here, and change nothing", http.StatusForbidden)
			return
		}
		next(w, r)
	}
}

// editors lets only those in who may change things.
func editors(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !requestOf(r).visitor.Editor {
			fail(w, http.StatusForbidden, "you may look at emails here, and neither change them nor see customers")
			return
		}
		next(w, r)
	}
}
