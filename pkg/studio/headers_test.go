package studio_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"homing/pkg/console"
	"homing/pkg/homingtest/routes"
	"homing/pkg/studio"
)

// policyOf reads a Content-Security-Policy: what each directive allows.
func policyOf(h http.Header) map[string]string {
	out := map[string]string{}
	for d := range strings.SplitSeq(h.Get("Content-Security-Policy"), ";") {
		name, allows, _ := strings.Cut(strings.TrimSpace(d), " ")
		out[name] = allows
	}
	return out
}

var nonce = regexp.MustCompile(`'nonce-([A-Z2-7]{26})'`)

// guardedPage says what is wrong with the header of an answer of the console.
func guardedPage(h http.Header) (wrong []string) {
	p := policyOf(h)
	for name, want := range map[string]string{"default-src": "'none'", "script-src": "'self'", "connect-src": "'self'", "base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'none'", "img-src": "'self' data:"} {
		if p[name] != want {
			wrong = append(wrong, fmt.Sprintf("%s is %q", name, p[name]))
		}
	}
	if style := nonce.ReplaceAllString(p["style-src"], "nonce"); style != "'self' nonce" || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
		wrong = append(wrong, "style-src is "+p["style-src"])
	}
	return append(wrong, common(h)...)
}

// common says what is wrong with what all answers have, those of emails included.
func common(h http.Header) (wrong []string) {
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"} {
		if h.Get(name) != want {
			wrong = append(wrong, fmt.Sprintf("%s is %q", name, h.Get(name)))
		}
	}
	return wrong
}

// Whatever is asked for, by whomever, and whatever comes of it: no script and no style that is
// within the page runs, nothing comes from elsewhere, no other page shows it, and nothing but
// files that are the same for everybody is kept.
func TestEveryAnswerHasAStrictPolicy(t *testing.T) {
	d := openedConsole(t, withAll(t))
	reject(t, d, "bad_money", "order.total: 1 is a JSON number", "{}")
	announce(t, d, "spring")
	all, err := routes.Of("../..", routes.Console...)
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("{$}", "", "{worker}", "thank-you", "{step}", "thanks", "{store}", "main", "{token}", "k7q2mzx4p3rvbn5d", "{touch}", "thank-you.thanks.k7q2mzx4p3rvbn5d.77",
		"{id}", "spring", "{do}", "cancel", "{reason}", "bad_money", "{number}", "1", "{file}", "attribution.csv", "{name}", "x", "{key}", "x")
	var asked []string
	for _, r := range all {
		if method, path, ok := strings.Cut(r, " "); ok && (method == "GET" || method == "POST") {
			asked = append(asked, method+" "+fill.Replace(path))
		}
	}
	asked = append(asked, "GET /numbers/main/attribution.json", "GET /nothing", "GET //nothing", "DELETE /versions", "PUT /api/save", "OPTIONS /", "HEAD /today",
		"GET /assets/studio.css", "GET /assets/none", "GET /assets/page.html", "GET /live?section=/today", "GET /sign-in/leave", "GET /sign-in/back")
	nonces := map[string]bool{}
	for name, who := range map[string]*person{"an editor": d.signedIn(t, annsToken), "a viewer": d.signedIn(t, vicsToken), "a stranger": d.person(t)} {
		who.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, a := range asked {
			method, path, _ := strings.Cut(a, " ")
			if method == "POST" && path == "/sign-out" {
				continue // it ends what follows; strangers are sent away from it all the same
			}
			h := headerOf(t, who, method, d.URL()+path, "")
			if wrong := guardedPage(h); wrong != nil {
				t.Errorf("%s, %s: %q", name, a, wrong)
			}
			n := nonce.FindStringSubmatch(h.Get("Content-Security-Policy"))
			if n == nil || nonces[n[1]] {
				t.Errorf("%s, %s: the nonce is none, or not a new one: %q", name, a, n)
				continue
			}
			nonces[n[1]] = true
			if kept := h.Get("Cache-Control"); !strings.HasPrefix(kept, "no-store") && !strings.HasPrefix(kept, "no-cache") {
				t.Errorf("%s, %s is kept: %s", name, a, kept)
			}
		}
		for what, h := range map[string]http.Header{"another name": headerOf(t, who, "GET", d.URL()+"/versions", "evil.example"), "another page": headerOf(t, who, "POST", d.URL()+"/versions/draft/publish", "", "Sec-Fetch-Site", "cross-site")} {
			if wrong := guardedPage(h); wrong != nil {
				t.Errorf("%s, %s: %q", name, what, wrong)
			}
		}
	}
}

// headerOf is the header of an answer; host is "" for the address's own.
func headerOf(t *testing.T, who *person, method, at, host string, header ...string) http.Header {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, at, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	for n := 0; n < len(header); n += 2 {
		req.Header.Set(header[n], header[n+1])
	}
	res, err := who.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // a stream goes on
	return res.Header
}

// So is it where emails are shown, and while a process is not ready.
func TestEmailsAndPagesThatAreNotReadyHaveAStrictPolicy(t *testing.T) {
	d := openedConsole(t, func(o *studio.Options, _ *console.Options) {
		o.Guard = func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not yet", http.StatusServiceUnavailable) })
		}
	})
	who := d.person(t)
	for _, path := range []string{"/", "/versions", "/assets/studio.css", "/sign-in"} {
		if wrong := guardedPage(headerOf(t, who, "GET", d.URL()+path, "")); wrong != nil {
			t.Errorf("not ready, %s: %q", path, wrong)
		}
	}
	mails := strings.Replace(d.URL(), "localhost", "127.0.0.1", 1)
	for _, path := range []string{"/frame", "/frame.js", "/picture.svg", "/view/x", "/thumbnail/x/thank-you/thanks", "/nothing"} {
		h := headerOf(t, who, "GET", mails+path, "")
		p := policyOf(h)
		if p["default-src"] != "'none'" || p["form-action"] != "'none'" || p["base-uri"] != "'none'" || p["frame-ancestors"] == "" || strings.Contains(p["frame-ancestors"], "*") || common(h) != nil {
			t.Errorf("%s: %v, %q", path, p, common(h))
		}
		if script := p["script-src"]; script != "" && (path != "/frame" || script != "'self'") {
			t.Errorf("%s runs scripts of %s", path, script)
		}
	}
}

// Cookies are for requests of this host alone, over TLS where there is TLS, and for no script.
func TestCookiesAreOfThisHostAlone(t *testing.T) {
	m := provider(t, nil)
	for _, secure := range []bool{true, false} {
		d := openedConsole(t, with(m, nil), func(_ *studio.Options, o *console.Options) { o.Secure = secure })
		jar, _ := cookiejar.New(nil)
		c := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		set := func(res *http.Response, err error) []*http.Cookie {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			return res.Cookies()
		}
		all := slices.Concat(set(c.PostForm(d.URL()+"/sign-in", url.Values{"token": {annsToken}})), set(c.Get(d.URL()+"/sign-in/leave?to=/versions")), set(c.Get(d.URL()+"/sign-in/back")), set(c.PostForm(d.URL()+"/sign-out", nil)))
		var names []string
		for _, x := range all {
			names = append(names, x.Name)
			from := http.SameSiteStrictMode
			if strings.HasSuffix(x.Name, "sign-in") {
				from = http.SameSiteLaxMode // who comes back from the provider comes from another site
			}
			if !x.HttpOnly || x.Secure != secure || x.SameSite != from || x.Path != "/" || x.Domain != "" || strings.HasPrefix(x.Name, "__Host-") != secure {
				t.Errorf("with TLS %v: %s", secure, x.Raw)
			}
		}
		slices.Sort(names)
		prefix := map[bool]string{true: "__Host-"}[secure]
		if got, want := fmt.Sprint(slices.Compact(names)), "["+prefix+"homing-console "+prefix+"homing-sign-in]"; got != want {
			t.Errorf("the cookies are %s, not %s", got, want)
		}
	}
}
