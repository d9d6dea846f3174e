package mailprogram

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
)

// Check returns what mail programs drop of the HTML of an email, most opens first.
func Check(email string) []Loss {
	s := scanner{marks: map[string]bool{}}
	s.html(email)
	seen := map[string]bool{}
	var losses []Loss
	for mark := range s.marks {
		f := known().of[mark]
		if f == nil || seen[f.slug] {
			continue
		}
		seen[f.slug] = true
		if l, ok := f.loss(); ok {
			losses = append(losses, l)
		}
	}
	slices.SortFunc(losses, func(a, b Loss) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Slug, b.Slug))
	})
	return losses
}

// A scanner collects how features are recognised: see data.txt.
type scanner struct{ marks map[string]bool }

func (s *scanner) mark(kind, name string) { s.marks[kind+":"+strings.ToLower(name)] = true }

// html scans a document. What only Outlook reads, in conditional comments, is not looked at.
func (s *scanner) html(email string) {
	z := html.NewTokenizer(strings.NewReader(email))
	style := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if style {
				s.css(z.Text(), false)
			}
		case html.EndTagToken:
			style = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			style = t.Data == "style"
			s.tag(&t)
		}
	}
}

func (s *scanner) tag(t *html.Token) {
	s.mark("el", t.Data)
	for _, a := range t.Attr {
		s.mark("attr", a.Key)
		switch {
		case a.Key == "style":
			s.css([]byte(a.Val), true)
		case a.Key == "src" && t.Data == "img", a.Key == "background":
			s.image(a.Val)
		case a.Key == "name" && t.Data == "meta":
			s.mark("meta", a.Val)
		}
	}
}

// image looks at what kind of picture an address leads to.
func (s *scanner) image(src string) {
	if strings.HasPrefix(src, "data:") {
		s.mark("image", "data")
		return
	}
	src, _, _ = strings.Cut(src, "?")
	s.mark("image", strings.TrimPrefix(path.Ext(src), "."))
}

// css scans a style sheet, or the declarations of a style attribute.
func (s *scanner) css(source []byte, inline bool) {
	p := css.NewParser(parse.NewInput(bytes.NewReader(source)), inline)
	for {
		kind, _, data := p.Next()
		switch kind {
		case css.ErrorGrammar:
			if !p.HasParseError() { // but the end
				return
			}
		case css.AtRuleGrammar, css.BeginAtRuleGrammar:
			s.atRule(string(data), p.Values())
		case css.QualifiedRuleGrammar, css.BeginRulesetGrammar:
			s.selector(p.Values())
		case css.DeclarationGrammar:
			s.declaration(string(data), p.Values())
		case css.CustomPropertyGrammar:
			s.mark("prop", "--")
		}
	}
}

func (s *scanner) atRule(name string, values []css.Token) {
	name = strings.ToLower(strings.TrimPrefix(name, "@"))
	s.mark("at", name)
	if name != "media" {
		return
	}
	for _, v := range values {
		if v.TokenType == css.IdentToken {
			s.mark("media", string(v.Data))
		}
	}
}

func (s *scanner) selector(values []css.Token) {
	for i, v := range values {
		data := string(v.Data)
		switch {
		case v.TokenType == css.HashToken:
			s.mark("selector", "#")
		case v.TokenType == css.LeftBracketToken:
			s.mark("selector", "[")
		case v.TokenType == css.DelimToken && (data == ">" || data == "+" || data == "~" || data == "*"):
			s.mark("selector", data)
		case i > 0 && values[i-1].TokenType == css.ColonToken && (v.TokenType == css.IdentToken || v.TokenType == css.FunctionToken):
			s.mark("pseudo", strings.TrimSuffix(data, "("))
		}
	}
}

func (s *scanner) declaration(property string, values []css.Token) {
	property = strings.ToLower(property)
	s.mark("prop", property)
	for _, v := range values {
		data := strings.ToLower(string(v.Data))
		switch v.TokenType {
		case css.FunctionToken:
			s.mark("fn", strings.TrimSuffix(data, "("))
		case css.DimensionToken:
			s.mark("unit", strings.TrimLeft(data, "0123456789.+-e"))
		case css.IdentToken:
			s.mark("value", property+":"+data)
			s.mark("value", "*:"+data)
		case css.DelimToken:
			if data == "!" {
				s.mark("important", "")
			}
		}
	}
}
