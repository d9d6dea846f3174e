package studio_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"homing/pkg/bus"
	"homing/pkg/console"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/render"
	"homing/pkg/studio"
	"homing/pkg/templatestore"
	"homing/templates"
)

// The tokens of the console's people in tests.
const (
	annsToken = "a-token-of-ann-that-has-32-bytes-or-more"
	bobsToken = "a-token-of-bob-that-has-32-bytes-or-more"
	vicsToken = "a-token-of-vic-that-has-32-bytes-or-more"
)

// A desk is a console in tests: Ann and Bob edit, Vic looks.
type desk struct {
	*studio.Studio
	versions *templatestore.Store
	mu       sync.Mutex
	told     int // times that it was told of what was published
}

// openedConsole is a console over an empty bucket, reached by http://localhost:PORT;
// emails are at http://127.0.0.1:PORT.
func openedConsole(t *testing.T, change ...func(*studio.Options, *console.Options)) *desk {
	t.Helper()
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	d := &desk{versions: templatestore.New(js)}
	who := console.Options{People: []console.Person{
		{Name: "Ann", Editor: true, Token: annsToken, ProxyUser: "ann@shop.example"}, {Name: "Bob", Editor: true, Token: bobsToken}, {Name: "Vic", Token: vicsToken},
	}}
	addr := freeAddr(t)
	_, port, _ := strings.Cut(addr, ":")
	o := studio.Options{
		Carried: fewTemplates(t), Versions: d.versions, Load: render.Load, Addr: addr, URL: "http://localhost:" + port, MailURL: "http://127.0.0.1:" + port,
		Published: func(context.Context) error { d.mu.Lock(); defer d.mu.Unlock(); d.told++; return nil },
	}
	for _, f := range change {
		f(&o, &who)
	}
	o.Access = console.New(who)
	s, err := studio.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	d.Studio = s
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.Stop(ctx)
	})
	return d
}

// fewTemplates are those of one worker, which are loaded soon.
func fewTemplates(t *testing.T) fs.FS {
	t.Helper()
	return someTemplates(t, "thank-you")
}

// someTemplates are those of some workers.
func someTemplates(t *testing.T, workers ...string) fs.FS {
	t.Helper()
	all, err := templatestore.ReadFiles(templates.Files)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(p string, _ []byte) bool {
		dir, _, _ := strings.Cut(p, "/")
		return !slices.Contains(workers, dir) && dir != "layouts" && dir != "partials" && dir != "phrases"
	})
	few, err := all.FS()
	if err != nil {
		t.Fatal(err)
	}
	return few
}

// A person is a browser without scripts.
type person struct {
	t    *testing.T
	at   string
	http *http.Client
}

func (d *desk) person(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t, d.URL(), &http.Client{Jar: jar}}
}

// signedIn is a person who signed in with a token.
func (d *desk) signedIn(t *testing.T, token string) *person {
	t.Helper()
	p := d.person(t)
	if code, page := p.submit("/sign-in", nil, "token", token, "to", "/versions"); code != http.StatusOK || !strings.Contains(page, "<h1>Versions</h1>") {
		t.Fatalf("signing in: %d %s", code, page)
	}
	return p
}

func (p *person) do(req *http.Request) (int, string) {
	p.t.Helper()
	res, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	for res.Header.Get("Refresh") != "" { // it is still being asked for
		_ = res.Body.Close()
		if res, err = p.http.Get(res.Request.URL.String()); err != nil {
			p.t.Fatal(err)
		}
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

func (p *person) get(path string, header ...string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.at+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	for n := 0; n < len(header); n += 2 {
		req.Header.Add(header[n], header[n+1])
	}
	return p.do(req)
}

// submit sends a form, as this page or as header says.
func (p *person) submit(path string, header map[string]string, fields ...string) (int, string) {
	p.t.Helper()
	form := url.Values{}
	for n := 0; n < len(fields); n += 2 {
		form.Set(fields[n], fields[n+1])
	}
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", p.at)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for k, v := range header {
		req.Header.Set(k, v)
	}
	return p.do(req)
}

// save saves a file as the editor does; version is that of the text before.
func (p *person) save(path, text, version string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.at+"/api/save", strings.NewReader(jsonOf(p.t, files{[]file{{path, text, version}}})))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return p.do(req)
}

// source returns a file as it is edited.
func (p *person) source(path string) file {
	p.t.Helper()
	_, body := p.get("/api/emails/" + inEmail)
	var all files
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		p.t.Fatal(err)
	}
	for _, f := range all.Files {
		if f.Path == path {
			return f
		}
	}
	p.t.Fatalf("there is no %s in %s", path, body)
	return file{}
}

// change saves a file with a line more at its end.
func (p *person) change(path, line string) {
	p.t.Helper()
	f := p.source(path)
	if code, body := p.save(path, f.Text+line+"\n", f.Version); code != http.StatusOK {
		p.t.Fatalf("saving: %d %s", code, body)
	}
}

var (
	draftRevision = regexp.MustCompile(`name="revision" value="(\d+)"`)
	draftBase     = regexp.MustCompile(`name="base" value="(\d+)"`)
)

// review opens the page of the draft, and returns what its form would send.
func (p *person) review() (base, revision, page string) {
	p.t.Helper()
	code, page := p.get("/versions/draft")
	b, r := draftBase.FindStringSubmatch(page), draftRevision.FindStringSubmatch(page)
	if code != http.StatusOK || b == nil || r == nil {
		p.t.Fatalf("%d, and nothing to publish: %s", code, page)
	}
	return b[1], r[1], page
}

func (p *person) publish(base, revision, note string) (int, string) {
	p.t.Helper()
	return p.submit("/versions/draft/publish", nil, "base", base, "revision", revision, "note", note)
}

func TestWhoMayUseTheConsole(t *testing.T) {
	d := openedConsole(t, func(_ *studio.Options, o *console.Options) {
		o.Header, o.Proxies, o.OthersView = "X-User", []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, true
	})
	nobody := d.person(t)
	if code, page := nobody.get("/versions"); code != http.StatusUnauthorized || !strings.Contains(page, `name="token"`) || !strings.Contains(page, `value="/versions"`) || strings.Contains(page, "aria-label=\"Sections\"") {
		t.Errorf("nobody: %d %s", code, page)
	}
	for _, path := range []string{"/api/vocabulary", "/api/changes", "/emails/win-back/offer"} {
		if code, _ := nobody.get(path); code != http.StatusUnauthorized {
			t.Errorf("nobody, %s: %d", path, code)
		}
	}
	if code, page := nobody.submit("/sign-in", nil, "token", "wrong", "to", "//evil.example"); code != http.StatusUnauthorized || !strings.Contains(page, "Nobody has this token") || strings.Contains(page, "evil") {
		t.Errorf("a wrong token: %d %s", code, page)
	}
	ann := d.signedIn(t, annsToken)
	u, _ := url.Parse(d.URL())
	if c := ann.http.Jar.Cookies(u); len(c) != 1 || strings.Contains(c[0].Value, annsToken) {
		t.Errorf("%v", c)
	}
	if code, page := ann.submit("/sign-out", nil); code != http.StatusUnauthorized || !strings.Contains(page, `name="token"`) {
		t.Errorf("signed out: %d %s", code, page)
	}
	for name, x := range map[string]struct {
		header []string
		want   int
		name   string
	}{
		"a bearer":                    {[]string{"Authorization", "Bearer " + annsToken}, http.StatusOK, "<span>Ann"},
		"a bearer of nobody's":        {[]string{"Authorization", "Bearer nobody's"}, http.StatusUnauthorized, ""},
		"no bearer":                   {[]string{"Authorization", "Basic YTpi"}, http.StatusUnauthorized, ""},
		"the proxy":                   {[]string{"X-User", "ANN@shop.example"}, http.StatusOK, "<span>Ann"},
		"the proxy, others":           {[]string{"X-User", "zoe@shop.example"}, http.StatusOK, "<h1>Versions</h1>"},
		"the proxy, twice":            {[]string{"X-User", "ann@shop.example", "X-User", "zoe@shop.example"}, http.StatusUnauthorized, ""},
		"the proxy, and who is empty": {[]string{"X-User", ""}, http.StatusUnauthorized, ""},
	} {
		code, page := d.person(t).get("/versions", x.header...)
		if code != x.want || !strings.Contains(page, x.name) {
			t.Errorf("%s: %d %s", name, code, page)
		}
	}
	if _, page := d.person(t).get("/versions", "X-User", "zoe@shop.example"); strings.Contains(page, "zoe") {
		t.Errorf("it says the address: %s", page)
	}
}

func TestNoOneElseIsTheProxy(t *testing.T) {
	d := openedConsole(t, func(_ *studio.Options, o *console.Options) {
		o.Header, o.Proxies, o.OthersView = "X-User", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, true
	})
	if code, _ := d.person(t).get("/versions", "X-User", "ann@shop.example"); code != http.StatusUnauthorized {
		t.Errorf("%d", code)
	}
	if code, _ := d.signedIn(t, annsToken).get("/versions", "X-User", "ann@shop.example"); code != http.StatusUnauthorized {
		t.Errorf("who is signed in says to be the proxy: %d", code)
	}
}

func TestASessionEndsWithItsTokenAndWithTheDay(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	people := []console.Person{{Name: "Ann", Editor: true, Token: annsToken}}
	a := console.New(console.Options{People: people, Secure: true, Now: func() time.Time { return now }})
	w := &answered{header: http.Header{}}
	if v := a.SignIn(w, annsToken); v == nil || !v.SignedIn || !v.Editor {
		t.Fatal(v)
	}
	cookie := w.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("%q is not in %s", want, cookie)
		}
	}
	value, _, _ := strings.Cut(cookie, ";")
	admit := func(a *console.Access, cookie string) bool {
		r := &http.Request{Header: http.Header{"Cookie": {cookie}}}
		return a.Admit(r) != nil
	}
	if !admit(a, value) {
		t.Error("who signed in is not admitted")
	}
	if admit(a, value[:len(value)-2]+"xx") {
		t.Error("a changed cookie is believed")
	}
	other := console.New(console.Options{People: []console.Person{{Name: "Ann", Editor: true, Token: bobsToken}}, Secure: true, Now: func() time.Time { return now }})
	if admit(other, value) {
		t.Error("the session goes on with another token")
	}
	now = now.Add(12 * time.Hour)
	if admit(a, value) {
		t.Error("the session goes on for ever")
	}
}

// answered is an http.ResponseWriter whose header is looked at.
type answered struct {
	http.ResponseWriter
	header http.Header
}

func (a *answered) Header() http.Header { return a.header }

func TestOtherPagesPublishNothing(t *testing.T) {
	d := openedConsole(t)
	ann := d.signedIn(t, annsToken)
	ann.change(inEmail+".txt", "P.S.")
	base, revision, _ := ann.review()
	for name, header := range map[string]map[string]string{
		"another site":        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"a sibling":           {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost:1"},
		"an old browser":      {"Sec-Fetch-Site": "", "Origin": "http://evil.example"},
		"an email in a frame": {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
	} {
		for _, path := range []string{"/versions/draft/publish", "/versions/draft/decide", "/versions/1/restore", "/sign-out", "/sign-in"} {
			if code, body := ann.submit(path, header, "base", base, "revision", revision, "token", bobsToken); code != http.StatusForbidden {
				t.Errorf("%s, %s: %d %s", name, path, code, body)
			}
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+"/versions", nil)
	req.Host = "evil.example"
	if code, _ := ann.do(req); code != http.StatusForbidden {
		t.Errorf("another name: %d", code)
	}
	if n, err := d.versions.Current(t.Context()); n != 0 || err != nil {
		t.Fatalf("published: %d, %v", n, err)
	}
}

// The emails' host knows nobody: what it shows has an address that nobody can guess.
func TestTheEmailsHostShowsNothingToStrangers(t *testing.T) {
	d := openedConsole(t)
	ann, stranger := d.signedIn(t, annsToken), d.person(t)
	_, page := ann.get("/emails")
	shown := regexp.MustCompile(`src="(http://127[^"]+/thumbnail/)([^/]+)(/[^"]+)"`).FindStringSubmatch(page)
	if shown == nil {
		t.Fatalf("no thumbnail in %s", page)
	}
	at := func(url string) int {
		stranger.at = ""
		code, _ := stranger.get(url)
		return code
	}
	if code := at(shown[1] + shown[2] + shown[3]); code != http.StatusOK {
		t.Errorf("what the page shows: %d", code)
	}
	for _, url := range []string{shown[1] + "x" + shown[3], shown[1] + strings.TrimPrefix(shown[3], "/"), strings.TrimSuffix(shown[1], "/thumbnail/") + "/view/x", strings.TrimSuffix(shown[1], "/thumbnail/") + "/api/vocabulary", strings.TrimSuffix(shown[1], "/thumbnail/") + "/emails"} {
		if code := at(url); code != http.StatusNotFound {
			t.Errorf("%s: %d", url, code)
		}
	}
}
