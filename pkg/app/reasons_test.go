package app_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"homing/events"
	"homing/pkg/reason"
)

// explained is a reason as docs/reasons.md has it.
type explained struct {
	under, name string
	paragraphs  []string
}

// explanations reads docs/reasons.md: each ### is under a ##.
func explanations(t *testing.T) []explained {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "reasons.md"))
	if err != nil {
		t.Fatal(err)
	}
	var out []explained
	under, in := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "### "); ok {
			out, in = append(out, explained{under: under, name: strings.Trim(name, "`")}), true
		} else if heading, ok := strings.CutPrefix(line, "## "); ok {
			under, in = heading, false
		} else if in && line != "" {
			last := &out[len(out)-1]
			last.paragraphs = append(last.paragraphs, line)
		}
	}
	return out
}

// constant is a reason as the code has it.
type constant struct {
	group       int // of constants, in its file
	name, value string
}

// constants reads the reasons out of the file that declares them.
func constants(t *testing.T, path ...string) []constant {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(append([]string{root}, path...)...), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []constant
	group := -1
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST && g.Tok != token.VAR || !declares(g) {
			continue
		}
		group++
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			value, err := strconv.Unquote(word(v).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, constant{group, v.Names[0].Name, value})
		}
	}
	return out
}

// word is the literal of a reason's declaration: a constant, or a row.
func word(v *ast.ValueSpec) *ast.BasicLit {
	if len(v.Values) == 0 {
		return nil
	}
	e := v.Values[0]
	if row, ok := e.(*ast.CallExpr); ok {
		e = row.Args[0]
	}
	lit, _ := e.(*ast.BasicLit)
	return lit
}

func declares(g *ast.GenDecl) bool { return word(g.Specs[0].(*ast.ValueSpec)) != nil }

func ofTouches(t *testing.T) []constant { return constants(t, "pkg", "reason", "reason.go") }
func ofEvents(t *testing.T) []constant  { return constants(t, "events", "reason.go") }

// headings of docs/reasons.md, of each group of reasons of touches.
var headings = []string{"Hold", "System hold", "Drop", "End"}

// A reason is listed, and explained under its heading, in the order of the list.
func TestReasonsAreTheSameInCodeAndDocs(t *testing.T) {
	var listed, declared, want, documented []string
	for _, r := range reason.All() {
		listed = append(listed, string(r))
	}
	for _, r := range append(events.Reasons(), events.WarningReasons()...) {
		listed = append(listed, string(r))
	}
	for _, c := range ofTouches(t) {
		declared = append(declared, c.value)
		want = append(want, headings[c.group]+": "+c.value)
	}
	for _, c := range ofEvents(t) {
		declared = append(declared, c.value)
		want = append(want, []string{"Rejected events", "Warnings"}[c.group]+": "+c.value)
	}
	if !slices.Equal(listed, declared) {
		t.Errorf("Reasons() lists\n%v\nand the constants are\n%v", listed, declared)
	}
	for _, e := range explanations(t) {
		documented = append(documented, e.under+": "+e.name)
	}
	for i := range max(len(want), len(documented)) {
		if i >= len(want) || i >= len(documented) || want[i] != documented[i] {
			t.Errorf("docs/reasons.md has\n%v\nand ought to have\n%v", documented[min(i, len(documented)):], want[min(i, len(want)):])
			break
		}
	}
}

// A marketer reads in one short paragraph what happened, and what to do.
func TestReasonsAreExplainedInTwoSentences(t *testing.T) {
	for _, e := range explanations(t) {
		if len(e.paragraphs) != 1 {
			t.Errorf("%s has %d paragraphs, not one", e.name, len(e.paragraphs))
			continue
		}
		if n := sentences(e.paragraphs[0]); n < 2 || n > 3 {
			t.Errorf("%s is explained in %d sentences: say what happened, and what to do", e.name, n)
		}
	}
}

// sentences counts where a sentence ends: a full stop, and a capital after it.
func sentences(text string) int {
	n := 1
	words := strings.Fields(text)
	for i, w := range words[:len(words)-1] {
		next := strings.TrimLeft(words[i+1], "`[(*")
		if strings.HasSuffix(strings.TrimRight(w, ")`*"), ".") && next != "" && strings.ToUpper(next[:1]) == next[:1] {
			n++
		}
	}
	return n
}

// Some test expects each reason: by the name of its constant, or by its word. The
// tests of the words themselves do not count.
func TestEveryReasonIsExpectedByATest(t *testing.T) {
	expected := map[string]bool{}
	sources(t, func(path string, test bool, text []byte) {
		if !test || filepath.Base(path) == "reasons_test.go" || filepath.Base(filepath.Dir(path)) == "reason" {
			return
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			for _, word := range expectation(n) {
				expected[word] = true
			}
			return true
		})
	})
	for _, reason := range badFixtures(t) {
		expected[reason] = true
	}
	for _, c := range ofTouches(t) {
		if !expected["reason."+c.name] && !expected[c.value] {
			t.Errorf("no test expects %s (reason.%s)", c.value, c.name)
		}
	}
	for _, c := range ofEvents(t) {
		if !expected["events."+c.name] && !expected[c.name] && !expected[c.value] {
			t.Errorf("no test expects %s (events.%s)", c.value, c.name)
		}
	}
}

// badFixtures lists the reasons that the events expect which no storefront may
// publish, or not without a warning: a test decodes each.
func badFixtures(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "events", "testdata", "*", "bad", "*.json"))
	warned, err2 := filepath.Glob(filepath.Join(root, "events", "testdata", "*", "warned", "*.json"))
	if err := errors.Join(err, err2); err != nil || len(paths) == 0 || len(warned) == 0 {
		t.Fatal("there are no bad events:", err)
	}
	paths = append(paths, warned...)
	var out []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f struct {
			Reason   string
			Warnings []struct{ Reason string }
		}
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, f.Reason)
		for _, w := range f.Warnings {
			out = append(out, w.Reason)
		}
	}
	return out
}

// expectation is what a piece of a test may mean a reason by.
func expectation(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok {
			return []string{x.Name + "." + n.Sel.Name}
		}
	case *ast.Ident:
		return []string{n.Name}
	case *ast.BasicLit:
		if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
			return []string{s}
		}
	}
	return nil
}
