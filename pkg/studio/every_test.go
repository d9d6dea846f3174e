package studio_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
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
	for _, dir := range []string{".", "../figures", "../running", "../bulletin", "../triage", "../support", "../console"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{} // constants
		each := func(see func(ast.Node) bool) {
			for _, name := range files {
				f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
				if err != nil {
					t.Fatal(err)
				}
				ast.Inspect(f, see)
			}
		}
		each(func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
				for i, name := range v.Names {
					if s, ok := text(v.Values[i], nil); ok {
						words[name.Name] = s
					}
				}
			}
			return true
		})
		each(func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 2 {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "HandleFunc" && f.Sel.Name != "Handle" {
				return true
			}
			if s, ok := text(call.Args[0], words); ok {
				if pattern, ok := strings.CutPrefix(s, "GET "); ok && noPages[pattern] == "" {
					out = append(out, pattern)
				}
			}
			return true
		})
	}
	if len(out) < 20 {
		t.Fatalf("the console has more pages than %q: what finds them does not work any more", out)
	}
	return out
}

// text is what an expression of strings and constants is.
func text(e ast.Expr, words map[string]string) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(x.Value)
		return s, err == nil && x.Kind == token.STRING
	case *ast.Ident:
		s, ok := words[x.Name]
		return s, ok
	case *ast.BinaryExpr:
		a, ok := text(x.X, words)
		b, also := text(x.Y, words)
		return a + b, ok && also
	}
	return "", false
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
