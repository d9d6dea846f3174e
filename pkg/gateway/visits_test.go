package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"homing/pkg/gateway"
	"homing/pkg/link"
)

func TestALinkLeadsOnToTheShopAndNowhereElse(t *testing.T) {
	s := open(t)
	type seen struct {
		url     string
		machine bool
	}
	var saw []seen
	s.serve(func(o *gateway.Options) {
		o.Visited = func(l link.Link, _ time.Time, machine bool) { saw = append(saw, seen{l.URL, machine}) }
	})
	s.away, s.nats = errAway, errAway // it needs neither
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	of := func(l link.Link) string {
		l.Customer, l.Worker, l.Step, l.Occasion, l.At = s.ann, "win-back", "offer", "7", s.now.Add(-time.Hour).Unix()
		return s.local(l)
	}
	for _, c := range []struct {
		method, to, leads string
		code              int
	}{
		{"GET", "https://www.tea.example/p?a=B&c=%20#d", "https://www.tea.example/p?a=B&c=%20#d", 302},
		{"HEAD", "https://tea.example/p", "https://tea.example/p", 302},
		{"GET", "https://www.tea.example/käse", "https://www.tea.example/k%C3%A4se", 302},
		{"GET", "https://evil.example/p", "https://www.tea.example/", 302},
		{"GET", "https://www.tea.example@evil.example/", "https://www.tea.example/", 302},
		{"GET", "//evil.example", "https://www.tea.example/", 302},
		{"GET", "javascript:alert(1)", "https://www.tea.example/", 302},
		{"POST", "https://www.tea.example/p", "", 405},
	} {
		r, _ := http.NewRequest(c.method, of(link.Link{Purpose: link.Visit, URL: c.to}), http.NoBody)
		r.Header.Set("User-Agent", "Mozilla/5.0 Firefox/128.0")
		res, err := stay.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.code || res.Header.Get("Location") != c.leads || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s %s: %d to %q", c.method, c.to, res.StatusCode, res.Header.Get("Location"))
		}
	}
	if len(saw) != 7 || saw[0].machine || !saw[1].machine {
		t.Errorf("%+v", saw)
	}
	if a := s.do("GET", of(link.Link{Purpose: link.Opened}), "", ""); a.StatusCode != 200 || a.Header.Get("Content-Type") != "image/gif" || len(a.body) != 43 {
		t.Errorf("%d %s %d", a.StatusCode, a.Header.Get("Content-Type"), len(a.body))
	}
	if len(s.timeline) > 0 || len(saw) != 8 {
		t.Errorf("%d events, %+v", len(s.timeline), saw)
	}
}
