package render

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"text/template/parse"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"homing/pkg/problem"
)

const (
	phrasesDir = "phrases"
	phrasesExt = ".yaml"

	// sharedSection holds the phrases that several emails say.
	sharedSection = "shared"

	maxPhrase = 16 << 10
)

// phraseKey is what a phrase may be called: "title", "subject.a".
var phraseKey = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// A book holds the phrases of one language.
type book struct {
	tag      string // BCP 47, as the file is called
	path     string
	sections map[string]map[string]*phrase
	wider    *book // of the language, if this one is of a region
	under    *book // what it has where it lacks something; nil: nothing
	pagesAt  int   // the line of the section of pages
}

// A phrase is a piece of template source in one language.
type phrase struct {
	path         string
	section, key string
	text         string
	raw          string // the file
	from         int    // where the value begins in it
	line         int    // of the key

	broken  bool // it does not parse, which was reported
	actions []action
	prose   []span // of the text that is neither tag nor comment, as far as HTML goes
	used    atomic.Bool
}

// find returns the phrase that an email says for a key; nil if there is none.
func (b *book) find(section, key string) *phrase {
	for _, in := range []string{section, sharedSection} {
		if p := b.in(in, key); p != nil {
			return p
		}
	}
	return b.beneath(section, sharedSection)(key)
}

// page returns a phrase of the pages.
func (b *book) page(key string) *phrase {
	if p := b.in(pagesSection, key); p != nil {
		return p
	}
	return b.beneath(pagesSection)(key)
}

// in returns a phrase of one section, which a region may have from its language.
func (b *book) in(section, key string) *phrase {
	for ; b != nil; b = b.wider {
		if p := b.sections[section][key]; p != nil {
			p.used.Store(true)
			return p
		}
	}
	return nil
}

// keys returns what a section and the shared one have.
func (b *book) keys(section string) []string {
	known := map[string]bool{}
	for ; b != nil; b = b.wider {
		for _, in := range []string{section, sharedSection} {
			for key := range b.sections[in] {
				known[key] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(known))
}

// books reads the files of phrases, by language.
func (d *directory) readBooks() map[string]*book {
	out := map[string]*book{}
	for _, p := range slices.Sorted(maps.Keys(d.raw)) {
		if path.Dir(p) == phrasesDir && path.Ext(p) == phrasesExt {
			tag := strings.TrimSuffix(path.Base(p), phrasesExt)
			out[tag] = readBook(p, tag, d.raw[p], d.ps)
		}
	}
	return out
}

// widen has the book of each region have from its language's what it lacks.
func (d *directory) widen() {
	for tag, b := range d.books {
		own := *b
		own.wider = nil
		for up := wider(tag); up != "" && own.wider == nil; up = wider(up) {
			own.wider = d.books[up]
		}
		d.books[tag] = &own
	}
}

// readBook reads one file of phrases. What is wrong in it is reported, and left out.
func readBook(p, tag, src string, ps *problems) *book {
	b := &book{tag: tag, path: p, sections: map[string]map[string]*phrase{}}
	sections, err := parsePhrases(src)
	if err != nil {
		fault := yamlProblem(p, 0, err)
		fault.Text, _, _ = strings.Cut(fault.Text, `; a value with "{{"`)
		fault.Text += `; a phrase that begins with "{{" or holds ": " or " #" must be in quotes, or below a ">-"`
		ps.add(fault)
		return b
	}
	for _, s := range sections {
		name := s.Key.String()
		at := s.Key.GetToken().Position
		if worker, step, ok := strings.Cut(name, "/"); name != sharedSection && name != pagesSection && (!ok || !fileName.MatchString(worker) || !fileName.MatchString(step)) {
			ps.addf(p, at.Line, at.Column, "a section is the name of an email, such as thank-you/thanks, or %s, or %s, not %q", sharedSection, pagesSection, name)
			continue
		}
		if _, isMap := s.Value.(ast.MapNode); !isMap && s.Value.Type() != ast.NullType {
			ps.addf(p, at.Line, at.Column, `%s holds phrases, one a line, as in "  title: Thank you"`, name)
			continue
		}
		in := map[string]*phrase{}
		for _, e := range entries(s.Value) {
			if ph := readPhrase(p, src, name, e, ps); ph != nil {
				in[ph.key] = ph
			}
		}
		b.sections[name] = in
		if name == pagesSection {
			b.pagesAt = at.Line
		}
	}
	return b
}

// parsePhrases returns the sections of a file of phrases.
func parsePhrases(src string) (sections []*ast.MappingValueNode, err error) {
	defer func() {
		if r := recover(); r != nil { // see decodeYAML
			err = fmt.Errorf("this is not YAML: %v", r)
		}
	}()
	if nestsTooDeep(src) {
		return nil, errNested
	}
	f, err := parser.ParseBytes([]byte(src), 0)
	if err != nil || len(f.Docs) == 0 {
		return nil, err
	}
	body := f.Docs[0].Body
	if len(f.Docs) > 1 {
		return nil, fmt.Errorf(`"---" begins a second document, which nobody reads: remove it`)
	}
	if body != nil && body.Type() != ast.NullType && body.Type() != ast.CommentType && len(entries(body)) == 0 {
		return nil, fmt.Errorf(`a file of phrases has sections, such as "shared:", and phrases below them`)
	}
	return entries(body), nil
}

// readPhrase reads one phrase; nil if it is none, which is reported.
func readPhrase(p, src, section string, e *ast.MappingValueNode, ps *problems) *phrase {
	ph := &phrase{path: p, section: section, key: e.Key.String(), raw: src}
	at := e.Key.GetToken().Position
	ph.line = at.Line
	report := func(format string, args ...any) *phrase {
		ps.addf(p, at.Line, at.Column, "%s: %s", ph.name(), fmt.Sprintf(format, args...))
		return nil
	}
	block := false
	switch n := e.Value.(type) {
	case *ast.StringNode:
		ph.text = n.Value
	case *ast.LiteralNode:
		ph.text, block = n.Value.Value, true
	case *ast.NullNode:
		return report("is empty; write its words, or remove it")
	default:
		return report("is no text; put it in quotes")
	}
	ph.text = strings.TrimRight(ph.text, "\n")
	switch {
	case !phraseKey.MatchString(ph.key):
		return report(`a phrase is called by lower-case letters, digits, ".", "_" and "-"`)
	case strings.TrimSpace(ph.text) == "":
		return report("is empty; write its words, or remove it")
	case len(ph.text) > maxPhrase:
		return report("is longer than %d KiB; that is no phrase but an email", maxPhrase>>10)
	}
	ph.from = valueStart(src, e.Value.GetToken().Position.Line, e.Value.GetToken().Position.Column, block)
	ph.actions, ph.prose = actions(ph.text), prose(ph.text)
	ph.check(ps)
	return ph
}

// name is how a problem calls a phrase.
func (p *phrase) name() string { return fmt.Sprintf("phrase %q", p.key) }

// valueStart is the offset at which a value's text begins; that of a block (">-") on
// the line below.
func valueStart(src string, line, column int, block bool) int {
	at := 0
	for range line - 1 {
		next := strings.IndexByte(src[at:], '\n')
		if next < 0 {
			return len(src)
		}
		at += next + 1
	}
	if block {
		if next := strings.IndexByte(src[at:], '\n'); next >= 0 {
			return at + next + 1
		}
		return len(src)
	}
	for range column - 1 {
		if at < len(src) {
			at++
		}
	}
	if at < len(src) && (src[at] == '"' || src[at] == '\'') {
		at++
	}
	return at
}

// place is where the byte at offset of a phrase is in its file. YAML folds lines and
// removes indents, but leaves what can be seen in its order: the same number of visible
// characters come before it in both.
func (p *phrase) place(offset int) (line, col int) {
	offset = min(max(offset, 0), len(p.text))
	visible := 0
	for _, r := range p.text[:offset] {
		if !unicode.IsSpace(r) {
			visible++
		}
	}
	for at, r := range p.raw[min(p.from, len(p.raw)):] {
		if unicode.IsSpace(r) {
			continue
		}
		if visible == 0 {
			return lineCol(p.raw, p.from+at)
		}
		visible--
	}
	return lineCol(p.raw, p.from)
}

// report adds a problem with what is at an offset of a phrase.
func (p *phrase) report(ps *problems, offset int, format string, args ...any) {
	line, col := p.place(offset)
	ps.addf(p.path, line, col, "%s: %s", p.name(), fmt.Sprintf(format, args...))
}

// check reports what is wrong with a phrase wherever it is said.
func (p *phrase) check(ps *problems) {
	for _, m := range macros(p.text) {
		p.report(ps, m.at, "a phrase cannot hold another one; write its words here")
		p.broken = true
	}
	for _, a := range p.actions {
		if word := a.opens(p.text); !a.comment && (word == "template" || word == "define" || word == "block") {
			p.report(ps, a.at, "a phrase is words, and cannot call a partial; write {{%s …}} in the template", word)
			p.broken = true
		}
	}
	if strings.Contains(p.text, "<!--") {
		p.report(ps, strings.Index(p.text, "<!--"), "a phrase cannot hold an HTML comment; write it in the template")
		p.broken = true
	}
	if p.broken || len(p.actions) == 0 {
		return
	}
	p.broken = true
	given := ""
	for range maxUndefined {
		_, err := parseTree(p.path, given+p.text)
		if err == nil {
			p.broken = false
			return
		}
		fault := parseProblem(p.path, err)
		if name, found := strings.CutPrefix(fault.Text, `undefined variable "`); found {
			// One of the template's, perhaps: then it is there once the phrase is.
			given += "{{" + strings.TrimSuffix(name, `"`) + ` := ""}}`
			continue
		}
		lineStart := 0
		for range max(fault.Line, 1) - 1 {
			lineStart += strings.IndexByte(p.text[lineStart:], '\n') + 1
		}
		p.report(ps, lineStart, "%s", fault.Text)
		return
	}
	p.report(ps, 0, "more than %d variables are used here and set nowhere in the phrase", maxUndefined)
}

const maxUndefined = 20

// parseTree parses a source by itself.
func parseTree(p, src string) (*parse.Tree, error) {
	set := map[string]*parse.Tree{}
	known := map[string]any{}
	for _, name := range builtins {
		known[name] = true
	}
	maps.Copy(known, functions(defaultLocale))
	tree, err := parse.New(p).Parse(src, "", "", set, known)
	if err != nil {
		return nil, err
	}
	if len(set) > 1 || set[p] == nil {
		return nil, &problem.Problem{File: p, Text: "{{define}} and {{block}} cannot be used here: put the part into its own file in partials/"}
	}
	return tree, nil
}

// lintSource reports tags in a phrase that an email must not have.
func (p *phrase) lint(ps *problems) {
	lintTags(p.text, true, func(at int, msg string) { p.report(ps, at, "%s", msg) })
}

// unusedPhrases says which phrases no email says. Those of partials are there for emails
// yet to be written.
func (d *directory) unusedPhrases(books map[string]*book, ps *problems) {
	for _, b := range books {
		for _, parts := range d.partials {
			for _, part := range parts {
				for i := 0; part != nil && i < len(part.calls); i++ {
					b.in(sharedSection, part.calls[i].key)
				}
			}
		}
	}
	for _, b := range books {
		for _, section := range b.sections {
			for _, p := range section {
				if !p.used.Load() && !p.broken {
					p.report(ps, 0, "no email says it; remove it, or use it: {{t %q}}", p.key)
				}
			}
		}
	}
}
