package render

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// A span is a piece of a source.
type span struct{ from, to int }

// prose returns the pieces of HTML that are text to be read: neither within a tag, nor
// in a comment, a title or a style.
func prose(src string) []span {
	var out []span
	seen := blank(src)
	z := html.NewTokenizer(strings.NewReader(seen))
	hidden := false
	for at := 0; ; {
		kind := z.Next()
		begins := at
		at += len(z.Raw())
		switch kind {
		case html.ErrorToken:
			return out
		case html.TextToken:
			if !hidden {
				out = append(out, span{begins, at})
			}
			hidden = false
		case html.StartTagToken:
			name, _ := z.TagName()
			hidden = string(name) == "title" || string(name) == "style"
		default:
			hidden = false
		}
	}
}

func within(spans []span, at int) bool {
	for _, s := range spans {
		if at >= s.from && at < s.to {
			return true
		}
	}
	return false
}

// inComment reports whether a place is in a comment that Outlook reads. It is copied
// unchanged, so a phrase in it is its words and nothing else.
func inComment(src string, at int) bool {
	for _, m := range conditionalComment.FindAllStringIndex(src, -1) {
		if at >= m[0] && at < m[1] {
			return true
		}
	}
	return false
}

// An expansion is a source with its phrases put in. Marks, which are comments of the
// template language and so cost nothing, tell where what follows is from: {{/*@2,17*/}}
// the 17th byte of phrase 2, {{/*@-1,300*/}} the 300th of the source.
type expansion struct {
	text    string
	phrases []*phrase
	lacks   []macro // calls of phrases that there aren't
}

// expand puts the phrases that find knows in place of the calls of t. page says that
// the source is HTML.
func expand(src string, page bool, find func(key string) *phrase, fault func(at int, p *phrase, format string, args ...any)) expansion {
	var x expansion
	calls := macros(src)
	if len(calls) == 0 {
		x.text = src
		return x
	}
	var read []span
	if page {
		read = prose(src)
	}
	var b strings.Builder
	last := 0
	for _, m := range calls {
		if m.key == "" {
			continue // reported by structure
		}
		p := find(m.key)
		if p == nil {
			x.lacks = append(x.lacks, m)
			continue
		}
		if !page && looksLikeHTML.MatchString(p.text) {
			fault(m.at, p, "has HTML in it, and is said where there is only text; write one without for that")
			continue
		}
		if !m.whole {
			if len(p.actions) > 0 {
				fault(m.at, nil, "the phrase %q holds {{…}}, so it cannot be part of an expression; write {{t %q}} by itself", m.key, m.key)
				continue
			}
			b.WriteString(src[last:m.callAt] + strconv.Quote(p.text))
			last = m.callEnd
			continue
		}
		b.WriteString(src[last:m.action.at])
		last = m.action.end
		if page && !within(read, m.action.at) && inComment(src, m.action.at) {
			b.WriteString(p.text)
			continue
		}
		k := len(x.phrases)
		x.phrases = append(x.phrases, p)
		b.WriteString(mark(k, 0, m.trimsL, false))
		p.write(&b, k, page && within(read, m.action.at))
		b.WriteString(mark(-1, m.action.end, false, m.trimsR))
	}
	b.WriteString(src[last:])
	x.text = b.String()
	return x
}

// write writes a phrase. In HTML, what it prints may be of another script than its
// words, and must not turn the sentence around.
func (p *phrase) write(b *strings.Builder, k int, isolate bool) {
	last := 0
	for _, a := range p.actions {
		if !isolate || !a.prints(p.text) || !within(p.prose, a.at) {
			continue
		}
		b.WriteString(p.text[last:a.at])
		if a.trimsL {
			b.WriteString("{{- /**/}}")
		}
		b.WriteString(`<span dir="auto">` + mark(k, a.from, false, false) + "{{" + p.text[a.from:a.to] + "}}</span>")
		b.WriteString(mark(k, a.end, false, a.trimsR))
		last = a.end
	}
	b.WriteString(p.text[last:])
}

// mark says where what follows is from.
func mark(phrase, offset int, trimsL, trimsR bool) string {
	open, end := "{{", "}}"
	if trimsL {
		open = "{{- "
	}
	if trimsR {
		end = " -}}"
	}
	return fmt.Sprintf("%s/*@%d,%d*/%s", open, phrase, offset, end)
}

var (
	lastMark = regexp.MustCompile(`\{\{(?:- )?/\*@(-?\d+),(\d+)\*/(?: -)?\}\}`)

	// looksLikeHTML finds tags and entities.
	looksLikeHTML = regexp.MustCompile(`</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]+|#[0-9]+|#[xX][0-9a-fA-F]+);`)
)

// An origin is where something that a person wrote is.
type origin struct {
	path      string
	line, col int
	phrase    *phrase // nil: in the template itself
}

// at returns where the byte at an offset of a file's text is from.
func (f *file) at(offset int) origin {
	offset = min(max(offset, 0), len(f.text))
	m := lastMark.FindAllStringSubmatchIndex(f.text[:offset], -1)
	if len(m) == 0 {
		line, col := lineCol(f.text, offset)
		return origin{f.path, line, col, nil}
	}
	mark := m[len(m)-1]
	k, _ := strconv.Atoi(f.text[mark[2]:mark[3]])
	from, _ := strconv.Atoi(f.text[mark[4]:mark[5]])
	if k >= 0 && k < len(f.phrases) {
		line, col := f.phrases[k].place(from + offset - mark[1])
		return origin{f.phrases[k].path, line, col, f.phrases[k]}
	}
	line, col := lineCol(f.source, from)
	line += f.above
	since := f.text[mark[1]:offset]
	if lines := strings.Count(since, "\n"); lines > 0 {
		return origin{f.path, line + lines, len(since) - strings.LastIndexByte(since, '\n'), nil}
	}
	return origin{f.path, line, col + len(since), nil}
}

// atLine is the same for a place as the template packages tell it: a line, and a column
// that may be missing. Without one it is the first place of the line that is the
// template's own, as a phrase by itself is known to parse.
func (f *file) atLine(line, col int) origin {
	start := 0
	for range line - 1 {
		next := strings.IndexByte(f.text[start:], '\n')
		if next < 0 {
			break
		}
		start += next + 1
	}
	if col > 0 {
		return f.at(start + col - 1)
	}
	o := f.at(start)
	if rest, _, _ := strings.Cut(f.text[start:], "\n"); o.phrase != nil {
		for _, m := range lastMark.FindAllStringSubmatchIndex(rest, -1) {
			if rest[m[2]:m[3]] == "-1" {
				o = f.at(start + m[1])
				break
			}
		}
	}
	o.col = 0
	return o
}
