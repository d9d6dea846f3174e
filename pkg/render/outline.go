package render

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// A page is what the lint needs to know of rendered HTML.
type page struct {
	lang, title string
	headings    int
	links       []pageLink
	faults      []pageFault
}

type pageLink struct {
	url    string
	image  bool
	hidden bool // it, or what it is in, is not shown
}

// pageFault is what is wrong with a page, and the tag that is to blame, if it is one
// that is not closed or closes nothing.
type pageFault struct{ text, tag string }

// openTag is a tag that is not closed yet.
type openTag struct {
	name   string
	hidden bool
	small  bool // its text has no size, unless what is in it says one
}

// outline reads rendered HTML tag by tag. Browsers repair what is not well
// formed, each in its own way; mail programs less so.
func outline(src string) page { return outlineOf(src, true) }

// outlineOf is outline for a document that is ours, or one made elsewhere.
func outlineOf(src string, ours bool) page {
	var p page
	var open []openTag
	wrong := false
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch z.Next() {
		case html.ErrorToken:
			for _, t := range open {
				if wrong {
					break
				}
				p.faults = append(p.faults, pageFault{fmt.Sprintf("<%s> is never closed", t.name), t.name})
			}
			return p
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			now := openTag{name: t.Data}
			if len(open) > 0 {
				now.hidden, now.small = open[len(open)-1].hidden, open[len(open)-1].small
			}
			now.hide(&t)
			hidden := now.hidden || now.small
			p.see(&t, hidden, ours)
			if !void[t.Data] && t.Type == html.StartTagToken {
				open = append(open, now)
			}
		case html.TextToken:
			if len(open) > 0 && open[len(open)-1].name == "title" {
				p.title += strings.TrimSpace(string(z.Text()))
			}
		case html.EndTagToken:
			tag, _ := z.TagName()
			name := string(tag)
			n := len(open)
			if n > 0 && open[n-1].name == name {
				open = open[:n-1]
				continue
			}
			if !wrong { // what follows from it says nothing new
				p.faults = append(p.faults, misnested(name, open))
				wrong = true
			}
			if i := slices.IndexFunc(open, func(t openTag) bool { return t.name == name }); i >= 0 {
				open = open[:i]
			}
		}
	}
}

// misnested is the fault of an end tag that does not close what was opened last.
func misnested(name string, open []openTag) pageFault {
	if len(open) == 0 {
		return pageFault{fmt.Sprintf("</%s> closes nothing", name), name}
	}
	inner := open[len(open)-1].name
	for _, t := range open {
		if t.name == name {
			return pageFault{fmt.Sprintf("</%s> comes before </%s>: <%[2]s> is not closed", name, inner), inner}
		}
	}
	return pageFault{fmt.Sprintf("</%s> closes nothing", name), name}
}

// hide notes whether an element, which has what it is in, is not shown.
func (o *openTag) hide(t *html.Token) {
	for _, a := range t.Attr {
		switch a.Key {
		case "hidden":
			o.hidden = true
		case "style":
			for declaration := range strings.SplitSeq(a.Val, ";") {
				o.declare(declaration)
			}
		}
	}
}

// declare notes what one declaration of a style does to what is shown.
func (o *openTag) declare(declaration string) {
	property, value, _ := strings.Cut(strings.ToLower(declaration), ":")
	value, _, _ = strings.Cut(value, "!") // important or not
	value = strings.TrimSpace(value)
	switch strings.TrimSpace(property) {
	case "display":
		o.hidden = o.hidden || strings.HasPrefix(value, "none")
	case "visibility":
		o.hidden = o.hidden || strings.HasPrefix(value, "hidden") || strings.HasPrefix(value, "collapse")
	case "max-height", "height", "max-width", "width", "opacity":
		o.hidden = o.hidden || zero.MatchString(value)
	case "font-size":
		o.small = zero.MatchString(value)
	}
}

// zero matches a length or a share that is none.
var zero = regexp.MustCompile(`^0(?:\.0*)?(?:px|pt|em|rem|%)?$`)

func (p *page) see(t *html.Token, hidden, ours bool) {
	if msg := lintTag(t, ours); msg != "" {
		p.faults = append(p.faults, pageFault{msg, ""})
	}
	if t.Data == "h1" {
		p.headings++
	}
	for _, a := range t.Attr {
		switch {
		case a.Key == "lang" && t.Data == "html":
			p.lang = a.Val
		case a.Key == "href":
			p.links = append(p.links, pageLink{a.Val, false, hidden})
		case a.Key == "src", a.Key == "background", a.Key == "poster":
			p.links = append(p.links, pageLink{a.Val, true, hidden})
		}
	}
}

// toBlame returns the one file in which a tag is opened and closed a different number
// of times, and where; false if it isn't one alone.
func toBlame(files map[string]*file, tag string) (at origin, found bool) {
	if tag == "" {
		return at, false
	}
	for _, f := range files {
		if f == nil {
			continue
		}
		if where, odd := oddOne(f.text, tag); odd {
			if found {
				return origin{}, false
			}
			at, found = f.at(where), true
		}
	}
	return at, found
}

// oddOne returns where a tag begins in a source that is never closed, or that closes
// nothing, as far as can be seen without knowing what its actions do.
func oddOne(source, tag string) (where int, odd bool) {
	source = blank(source)
	var open []int
	z := html.NewTokenizer(strings.NewReader(source))
	for at := 0; ; {
		kind, begins := z.Next(), at
		at += len(z.Raw())
		if kind == html.ErrorToken {
			break
		}
		name, _ := z.TagName()
		switch {
		case string(name) != tag:
		case kind == html.StartTagToken:
			open = append(open, begins)
		case kind == html.EndTagToken && len(open) == 0:
			return begins, true
		case kind == html.EndTagToken:
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0, false
	}
	return open[0], true
}
