package studio_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"homing/pkg/homingtest/routes"
)

// noPages are what the console answers a GET with that is no page of its own.
var noPages = map[string]string{
	"/{$}":                              "leads to the first page",
	"/live":                             "a stream",
	"/frame":                            "what emails are shown in",
	"/frame.js":                         "a script",
	"/frame.css":                        "a style sheet",
	"/picture.svg":                      "a picture",
	"/view/{name}":                      "an email",
	"/thumbnail/{key}/{worker}/{step}":  "an email",
	"/api/emails/{worker}/{step}":       "JSON",
	"/api/vocabulary":                   "JSON",
	"/api/changes":                      "a stream",
	"/sign-in/back":                     "leads on",
	"/customers/{store}/{token}/export": "a download",
	"/publish":                          "of the studio that works on a folder: TestEverybodyCanUseThePages",
}

// pages are the patterns for which the console has pages, by what its packages register.
func pages(t *testing.T) (out []string) {
	t.Helper()
	all, err := routes.Of("../..", routes.Console...)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if pattern, ok := strings.CutPrefix(s, "GET "); ok && noPages[pattern] == "" {
			out = append(out, pattern)
		}
	}
	if len(out) < 20 {
		t.Fatalf("the console has more pages than %q: what finds them does not work any more", out)
	}
	return out
}

// visits tells which pages were looked at.
type visits struct {
	mux  *http.ServeMux
	left map[string]bool
}

func visiting(t *testing.T) *visits {
	v := &visits{http.NewServeMux(), map[string]bool{}}
	for _, pattern := range pages(t) {
		if !v.left[pattern] {
			v.mux.Handle(pattern, http.NotFoundHandler())
			v.left[pattern] = true
		}
	}
	for pattern := range noPages {
		v.mux.Handle(pattern, http.NotFoundHandler())
	}
	return v
}

func (v *visits) see(path string) {
	_, pattern := v.mux.Handler(httptest.NewRequest(http.MethodGet, path, nil))
	delete(v.left, pattern)
}
