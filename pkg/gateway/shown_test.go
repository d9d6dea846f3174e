package gateway_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/gateway"
	"homing/pkg/link"
)

// A link to the email shows what was sent, shut off from our pages; it never records
// anything, and what cannot be shown is said in words.
func TestAnEmailIsShownInABrowser(t *testing.T) {
	s := open(t)
	const touch = "win-back.offer.token.lapse"
	var away error
	o := s.options()
	o.Shown = func(_ context.Context, k customer.Key, claim uint64) (string, error) {
		if k == s.ann && claim == customer.ClaimKey(touch) {
			return "<p>Come back</p>", away
		}
		return "", away
	}
	server := httptest.NewServer(gateway.New(o))
	defer server.Close()
	s.url = server.URL
	of := func(touch string) string {
		return s.local(link.Link{Purpose: link.View, Customer: s.ann, Worker: "win-back", Touch: customer.ClaimKey(touch)})
	}
	a := s.do("GET", of(touch), "", "")
	if a.StatusCode != 200 || a.body != "<p>Come back</p>" || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
	policy := a.Header.Get("Content-Security-Policy")
	for _, want := range []string{"sandbox ", "default-src 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("no %s in %s", want, policy)
		}
	}
	for _, not := range []string{"allow-scripts", "allow-same-origin", "allow-forms"} {
		if strings.Contains(policy, not) {
			t.Errorf("%s in %s", not, policy)
		}
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", a.Header)
	}
	if a := s.do("HEAD", of(touch), "", ""); a.StatusCode != 200 || a.body != "" {
		t.Errorf("HEAD: %d %s", a.StatusCode, a.body)
	}
	if a := s.do("POST", of(touch), formType, "List-Unsubscribe=One-Click"); a.StatusCode != 405 || a.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", a.StatusCode, a.Header)
	}
	if a := s.do("GET", of("another"), "", ""); a.StatusCode != 404 || !strings.Contains(a.body, "isn’t here any more") {
		t.Errorf("of one that is gone: %d %s", a.StatusCode, a.body)
	}
	away = errors.New("nats: timeout")
	if a := s.do("GET", of(touch), "", ""); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" || !strings.Contains(a.body, "try again") {
		t.Errorf("while NATS is away: %d %v %s", a.StatusCode, a.Header, a.body)
	}
	codes := map[int]int{}
	for range 40 { // each of them asks NATS
		codes[s.do("GET", of("another"), "", "").StatusCode]++
	}
	if codes[429] < 10 {
		t.Errorf("%v", codes)
	}
	if len(s.timeline) > 0 || len(s.left) > 0 {
		t.Errorf("looking changed %v %v", s.timeline, s.left)
	}
}
