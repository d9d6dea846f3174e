package render

import (
	"strings"
)

// textColumns is where lines of the text part break. RFC 3676 advises at most
// 78; two are left for the "> " of a reply.
const textColumns = 76

// appendWrapped appends text as a reader wants it: long lines are broken at spaces,
// items of a list ("- …", "* …") and indented lines hang, no more than one
// empty line follows another, nothing trails. A word longer than a line, such
// as a URL, stays whole.
func appendWrapped(dst []byte, text string) []byte {
	empty := 2 // no empty lines at the top
	for text != "" {
		var ln string
		ln, text, _ = strings.Cut(text, "\n")
		ln = strings.TrimRight(ln, " \t\r")
		if ln == "" {
			empty++
			continue
		}
		if empty > 0 && len(dst) > 0 {
			dst = append(dst, '\n')
		}
		empty = 0
		dst = append(appendLine(dst, ln), '\n')
	}
	return dst
}

// appendLine appends one line, broken where it must be.
func appendLine(dst []byte, ln string) []byte {
	if len(ln) <= textColumns {
		return append(dst, ln...)
	}
	hang := hangingIndent(ln)
	width := textColumns
	for {
		at := breakAt(ln, width)
		if at < 0 {
			return append(dst, ln...)
		}
		dst = append(dst, strings.TrimRight(ln[:at], " ")...)
		dst = append(append(dst, '\n'), hang...)
		ln = strings.TrimLeft(ln[at:], " ")
		width = textColumns - len(hang)
	}
}

// breakAt is the offset of the last space within width columns, else of the
// first one after them; -1 if the line fits or has no space.
func breakAt(ln string, width int) int {
	if len(ln) <= width {
		return -1
	}
	columns, last := 0, -1
	lead := len(ln) - len(strings.TrimLeft(ln, " -*"))
	for i, r := range ln {
		if r == ' ' && i > lead {
			if columns > width && last >= 0 {
				return last
			}
			last = i
			if columns > width {
				return last
			}
		}
		columns++
	}
	if columns <= width {
		return -1
	}
	return last
}

// hangingIndent is the space under which a broken line goes on.
func hangingIndent(ln string) string {
	body := strings.TrimLeft(ln, " ")
	n := len(ln) - len(body)
	if strings.HasPrefix(body, "- ") || strings.HasPrefix(body, "* ") {
		n += 2
	}
	const spaces = "                    "
	return spaces[:min(n, len(spaces))]
}
