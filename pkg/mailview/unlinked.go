package mailview

import (
	"regexp"

	"golang.org/x/net/html"
)

// leads are the attributes by which an element leads elsewhere when somebody clicks.
var leads = map[string]bool{"href": true, "action": true, "formaction": true, "xlink:href": true}

// Unlinked returns the HTML of an email in which nothing leads anywhere: its links are
// signed for one person, and a click on them says something in their name.
func Unlinked(email string) string {
	return rewrite(email, func(t *html.Token) bool {
		kept := t.Attr[:0:0]
		for _, a := range t.Attr {
			if !leads[a.Key] {
				kept = append(kept, a)
			}
		}
		changed := len(kept) != len(t.Attr)
		t.Attr = kept
		return changed
	})
}

// address is one in a text, up to what may come after it.
var address = regexp.MustCompile(`(?i)\b(https?://[^\s/<>"']+)[/?#][^\s<>"']*`)

// UnlinkedText returns the text of an email with addresses cut after the host.
func UnlinkedText(text string) string { return address.ReplaceAllString(text, "$1/…") }
