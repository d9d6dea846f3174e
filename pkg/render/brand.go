package render

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template/parse"

	"homing/pkg/brand"
)

// A Look is a store's brand, ready to be written into emails: its palette takes the
// place of each var(--…) in the fixed text of a template. So all stores share what is
// compiled, and no var(--…) is ever sent, which many mail programs would not know.
type Look struct {
	palette []string // by the index of brand.Names
	Logo    Logo
	Social  []Link
	Footer  string
}

// A Logo is a picture of the shop's name. Its URL is empty if there is none.
type Logo struct {
	URL     string `yaml:"url"`
	Width   int    `yaml:"width"`
	Alt     string `yaml:"alt"`      // empty: the store's name
	DarkURL string `yaml:"dark_url"` // empty: the same in dark mode
}

// NewLook returns the look of a brand that is valid.
func NewLook(b brand.Brand) *Look {
	l := &Look{palette: b.Palette(), Logo: Logo(b.Logo), Footer: line(b.Footer, maxFooter)}
	for _, s := range b.Social {
		l.Social = append(l.Social, Link{s.Name, s.URL})
	}
	return l
}

// Values returns the values of the palette by their names, as brand.Names has them.
func (l *Look) Values() map[string]string {
	out := map[string]string{}
	for i, name := range brandNames {
		out[name] = l.palette[i]
	}
	return out
}

// PlainLook is how a store looks that has no brand.
func PlainLook() *Look { return plainLook() }

// plainLook is what a store looks like that has no brand.
var plainLook = sync.OnceValue(func() *Look { return NewLook(brand.Default()) })

// look returns how the store's emails look.
func (s *Store) look() *Look {
	if s.Brand != nil {
		return s.Brand
	}
	return plainLook()
}

// brandNames are the names of a palette's values, by their index.
var brandNames = brand.Names()

// brandValue matches a value of the brand in a style.
var brandValue = regexp.MustCompile(`var\(\s*--([A-Za-z0-9_-]*)\s*\)`)

// The marks around the name of a value, from when a file is loaded until it is
// compiled. No text of a customer has them: Render takes control characters out.
const (
	markOpens  = '\x02'
	markCloses = '\x03'
)

// marked matches a marked name.
var marked = regexp.MustCompile(string(markOpens) + `([^` + string(markCloses) + `]*)` + string(markCloses))

// markBrand marks the names of brand values in a text.
func markBrand(s string) string {
	if !strings.Contains(s, "var(") {
		return s
	}
	return brandValue.ReplaceAllStringFunc(s, func(v string) string {
		name := brandValue.FindStringSubmatch(v)[1]
		if !slices.Contains(brandNames, name) {
			return v
		}
		return string(markOpens) + name + string(markCloses)
	})
}

// markTree marks the names of brand values in the fixed text of a tree.
func markTree(n parse.Node) {
	eachText(n, func(t *parse.TextNode) { t.Text = []byte(markBrand(string(t.Text))) })
}

// checkBrand reports names of brand values that there are not. A file with variables of
// its own, made elsewhere, may use those.
func checkBrand(f *file, ps *problems) {
	src := f.text
	for _, m := range brandValue.FindAllStringSubmatchIndex(src, -1) {
		name := src[m[2]:m[3]]
		if slices.Contains(brandNames, name) || strings.Contains(src, "--"+name+":") {
			continue
		}
		f.at(m[0]).report(ps, fmt.Sprintf("the brand has no --%s%s", name, didYouMean(name, brandNames)))
	}
}

// literal writes fixed text, with the store's brand in it.
func literal(text string) step {
	type piece struct {
		text  string
		value int // of the brand, after the text; -1: none
	}
	var pieces []piece
	last := 0
	for _, m := range marked.FindAllStringSubmatchIndex(text, -1) {
		pieces = append(pieces, piece{text[last:m[0]], slices.Index(brandNames, text[m[2]:m[3]])})
		last = m[1]
	}
	pieces = append(pieces, piece{text[last:], -1})
	return func(e *env) signal {
		for i := range pieces {
			p := &pieces[i]
			value := ""
			if p.value >= 0 {
				value = e.look.palette[p.value]
			}
			if !e.room(len(p.text) + len(value)) {
				return e.fail(errTooLong)
			}
			e.out.WriteString(p.text)
			e.out.WriteString(value)
		}
		return goOn
	}
}

// brandIn writes a store's brand into what the reference printed.
func brandIn(page []byte, look *Look) []byte {
	return marked.ReplaceAllFunc(page, func(m []byte) []byte {
		return []byte(look.palette[slices.Index(brandNames, string(bytes.Trim(m, "\x02\x03")))])
	})
}

// social says whether a URL is one of the brand's links.
func (l *Look) social(u string) bool {
	return l != nil && slices.ContainsFunc(l.Social, func(s Link) bool { return s.URL == u })
}

// wholeBrand has everything that a brand may have.
var wholeBrand = sync.OnceValue(func() *Look {
	b := brand.Default()
	b.Logo = brand.Logo{URL: "https://cdn.example/logo.png", Width: 140, DarkURL: "https://cdn.example/logo-dark.png"}
	b.Social = []brand.Social{{Name: "Instagram", URL: "https://social.example/shop"}, {Name: "Pinterest", URL: "https://pins.example/shop"}}
	b.Footer = "Example Shop Ltd, registered in England"
	return NewLook(b)
})

// branded returns d for a store with all that a brand may have: an email must be right
// with it, too.
func branded(d Data) Sample {
	d = d.clone()
	d.Store.Brand = wholeBrand()
	return Sample{"with a brand", d}
}
