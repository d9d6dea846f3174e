package homingtest_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"

	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/homingtest"
)

// Behind TLS, the console's cookies are for TLS alone.
func TestBehindTLSTheConsolesCookiesAreForTLSAlone(t *testing.T) {
	srv := permitted(t)
	c, sink := underRights(t, srv, "")
	port := strconv.Itoa(homingtest.FreePort(t))
	c.Console = config.Console{Listen: "127.0.0.1:" + port, URL: "https://console.shop.example", MailURL: "https://emails.shop.example", Proxy: c.Console.Proxy,
		People: config.ConsolePeople{{Name: "Vic", Role: config.RoleViewer, Token: tokenOf("Vic")}}}
	a, err := app.New(app.Options{Config: c, Log: zap.NewNop(), RedisEmbedded: true, SMTPDial: sink.Dial, Load: homingtest.Load, Roles: []string{app.RoleConsole}})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopApp(t, a) })
	until(t, "ready", func() bool { return a.Ready() == nil })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1:"+port+"/sign-in", strings.NewReader(url.Values{"token": {tokenOf("Vic").Reveal()}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "console.shop.example"
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", c.Console.URL)
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	all := res.Cookies()
	if res.StatusCode != http.StatusSeeOther || len(all) != 1 || !all[0].Secure || !all[0].HttpOnly || !strings.HasPrefix(all[0].Name, "__Host-") {
		t.Errorf("%s %v", res.Status, all)
	}
}

// With the shipped rights, a session that is ended in one process is nobody's in another one,
// nor in one that starts later; what is over is forgotten.
func TestSigningOutEndsASessionInAllProcesses(t *testing.T) {
	srv := permitted(t)
	c, sink := underRights(t, srv, "")
	start := func() (*app.App, *url.URL) {
		t.Helper()
		own := *c
		port := strconv.Itoa(homingtest.FreePort(t))
		own.Console = config.Console{Listen: "127.0.0.1:" + port, URL: "http://localhost:" + port, MailURL: "http://127.0.0.1:" + port, Proxy: c.Console.Proxy,
			People: config.ConsolePeople{{Name: "Vic", Role: config.RoleViewer, Token: "a-token-of-vic-that-has-32-bytes-or-more"}}}
		a, err := app.New(app.Options{Config: &own, Log: zap.NewNop(), RedisEmbedded: true, SMTPDial: sink.Dial, Load: homingtest.Load, Roles: []string{app.RoleConsole}})
		if err == nil {
			err = a.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stopApp(t, a) })
		until(t, "ready", func() bool { return a.Ready() == nil })
		u, _ := url.Parse(own.Console.URL)
		return a, u
	}
	_, first := start()
	_, second := start()
	jar, _ := cookiejar.New(nil)
	vic := &http.Client{Jar: jar}
	post := func(path string, form url.Values) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, first.String()+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := vic.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
	}
	post("/sign-in", url.Values{"token": {"a-token-of-vic-that-has-32-bytes-or-more"}, "to": {"/versions"}})
	kept := jar.Cookies(first)
	if len(kept) != 1 {
		t.Fatalf("%v", kept)
	}
	code := func(at *url.URL) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at.String()+"/versions", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(kept[0])
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	until(t, "the session in both", func() bool { return code(first) == http.StatusOK && code(second) == http.StatusOK })
	nc, err := connect.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := connect.JetStream(c, nc)
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(t.Context(), bus.ControlsBucket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.PutString(t.Context(), "session.long-ago", "1"); err != nil {
		t.Fatal(err)
	}
	post("/sign-out", nil)
	if got := code(first); got != http.StatusUnauthorized {
		t.Errorf("where they signed out: %d", got)
	}
	until(t, "the end of it in the other", func() bool { return code(second) == http.StatusUnauthorized })
	_, third := start()
	until(t, "the end of it in one that starts", func() bool { return code(third) == http.StatusUnauthorized })
	until(t, "what is over to be forgotten", func() bool {
		keys, err := kv.ListKeysFiltered(t.Context(), "session.>")
		if err != nil {
			return false
		}
		n := 0
		for k := range keys.Keys() {
			if n++; k == "session.long-ago" {
				return false
			}
		}
		return n == 1
	})
}
