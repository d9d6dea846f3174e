package maillint

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
)

// address is where a web address begins in a text.
var address = regexp.MustCompile(`(?i)\bhttps?://`)

// links counts the links and pictures of an email as rspamd does: those of the HTML and of
// the text together, each as often as it is there. What a link shows is not one more.
func links(page, text string) int {
	n := len(address.FindAllStringIndex(text, -1))
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return n
	}
	for e := range doc.Descendants() {
		if e.Type != html.ElementNode {
			continue
		}
		for _, a := range []string{"href", "src", "background"} {
			if address.MatchString(attr(e, a)) {
				n++
			}
		}
	}
	return n
}
