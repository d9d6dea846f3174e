package console

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"homing/pkg/studio"
)

// An OIDC is a provider that has people sign in, and says who they are (OpenID Connect).
type OIDC struct {
	Issuer                 string // "https://login.example"
	ClientID, ClientSecret string // the secret may be "": PKCE alone
	Redirect               string // where the provider sends people back to: <console.url>/sign-in/back
	Scopes                 []string
	NameClaim, RolesClaim  string
	// Editors and Viewers are the roles that let somebody edit, or look. Anybody is all who
	// can sign in.
	Editors, Viewers []string
	// Key signs sessions, and what a sign-in is known again by. It is the same in all processes.
	Key []byte

	mu       sync.Mutex
	provider *oidc.Provider
}

// Anybody is a role that everybody has whom the provider knows.
const Anybody = "*"

const (
	// begun is for how long somebody may take to sign in.
	begun = 10 * time.Minute
	// patience is how long the provider may take to answer.
	patience = 10 * time.Second
)

// errors that people are told as they are.
var (
	errNotBegun = errors.New("this sign-in wasn’t begun in this browser, or took longer than ten minutes; begin again")
	errNobody   = errors.New("you are known, and have no role here; those who run Homing say in console.oidc which roles may look and edit")
	errAway     = errors.New("the provider that knows who you are didn’t answer as it should; try again, and Homing’s log says what was wrong")
)

// signing is what a sign-in is known again by. Nobody but the browser that began it has it.
type signing struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	To       string `json:"t"`
	Until    int64  `json:"u"`
}

// open returns the provider, which is asked about itself the first time, and how to use it.
func (o *OIDC) open(ctx context.Context) (context.Context, *oidc.Provider, *oauth2.Config, error) {
	client := &http.Client{Timeout: patience}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.provider == nil {
		// Its keys are fetched with this context later on, so it never ends.
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), client), o.Issuer)
		if err != nil {
			return ctx, nil, nil, fmt.Errorf("asking %s about itself: %w", o.Issuer, err)
		}
		o.provider = p
	}
	return oidc.ClientContext(ctx, client), o.provider, &oauth2.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, Endpoint: o.provider.Endpoint(),
		RedirectURL: o.Redirect, Scopes: append([]string{oidc.ScopeOpenID}, o.Scopes...)}, nil
}

// Elsewhere implements studio.SignIn.
func (a *Access) Elsewhere() bool { return a.o.OIDC != nil }

// Leave implements studio.SignIn.
func (a *Access) Leave(w http.ResponseWriter, r *http.Request, to string) error {
	_, _, client, err := a.o.OIDC.open(r.Context())
	if err != nil {
		return a.failed(err, errAway)
	}
	s := signing{rand.Text(), rand.Text(), oauth2.GenerateVerifier(), to, a.o.Now().Add(begun).Unix()}
	a.setCookie(w, a.signingCookie(), seal(a.o.OIDC.Key, "sign-in", s), begun, http.SameSiteLaxMode) // they come back from another site
	http.Redirect(w, r, client.AuthCodeURL(s.State, oidc.Nonce(s.Nonce), oauth2.S256ChallengeOption(s.Verifier)), http.StatusSeeOther)
	return nil
}

// Return implements studio.SignIn.
func (a *Access) Return(w http.ResponseWriter, r *http.Request) (to string, err error) {
	var s signing
	c, err := r.Cookie(a.signingCookie())
	a.setCookie(w, a.signingCookie(), "", -1, http.SameSiteLaxMode) // once
	q := r.URL.Query()
	switch {
	case err != nil || !unseal(a.o.OIDC.Key, "sign-in", c.Value, &s) || !a.o.Now().Before(time.Unix(s.Until, 0)),
		subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(s.State)) != 1:
		return "", a.failed(errors.New("a sign-in came back that was not begun in this browser, or long ago"), errNotBegun)
	case q.Get("error") != "":
		code := refusal.FindString(q.Get("error")) // what it says otherwise may have an address
		return "", a.failed(errors.New("the provider refused a sign-in: "+code), fmt.Errorf("the provider didn’t let you in (%s)", code))
	}
	claims, err := a.claims(r.Context(), q.Get("code"), s)
	if err != nil {
		return "", a.failed(err, errAway)
	}
	p := session{Name: nameOf(claims, a.o.OIDC.NameClaim), Roles: a.o.OIDC.known(rolesOf(claims, a.o.OIDC.RolesClaim)), ID: rand.Text(), Until: a.o.Now().Add(stay).Unix()}
	if _, ok := a.o.OIDC.may(p.Roles); !ok {
		return "", a.failed(errors.New("somebody signed in who has none of the roles of console.oidc"), errNobody)
	}
	a.o.Showed(true)
	a.o.Did("somebody signed in", p.Name)
	a.set(w, sessionForm+seal(a.o.OIDC.Key, "session", p), stay)
	return s.To, nil
}

// refusal is the form of an error's code (RFC 6749, section 4.1.2.1).
var refusal = regexp.MustCompile(`^[a-z_]{1,60}`)

// failed notes why somebody could not sign in, and returns what they are told.
func (a *Access) failed(why, told error) error {
	a.o.Showed(false)
	a.o.Failed(why)
	return told
}

// claims is what the provider says of who signed in.
func (a *Access) claims(ctx context.Context, code string, s signing) (map[string]any, error) {
	ctx, provider, client, err := a.o.OIDC.open(ctx)
	if err != nil {
		return nil, err
	}
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(s.Verifier))
	if refused, is := errors.AsType[*oauth2.RetrieveError](err); is { // its own words have the answer's body
		return nil, fmt.Errorf("the provider gave no token: %s %s", refused.Response.Status, refusal.FindString(refused.ErrorCode))
	}
	if err != nil {
		return nil, fmt.Errorf("asking the provider for a token: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: client.ClientID, Now: a.o.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("the provider's token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(s.Nonce)) != 1 {
		return nil, errors.New("the provider's token is of another sign-in")
	}
	out := map[string]any{}
	if err := id.Claims(&out); err != nil {
		return nil, fmt.Errorf("the provider's token: %w", err)
	}
	if rolesOf(out, a.o.OIDC.RolesClaim) != nil || provider.UserInfoEndpoint() == "" {
		return out, nil
	}
	more, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token)) // some say roles there alone
	if err != nil {
		return nil, fmt.Errorf("asking the provider about who signed in: %w", err)
	}
	if more.Subject != id.Subject {
		return nil, errors.New("the provider says something of somebody else")
	}
	return out, more.Claims(&out)
}

// rolesOf are the values of a claim: of its name, or else of where its dots lead.
func rolesOf(claims map[string]any, claim string) (out []string) {
	value, ok := claims[claim]
	if at, rest, nested := strings.Cut(claim, "."); !ok && nested {
		inner, _ := claims[at].(map[string]any)
		return rolesOf(inner, rest)
	}
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			if text, is := x.(string); is {
				out = append(out, text)
			}
		}
	}
	return out
}

// nameOf is how somebody is called here: a name, since it is kept for years, and no address.
func nameOf(claims map[string]any, claim string) string {
	for _, c := range []string{claim, "preferred_username", "sub"} {
		text, _ := claims[c].(string)
		text, _, _ = strings.Cut(strings.Join(strings.Fields(text), " "), "@")
		if text = strings.ToValidUTF8(text[:min(len(text), 100)], ""); text != "" {
			return text
		}
	}
	return "somebody"
}

// known leaves out roles that say nothing here.
func (o *OIDC) known(roles []string) []string {
	return slices.DeleteFunc(slices.Clone(roles), func(r string) bool { return !slices.Contains(o.Editors, r) && !slices.Contains(o.Viewers, r) })
}

// may says what somebody with some roles may do; false: nothing.
func (o *OIDC) may(roles []string) (editor, ok bool) {
	has := func(of []string) bool {
		return slices.Contains(of, Anybody) || slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(of, r) })
	}
	editor = has(o.Editors)
	return editor, editor || has(o.Viewers)
}

// ofProvider returns whose session a cookie is that the provider said who they are.
func (a *Access) ofProvider(value string) *studio.Visitor {
	var s session
	if a.o.OIDC == nil || !unseal(a.o.OIDC.Key, "session", value, &s) || !a.o.Now().Before(time.Unix(s.Until, 0)) || a.isEnded(s.ID) {
		return nil
	}
	editor, ok := a.o.OIDC.may(s.Roles) // by the configuration as it is now
	if !ok {
		return nil
	}
	return &studio.Visitor{Name: s.Name, Editor: editor, SignedIn: true}
}
