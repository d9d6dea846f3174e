package maillint

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"homing/pkg/brand"
)

// seen is what was noticed of the HTML of an email.
type seen struct {
	pairs    []pair
	unsized  []string // addresses of pictures without a width
	insecure []string // addresses that begin with http:
}

// A pair is text on a ground that it can hardly be told from.
type pair struct {
	text         string
	ink, paper   brand.Color
	ratio, least float64
}

// A style is how text is shown where it is: what is inherited in CSS.
type style struct {
	ink, paper brand.Color
	size       float64 // px
	bold       bool
	hidden     bool
}

// look goes through an email as it is seen in light colours. It knows the styles of
// elements, which is where emails have them.
func look(email string) seen {
	var s seen
	doc, err := html.Parse(strings.NewReader(email))
	if err != nil {
		return s
	}
	s.node(doc, style{ink: "#000000", paper: "#ffffff", size: 16})
	return s
}

func (s *seen) node(n *html.Node, st style) {
	switch n.Type {
	case html.TextNode:
		s.text(n.Data, st)
	case html.ElementNode:
		switch n.Data {
		case "style", "script", "head", "title":
			return
		case "strong", "b", "th", "h1", "h2", "h3":
			st.bold = true
		case "img":
			s.image(n)
		case "a":
			if href := attr(n, "href"); strings.HasPrefix(strings.ToLower(href), "http:") {
				s.insecure = appendNew(s.insecure, href)
			}
		}
		st.apply(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		s.node(c, st)
	}
}

func (s *seen) image(n *html.Node) {
	src := attr(n, "src")
	if strings.HasPrefix(strings.ToLower(src), "http:") {
		s.insecure = appendNew(s.insecure, src)
	}
	if attr(n, "width") == "" {
		s.unsized = appendNew(s.unsized, src)
	}
}

// text notes words that are hard to read: WCAG 2.2, success criterion 1.4.3.
func (s *seen) text(text string, st style) {
	text = strings.Join(strings.Fields(text), " ")
	if text == "" || st.hidden || strings.Trim(text, "\u00a0\u200c ") == "" {
		return
	}
	least := 4.5
	if st.size >= 24 || st.bold && st.size >= 18.66 {
		least = 3
	}
	ratio := brand.Contrast(st.ink, st.paper)
	if ratio >= least {
		return
	}
	for _, p := range s.pairs {
		if p.ink == st.ink && p.paper == st.paper {
			return
		}
	}
	if r := []rune(text); len(r) > 30 {
		text = string(r[:30]) + "…"
	}
	s.pairs = append(s.pairs, pair{text, st.ink, st.paper, ratio, least})
}

// apply has an element change how its text is shown.
func (st *style) apply(n *html.Node) {
	if c, ok := parseColor(attr(n, "bgcolor")); ok {
		st.paper = c
	}
	for decl := range strings.SplitSeq(attr(n, "style"), ";") {
		name, value, _ := strings.Cut(decl, ":")
		value = strings.ToLower(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "!important")))
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "color":
			if c, ok := parseColor(value); ok {
				st.ink = c
			}
		case "background-color", "background":
			if c, ok := parseColor(value); ok {
				st.paper = c
			}
		case "font-size":
			if px, err := strconv.ParseFloat(strings.TrimSuffix(value, "px"), 64); err == nil {
				st.size = px
			}
		case "font-weight":
			weight, err := strconv.Atoi(value)
			st.bold = value == "bold" || err == nil && weight >= 700
		case "display":
			st.hidden = st.hidden || value == "none"
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func appendNew(list []string, s string) []string {
	const most = 120
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
