package render

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// What is in a page as Gmail and Outlook read it: https://www.caniemail.com, and for
// Gmail https://developers.google.com/workspace/gmail/design/css.
func TestEmailsAreRightWhereStylesOfTheHeadAreDropped(t *testing.T) {
	set := shipped(t)
	dropped := regexp.MustCompile(`(?i)(?:^|;)\s*(?:background|font|position|float|display:\s*(?:flex|grid))\s*:|rgba?\(|hsla?\(|calc\(|var\(|(?:rem|vw|vh)\b|!important`)
	for _, name := range set.Names() {
		for _, s := range set.Samples(name) {
			m := renderNamed(t, set, name, s.Data)
			head, _, _ := strings.Cut(m.HTML, "</head>")
			for _, style := range regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(head, -1) {
				if len(style[1]) > 8192 { // Gmail drops what is longer, with all its rules
					t.Errorf("%s: a style of %d bytes", name, len(style[1]))
				}
			}
			z := html.NewTokenizer(strings.NewReader(m.HTML))
			for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
				if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
					continue
				}
				tag := z.Token()
				style := ""
				for _, a := range tag.Attr {
					if a.Key == "style" {
						style = a.Val
					}
				}
				if bad := dropped.FindString(style); bad != "" {
					t.Errorf("%s, %s: <%s style=%q> has %q, which is dropped", name, s.Name, tag.Data, style, bad)
				}
				if tag.Data == "a" && !strings.Contains(tag.String(), "aria-hidden") && (!strings.Contains(style, "color:") || !strings.Contains(style, "text-decoration:")) {
					t.Errorf("%s, %s: %s would be blue and underlined", name, s.Name, tag)
				}
				if tag.Data == "img" && !strings.Contains(tag.String(), " width=") {
					t.Errorf("%s, %s: %s has no width for Outlook", name, s.Name, tag)
				}
			}
		}
	}
}

func renderNamed(t *testing.T, set *Set, name string, d Data) Mail {
	t.Helper()
	m, err := set.Render(name, d)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
