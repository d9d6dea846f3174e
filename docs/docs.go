// Package docs has what the documentation says for pages that show it as well.
package docs

import (
	_ "embed" // of reasons
	"strings"
)

//go:embed reasons.md
var reasons string

// Reason explains a reason, of a touch or of a rejected event, in Markdown; "" if there is
// no such reason.
func Reason(word string) string {
	_, text, _ := strings.Cut(reasons, "\n### `"+word+"`\n")
	text, _, _ = strings.Cut(text, "\n#")
	return strings.TrimSpace(text)
}

// Short is the first sentence of what Reason says.
func Short(word string) string {
	first, _, more := strings.Cut(Reason(word), ". ")
	if more {
		first += "."
	}
	return first
}
