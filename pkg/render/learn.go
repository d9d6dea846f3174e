package render

import (
	"maps"
	"strings"
	"sync"

	"github.com/PuerkitoBio/goquery"
	"github.com/vanng822/go-premailer/premailer"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// learned is what the library said elements get, by the rules: it reads all of them each
// time it is asked, which takes longer than all else that a preview waits for at a key.
var learned struct {
	sync.Mutex
	of map[string]map[styledElement]string // never changed; replaced by larger ones
}

const (
	mostSheets   = 16   // that are remembered: as many layouts as are edited at a time
	mostElements = 4096 // of one of them
)

// learn returns what each of the tags gets that rules concern.
func learn(s *sheet, tags []startTag) map[styledElement]string {
	learned.Lock()
	known := learned.of[s.css]
	learned.Unlock()
	var news []styledElement
	seen := map[styledElement]bool{}
	for _, t := range tags {
		e := t.element()
		if _, ok := known[e]; ok || seen[e] || t.fault != "" || !s.concerns(t.name, t.class.text) {
			continue
		}
		seen[e] = true
		news = append(news, e)
	}
	if len(news) == 0 {
		return known
	}
	said := ask(s.css, news)
	learned.Lock()
	defer learned.Unlock()
	all := maps.Clone(learned.of[s.css])
	if all == nil || len(all) > mostElements {
		all = map[styledElement]string{}
	}
	maps.Copy(all, known)
	maps.Copy(all, said)
	if learned.of == nil || len(learned.of) >= mostSheets && learned.of[s.css] == nil {
		learned.of = map[string]map[styledElement]string{}
	}
	learned.of[s.css] = all
	return all
}

// ask has the library say what elements get.
func ask(css string, elements []styledElement) map[styledElement]string {
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	for _, e := range elements {
		n := &html.Node{Type: html.ElementNode, Data: e.tag, DataAtom: atom.Lookup([]byte(e.tag)), Attr: []html.Attribute{{Key: "class", Val: e.class}}}
		if e.own != "" {
			n.Attr = append(n.Attr, html.Attribute{Key: "style", Val: e.own})
		}
		body.AppendChild(n)
	}
	style := &html.Node{Type: html.ElementNode, Data: "style", DataAtom: atom.Style}
	style.AppendChild(&html.Node{Type: html.TextNode, Data: css})
	head := &html.Node{Type: html.ElementNode, Data: "head", DataAtom: atom.Head}
	head.AppendChild(style)
	page := &html.Node{Type: html.ElementNode, Data: "html", DataAtom: atom.Html}
	page.AppendChild(head)
	page.AppendChild(body)
	root := &html.Node{Type: html.DocumentNode}
	root.AppendChild(page)
	doc := goquery.NewDocumentFromNode(root)
	// Its error is of writing the document, which nobody reads.
	_, _ = premailer.NewPremailer(doc, premailer.NewOptions(premailer.WithCssToAttributes(false))).Transform()
	said := map[styledElement]string{}
	i := 0
	for n := body.FirstChild; n != nil; n = n.NextSibling {
		said[elements[i]] = ""
		for _, a := range n.Attr {
			if a.Key == "style" {
				said[elements[i]] = strings.ReplaceAll(a.Val, `"`, "'")
			}
		}
		i++
	}
	return said
}
