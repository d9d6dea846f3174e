package render

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template/parse"

	"github.com/vanng822/css"
)

// A sheet is what the `<style data-inline>` of a layout says. Its rules are written
// into the elements of the layout and of all that it frames, as many mail programs
// take no others: Gmail drops the styles in the head of an email that reaches it from
// another provider, and Outlook knows few selectors.
//
// A rule names a tag, a class or both, so what an element gets follows from its own
// start tag. Each start tag of a file is therefore looked at on its own, whatever the
// actions around it do, and the text is changed nowhere else. The library that decides
// which rule wins sees elements and no file: it never parses a template.
type sheet struct {
	mu    sync.Mutex
	css   string
	names map[string]bool // the tags, and the classes after a dot, that rules are for
	done  map[*file]*file // files with the styles written into them
}

// A styledElement is all that decides about the styles of an element.
type styledElement struct{ tag, class, own string }

// inlineStyle matches the element with the rules to inline.
var inlineStyle = regexp.MustCompile(`(?is)<style\s+data-inline\s*>(.*?)</style>\n?`)

// plainSelector is a tag, a class or classes, or both.
var plainSelector = regexp.MustCompile(`^(?:[a-z][a-z0-9]*)?(?:\.[A-Za-z_][\w-]*)*$`)

// readSheet returns the rules of a layout, of which there may be none.
func readSheet(f *file, ps *problems) *sheet {
	at := inlineStyle.FindAllStringSubmatchIndex(f.text, -1)
	s := emptySheet()
	for _, m := range at {
		block := f.text[m[2]:m[3]]
		if i := strings.Index(block, "{{"); i >= 0 {
			line, col := lineCol(f.text, m[2]+i)
			ps.addf(f.path, line, col, "a style to inline is the same for every email: it cannot contain {{…}}")
			continue
		}
		s.css += block + "\n"
		for _, fault := range s.read(block) {
			line, col := lineCol(f.text, m[2]+max(strings.Index(block, fault.at), 0))
			ps.addf(f.path, line, col, "%s", fault.text)
		}
	}
	return s
}

func emptySheet() *sheet { return &sheet{names: map[string]bool{}, done: map[*file]*file{}} }

// readSheets reads the rules of all layouts.
func (d *directory) readSheets() {
	d.sheets = map[string]*sheet{noLayout: emptySheet()}
	for name, s := range d.layouts[".html"] {
		if s != nil {
			d.sheets[name] = readSheet(s.file, d.ps)
		}
	}
}

type sheetFault struct{ at, text string }

// read notes what the rules of a block are for, and returns what is wrong with them.
func (s *sheet) read(block string) (faults []sheetFault) {
	for _, rule := range css.Parse(block).GetCSSRuleList() {
		if rule.Type != css.STYLE_RULE {
			faults = append(faults, sheetFault{rule.Type.Text(), rule.Type.Text() + " cannot be inlined: put it into a <style> without data-inline"})
			continue
		}
		for selector := range strings.SplitSeq(rule.Style.Selector.Text(), ",") {
			selector = strings.TrimSpace(selector)
			if selector == "" || !plainSelector.MatchString(selector) {
				faults = append(faults, sheetFault{selector, "a style to inline is for a tag, a class or both, such as td.line, not for " + selector + ": put it into a <style> without data-inline"})
				continue
			}
			tag, classes, _ := strings.Cut(selector, ".")
			if classes == "" {
				s.names[tag] = true
				continue
			}
			for class := range strings.SplitSeq(classes, ".") {
				s.names["."+class] = true
			}
		}
		for _, d := range rule.Style.Styles {
			if d.Important {
				faults = append(faults, sheetFault{rule.Style.Selector.Text(), "!important is for the styles of phones and dark mode, which must win over those in the elements: leave it out of " + rule.Style.Selector.Text()})
			}
		}
	}
	return faults
}

// concerns says whether a rule may be for an element.
func (s *sheet) concerns(tag, class string) bool {
	return s.names[tag] || slices.ContainsFunc(strings.Fields(class), func(c string) bool { return s.names["."+c] })
}

// A rewrite replaces the bytes from..to of a file's text.
type rewrite struct {
	from, to int
	with     string
}

// write returns a file with the styles in it. Positions in it are still those of the
// text that its author wrote.
func (s *sheet) write(f *file, ps *problems) *file {
	if f == nil || path.Ext(f.path) != ".html" {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if done := s.done[f]; done != nil {
		return done
	}
	tags := startTags(f.text)
	styles := learn(s, tags)
	var edits []rewrite
	for _, m := range inlineStyle.FindAllStringIndex(f.text, -1) {
		edits = append(edits, rewrite{m[0], m[1], ""})
	}
	for _, t := range tags {
		if !s.concerns(t.name, t.class.text) {
			continue
		}
		if t.fault != "" {
			f.at(t.at).report(ps, t.fault)
			continue
		}
		style := styles[t.element()]
		switch {
		case style == "":
		case !t.style.there:
			edits = append(edits, rewrite{t.nameEnd, t.nameEnd, ` style="` + style + `"`})
		case t.style.fixed():
			edits = append(edits, rewrite{t.style.from, t.style.to, style})
		default: // the last of two declarations wins
			edits = append(edits, rewrite{t.style.from, t.style.from, style + ";"})
		}
	}
	own := *f
	own.tree = f.tree.Copy()
	slices.SortFunc(edits, func(a, b rewrite) int { return a.from - b.from })
	apply(own.tree.Root, edits)
	markTree(own.tree.Root)
	s.done[f] = &own
	return &own
}

// apply makes the edits in the text of a tree. Each lies in one piece of text, as no
// tag's style is found that an action interrupts.
func apply(n parse.Node, edits []rewrite) {
	eachText(n, func(n *parse.TextNode) {
		var out []byte
		at, last := int(n.Pos), 0
		for _, e := range edits {
			from, to := e.from-at, e.to-at
			if from < last || to > len(n.Text) {
				continue
			}
			out = append(append(out, n.Text[last:from]...), e.with...)
			last = to
		}
		n.Text = append(out, n.Text[last:]...)
	})
}

// eachText calls do with each piece of fixed text of a tree.
func eachText(n parse.Node, do func(*parse.TextNode)) {
	walk(n, func(n parse.Node) {
		if text, ok := n.(*parse.TextNode); ok {
			do(text)
		}
	})
}
