package render

import (
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"homing/pkg/problem"
)

// A source is a template as it was written, whatever the language.
type source struct {
	path     string
	body     string
	above    int      // lines of the file before it
	calls    []macro  // of t
	partials []string // that it calls
	html     bool     // or else text
	file     *file    // without its phrases
	own      bool     // its phrases are of the email's own section only
}

func (s *source) place(offset int) (line, col int) {
	line, col = lineCol(s.body, offset)
	return line + s.above, col
}

// source parses a template without its phrases, which are checked by themselves: then
// the two fit together in any language. nil if it does not parse, which is reported.
func (d *directory) source(p, body string, above int, html bool) *source {
	s := &source{path: p, body: body, above: above, calls: macros(body), html: html}
	before := d.ps.found
	for _, m := range s.calls {
		if m.key == "" {
			line, col := s.place(m.at)
			d.ps.addf(p, line, col, `t takes the name of a phrase in quotes, as in {{t "title"}}`)
		}
	}
	if d.ps.found > before {
		return nil
	}
	f := d.parse(s, expansion{text: withoutPhrases(body, s.calls)})
	if f == nil {
		return nil
	}
	s.file = f
	called := map[string]bool{}
	callsOf(f.tree.Root, called)
	s.partials = slices.Sorted(maps.Keys(called))
	return s
}

// withoutPhrases puts something that always parses in the place of each phrase, of the
// same length and in as many lines.
func withoutPhrases(src string, calls []macro) string {
	var b strings.Builder
	last := 0
	for _, m := range calls {
		from, to, before, after := m.callAt, m.callEnd, `"x"`, ""
		if m.whole {
			from, to, before, after = m.from, m.to, "/*", "*/"
		}
		if m.whole && inComment(src, m.action.at) {
			from, to, before, after = m.action.at, m.action.end, "", ""
		}
		lines := strings.Count(src[from:to], "\n")
		b.WriteString(src[last:from] + before + strings.Repeat("\n", lines))
		b.WriteString(strings.Repeat(" ", max(to-from-lines-len(before)-len(after), 0)) + after)
		last = to
	}
	return b.String() + src[last:]
}

// callsOf collects the partials that a tree calls.
func callsOf(n parse.Node, into map[string]bool) {
	walk(n, func(n parse.Node) {
		if call, ok := n.(*parse.TemplateNode); ok {
			into[call.Name] = true
		}
	})
}

// walk calls do with each node of a tree that has none below it.
func walk(n parse.Node, do func(parse.Node)) {
	branch := func(b *parse.BranchNode) {
		walk(b.List, do)
		walk(b.ElseList, do)
	}
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil { // there is no else
			for _, in := range n.Nodes {
				walk(in, do)
			}
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	default:
		do(n)
	}
}

// A file is one parsed template, in one language.
type file struct {
	path    string
	text    string // as the parser saw it; positions count in it
	tree    *parse.Tree
	source  string // as it was written
	above   int
	phrases []*phrase // of the marks in text
}

// place is where a node begins. The parser puts .A.B at .B, so the length of
// what comes before is subtracted.
func (f *file) place(n parse.Node) origin {
	at := int(n.Position())
	switch n := n.(type) {
	case *parse.FieldNode:
		if len(n.Ident) > 1 {
			at -= len(n.Ident[0]) + 1
		}
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			at -= len(n.Ident[0])
		}
	}
	return f.at(at)
}

// report adds a problem with what is at a place.
func (o origin) report(ps *problems, text string) {
	if o.phrase != nil {
		text = o.phrase.name() + ": " + text
	}
	ps.add(problem.Problem{File: o.path, Line: o.line, Column: o.col, Text: text})
}

// parsedKey is what a file is parsed from.
type parsedKey struct {
	path, text string
	above      int
}

// parse parses what became of a source; the same only once, so that files are the same
// in all languages, stores and emails that make no difference to them.
func (d *directory) parse(s *source, x expansion) *file {
	key := parsedKey{s.path, x.text, s.above}
	if f, done := d.parsed.Load(key); done {
		if f == (*file)(nil) {
			d.ps.found++ // reported when it was parsed
		}
		return f.(*file)
	}
	f, _ := d.parsed.LoadOrStore(key, d.parseNow(s, x))
	return f.(*file)
}

func (d *directory) parseNow(s *source, x expansion) *file {
	text := x.text
	if s.html {
		text = keepConditionalComments(s.path, text, d.ps)
	}
	f := &file{path: s.path, text: below(s.above, swallowLines(text)), source: s.body, above: s.above, phrases: x.phrases}
	if s.html {
		checkBrand(f, d.ps)
	}
	tree, err := parseTree(s.path, f.text)
	if err != nil {
		fault := parseProblem(s.path, err)
		if fault.Line > 0 {
			o := f.atLine(fault.Line, fault.Column)
			fault.File, fault.Line, fault.Column = o.path, o.line, o.col
		}
		d.ps.add(fault)
		return nil
	}
	f.tree = tree
	return f
}

// file is a source in one language; nil if it isn't sound, which is reported.
func (d *directory) file(s *source, find func(key string) *phrase) *file {
	broken := false
	x := expand(s.body, s.html, find, func(at int, p *phrase, format string, args ...any) {
		broken = true
		if p != nil {
			p.report(d.ps, 0, format, args...)
			return
		}
		line, col := s.place(at)
		d.ps.addf(s.path, line, col, format, args...)
	})
	for _, p := range x.phrases {
		broken = broken || p.broken
		if s.html {
			p.lint(d.ps)
		}
	}
	if broken {
		d.ps.found++
		return nil
	}
	return d.parse(s, x)
}

// parseProblem adds what to do to the most common faults.
func parseProblem(p string, err error) problem.Problem {
	fault := asProblem(p, err)
	switch name, found := quotedAfter(fault.Text, "function "); {
	case found:
		names := append(slices.Collect(maps.Keys(functions(defaultLocale))), builtins...)
		names = slices.DeleteFunc(names, func(s string) bool { return s == commentFunc })
		fault.Text = "there is no function " + name + didYouMean(strings.Trim(name, `"`), names)
	case strings.Contains(fault.Text, "unexpected EOF"):
		fault.Text = "an {{if}}, {{with}} or {{range}} above has no {{end}}"
	case strings.Contains(fault.Text, "unexpected {{end}}"):
		fault.Text = "this {{end}} closes nothing: there is one too many here or above"
	}
	return fault
}

// quotedAfter cuts `"x"` out of `function "x" not defined`.
func quotedAfter(msg, prefix string) (string, bool) {
	rest, ok := strings.CutPrefix(msg, prefix)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, " not defined")
}
