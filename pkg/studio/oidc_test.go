package studio_test

import (
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"homing/pkg/console"
	"homing/pkg/studio"
)

// provider is a real OpenID Connect provider, which lets everybody in who is next in line.
func provider(t *testing.T, seen func(path string, q url.Values)) *mockoidc.MockOIDC {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if seen != nil {
				q := r.URL.Query()
				seen(r.URL.Path, q)
				r.URL.RawQuery = q.Encode()
			}
			next.ServeHTTP(w, r)
		})
	}); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Start(l, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	return m
}

// with has people sign in with a provider; those of the group tea edit, and those of cups look.
func with(m *mockoidc.MockOIDC, got **console.OIDC) func(*studio.Options, *console.Options) {
	return func(o *studio.Options, who *console.Options) {
		who.OIDC = &console.OIDC{Issuer: m.Issuer(), ClientID: m.ClientID, ClientSecret: m.ClientSecret, Redirect: o.URL + studio.Returns, Key: []byte("a key of all processes"),
			Scopes: []string{"profile", "email", "groups"}, NameClaim: "preferred_username", RolesClaim: "groups", Editors: []string{"tea"}, Viewers: []string{"cups"}}
		if got != nil {
			*got = who.OIDC
		}
	}
}

func user(name string, groups ...string) *mockoidc.MockUser {
	return &mockoidc.MockUser{Subject: name, PreferredUsername: name, Email: name + "@shop.example", Groups: groups}
}

func TestPeopleSignInWithAProvider(t *testing.T) {
	var asked url.Values
	m := provider(t, func(path string, q url.Values) {
		if path == mockoidc.AuthorizationEndpoint {
			asked = q
		}
	})
	d := openedConsole(t, with(m, nil))
	if code, page := d.person(t).get("/versions"); code != http.StatusUnauthorized || !strings.Contains(page, `href="/sign-in/leave?to=%2Fversions"`) || !strings.Contains(page, `name="token"`) {
		t.Errorf("nobody: %d %s", code, page)
	}
	for _, c := range []struct {
		user   *mockoidc.MockUser
		code   int
		says   string
		editor bool
	}{
		{user("zoe", "staff", "tea"), http.StatusOK, "<span>zoe", true},
		{user("yan@shop.example", "cups"), http.StatusOK, `<span>yan <span class="tag">viewer`, false},
		{user("xim", "staff"), http.StatusUnauthorized, "have no role here", false},
		{user("xim"), http.StatusUnauthorized, "have no role here", false},
	} {
		p := d.person(t)
		m.QueueUser(c.user)
		code, page := p.get("/sign-in/leave?to=/versions")
		if code != c.code || !strings.Contains(page, c.says) || strings.Contains(page, "@shop.example") {
			t.Errorf("%v: %d %s", c.user.Groups, code, page)
		}
		if asked.Get("code_challenge_method") != "S256" || asked.Get("code_challenge") == "" || asked.Get("nonce") == "" || asked.Get("state") == "" {
			t.Errorf("the provider was asked %v", asked)
		}
		if edits := strings.Contains(page, "data-editor"); edits != c.editor {
			t.Errorf("%v edits: %v", c.user.Groups, edits)
		}
	}
}

// A sign-in that comes back without its browser, a second time, with another's state or from
// another sign-in lets nobody in.
func TestASignInIsOfOneBrowserAndOnce(t *testing.T) {
	m := provider(t, nil)
	d := openedConsole(t, with(m, nil))
	begin := func(p *person) *url.URL {
		t.Helper()
		stays := *p.http
		stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		res, err := stays.Get(d.URL() + "/sign-in/leave?to=//evil.example")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		m.QueueUser(user("zoe", "tea"))
		if res, err = stays.Get(res.Header.Get("Location")); err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		back, err := res.Location()
		if err != nil {
			t.Fatal(err)
		}
		return back
	}
	zoe, other := d.person(t), d.person(t)
	back := begin(zoe)
	for name, c := range map[string]struct {
		who  *person
		back string
		says string
	}{
		"another browser": {other, back.RequestURI(), "wasn’t begun"},
		"another state":   {other, begin(other).Path + "?code=x&state=y", "wasn’t begun"},
	} {
		if code, page := c.who.get(c.back); code != http.StatusUnauthorized || !strings.Contains(page, c.says) {
			t.Errorf("%s: %d %s", name, code, page)
		}
	}
	refused := begin(other).Query().Get("state")
	if code, page := other.get("/sign-in/back?error=access_denied&error_description=zoe@shop.example&state=" + refused); code != http.StatusUnauthorized || !strings.Contains(page, "let you in (access_denied)") || strings.Contains(page, "zoe@") {
		t.Errorf("refused: %d %s", code, page)
	}
	if code, page := other.get("/sign-in/back?code=made-up&state=" + begin(other).Query().Get("state")); code != http.StatusUnauthorized || !strings.Contains(page, "didn’t answer") {
		t.Errorf("a code that is made up: %d %s", code, page)
	}
	if code, page := zoe.get(back.RequestURI()); code != http.StatusOK || !strings.Contains(page, "<span>zoe") {
		t.Fatalf("the sign-in: %d %s", code, page)
	}
	if code, page := zoe.get(back.RequestURI()); code != http.StatusUnauthorized || !strings.Contains(page, "wasn’t begun") {
		t.Errorf("a second time: %d %s", code, page)
	}
}

// The token of another sign-in, which somebody may have got elsewhere, has another nonce.
func TestATokenOfAnotherSignInLetsNobodyIn(t *testing.T) {
	m := provider(t, func(path string, q url.Values) {
		if path == mockoidc.AuthorizationEndpoint {
			q.Set("nonce", "of another")
		}
	})
	failed := []error{}
	d := openedConsole(t, with(m, nil), func(_ *studio.Options, o *console.Options) {
		o.Failed = func(err error) { failed = append(failed, err) }
	})
	m.QueueUser(user("zoe", "tea"))
	if code, page := d.person(t).get("/sign-in/leave?to=/versions"); code != http.StatusUnauthorized || !strings.Contains(page, "didn’t answer") {
		t.Errorf("%d %s", code, page)
	}
	if len(failed) != 1 || !strings.Contains(failed[0].Error(), "another sign-in") {
		t.Errorf("the log says %v", failed)
	}
}

// elsewhere is somebody whose token is for another app.
type elsewhere struct{ *mockoidc.MockUser }

func (e elsewhere) Claims(scope []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	base.Audience = jwt.ClaimStrings{"another app"}
	return e.MockUser.Claims(scope, base)
}

// A token that is over, for another app, or signed by somebody else, lets nobody in.
func TestATokenThatIsNotGoodLetsNobodyIn(t *testing.T) {
	for says, spoil := range map[string]func(m *mockoidc.MockOIDC, signs, other *mockoidc.Keypair, path string){
		"expired":  func(m *mockoidc.MockOIDC, _, _ *mockoidc.Keypair, _ string) { m.AccessTTL = -time.Minute },
		"audience": func(*mockoidc.MockOIDC, *mockoidc.Keypair, *mockoidc.Keypair, string) {},
		"signature": func(m *mockoidc.MockOIDC, signs, other *mockoidc.Keypair, path string) {
			if m.Keypair = signs; path == mockoidc.TokenEndpoint {
				m.Keypair = other
			}
		},
	} {
		t.Run(says, func(t *testing.T) {
			var m *mockoidc.MockOIDC
			var signs *mockoidc.Keypair
			other, err := mockoidc.RandomKeypair(2048)
			if err != nil {
				t.Fatal(err)
			}
			m = provider(t, func(path string, _ url.Values) { spoil(m, signs, other, path) })
			signs = m.Keypair
			var failed []error
			d := openedConsole(t, with(m, nil), func(_ *studio.Options, o *console.Options) {
				o.Failed = func(err error) { failed = append(failed, err) }
			})
			var who mockoidc.User = user("zoe", "tea")
			if says == "audience" {
				who = elsewhere{user("zoe", "tea")}
			}
			m.QueueUser(who)
			p := d.person(t)
			if code, page := p.get("/sign-in/leave?to=/versions"); code != http.StatusUnauthorized || !strings.Contains(page, "didn’t answer") {
				t.Errorf("%d %.300s", code, page)
			}
			if len(failed) != 1 || !strings.Contains(failed[0].Error(), says) {
				t.Errorf("the log says %v", failed)
			}
			if code, _ := p.get("/versions"); code != http.StatusUnauthorized {
				t.Errorf("then: %d", code)
			}
		})
	}
}

func TestAProviderThatIsAway(t *testing.T) {
	m := provider(t, nil)
	d := openedConsole(t, with(m, nil))
	_ = m.Shutdown()
	if code, page := d.person(t).get("/sign-in/leave?to=/versions"); code != http.StatusUnauthorized || !strings.Contains(page, "didn’t answer") || !strings.Contains(page, `name="token"`) {
		t.Errorf("%d %s", code, page)
	}
}

// Who signs out is out, wherever the cookie is shown again; a session is believed by all who
// have the key, goes by the roles of the configuration as it is, and ends with the day.
func TestASessionIsEndedByItsOwner(t *testing.T) {
	m := provider(t, nil)
	var of *console.OIDC
	var told string
	d := openedConsole(t, with(m, &of), func(_ *studio.Options, o *console.Options) { o.SignedOut = func(id string, _ time.Time) { told = id } })
	for name, p := range map[string]*person{"with a token": d.signedIn(t, annsToken), "with a provider": d.person(t)} {
		if name == "with a provider" {
			m.QueueUser(user("zoe", "tea"))
			p.get("/sign-in/leave?to=/versions")
		}
		u, _ := url.Parse(d.URL())
		kept := p.http.Jar.Cookies(u)
		admits := func(a *console.Access) *studio.Visitor {
			r := &http.Request{Header: http.Header{}}
			for _, c := range kept {
				r.AddCookie(c)
			}
			return a.Admit(r)
		}
		options := func() console.Options {
			return console.Options{People: []console.Person{{Name: "Ann", Editor: true, Token: annsToken}}, OIDC: &console.OIDC{Key: of.Key, Editors: of.Editors}}
		}
		o := options()
		elsewhere := console.New(o)
		if v := admits(elsewhere); v == nil || !v.Editor || !v.SignedIn {
			t.Errorf("%s: another process takes them for %+v", name, v)
		}
		if name == "with a provider" {
			less := options()
			less.OIDC.Editors, less.OIDC.Viewers = nil, of.Editors
			if v := admits(console.New(less)); v == nil || v.Editor {
				t.Errorf("with less of a role: %+v", v)
			}
			less.OIDC.Viewers = nil
			if v := admits(console.New(less)); v != nil {
				t.Errorf("without a role: %+v", v)
			}
			less = options()
			less.OIDC.Key = []byte("another")
			if v := admits(console.New(less)); v != nil {
				t.Errorf("with another key: %+v", v)
			}
			late := options()
			late.Now = func() time.Time { return time.Now().Add(13 * time.Hour) }
			if v := admits(console.New(late)); v != nil {
				t.Errorf("the next day: %+v", v)
			}
		}
		told = ""
		if code, _ := p.submit("/sign-out", nil); code != http.StatusUnauthorized || told == "" {
			t.Errorf("%s: signing out: %d, and %q was told", name, code, told)
		}
		jar, _ := cookiejar.New(nil)
		jar.SetCookies(u, kept)
		thief := &person{t, d.URL(), &http.Client{Jar: jar}}
		if code, _ := thief.get("/versions"); code != http.StatusUnauthorized {
			t.Errorf("%s: the cookie is good after signing out: %d", name, code)
		}
		elsewhere.End(told, time.Now().Add(time.Hour))
		if admits(elsewhere) != nil {
			t.Errorf("%s: another process that was told admits them", name)
		}
	}
}
