package render

import (
	"bytes"
	"unicode/utf8"
)

// textColumns is where lines of the text part break. RFC 3676 advises at most
// 78; two are left for the "> " of a reply.
const textColumns = 76

var newline = []byte{'\n'}

// appendWrapped appends text as a reader wants it: long lines are broken at spaces,
// items of a list ("- …", "* …") and indented lines hang, no more than one
// empty line follows another, nothing trails. A word longer than a line, such
// as a URL, stays whole.
func appendWrapped(dst, text []byte) []byte {
	empty := 2 // no empty lines at the top
	for len(text) > 0 {
		var ln []byte
		ln, text, _ = bytes.Cut(text, newline)
		ln = bytes.TrimRight(ln, " \t\r")
		if len(ln) == 0 {
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
func appendLine(dst, ln []byte) []byte {
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
		dst = append(dst, bytes.TrimRight(ln[:at], " ")...)
		dst = append(append(dst, '\n'), hang...)
		ln = bytes.TrimLeft(ln[at:], " ")
		width = textColumns - len(hang)
	}
}

// breakAt is the offset of the last space within width columns, else of the
// first one after them; -1 if the line fits or has no space.
func breakAt(ln []byte, width int) int {
	if len(ln) <= width {
		return -1
	}
	columns, last := 0, -1
	lead := len(ln) - len(bytes.TrimLeft(ln, " -*"))
	for i, c := range ln {
		if !utf8.RuneStart(c) {
			continue
		}
		if c == ' ' && i > lead {
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
func hangingIndent(ln []byte) string {
	body := bytes.TrimLeft(ln, " ")
	n := len(ln) - len(body)
	if len(body) > 1 && body[1] == ' ' && (body[0] == '-' || body[0] == '*') {
		n += 2
	}
	const spaces = "                    "
	return spaces[:min(n, len(spaces))]
}
