package mailer

import (
	"strings"
	"unicode"
)

// foldAt is how many bytes a line has without CRLF, where words allow it (RFC 5322,
// section 2.1.1).
const foldAt = 78

// appendText appends an unstructured field such as Subject. The value has one
// space between words. Its first word stays on the field's own line: some
// readers take the break before it for a space of the value.
func appendText(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	column := len(name) + len(": ")
	if plain(value) {
		dst = appendFolded(dst, value, column)
	} else {
		dst, _ = appendWords(dst, value, column, inText)
	}
	return append(dst, "\r\n"...)
}

// appendMailbox appends a field that holds one mailbox. The address has been
// checked, the name comes from displayName and may be empty.
func appendMailbox(dst []byte, field, name, address string) []byte {
	dst = append(append(dst, field...), ": "...)
	column := len(field) + len(": ")
	switch {
	case name == "":
	case plain(name):
		var scratch [2*maxName + 2]byte
		quoted := append(scratch[:0], '"')
		for i := range len(name) {
			if name[i] == '"' || name[i] == '\\' {
				quoted = append(quoted, '\\')
			}
			quoted = append(quoted, name[i])
		}
		before := len(dst)
		dst = appendFolded(dst, append(quoted, '"'), column)
		column = lastColumn(dst, before, column)
	default:
		dst, column = appendWords(dst, name, column, inPhrase)
	}
	if name != "" {
		if column+len(" <>")+len(address) > foldAt {
			dst = append(dst, "\r\n"...)
		}
		dst = append(dst, ' ')
	}
	dst = append(append(append(dst, '<'), address...), '>')
	return append(dst, "\r\n"...)
}

// lastColumn is the length of the last line of what was appended to a buffer at
// before, where the line had column bytes.
func lastColumn(b []byte, before, column int) int {
	for i := len(b); i > before; i-- {
		if b[i-1] == '\n' {
			return len(b) - i
		}
	}
	return column + len(b) - before
}

// appendFolded appends words with a line break before each that would pass the
// fold.
func appendFolded[S string | []byte](dst []byte, s S, column int) []byte {
	for first := true; ; first = false {
		end := 0
		for end < len(s) && s[end] != ' ' {
			end++
		}
		if !first {
			if column+1+end > foldAt {
				dst = append(dst, "\r\n"...)
				column = 0
			}
			dst = append(dst, ' ')
			column++
		}
		dst = append(dst, s[:end]...)
		column += end
		if end == len(s) {
			return dst
		}
		s = s[end+1:]
	}
}

// plain reports whether a value can go into a header as it is: printable ASCII
// that no reader takes for an encoded word.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return !strings.Contains(s, "=?")
}

// displayName makes a name fit to be shown: a bad name degrades, it does not
// stop an email.
func displayName(s string) string {
	if len(s) <= maxName && tidy(s) {
		return s
	}
	s = oneSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if r := []rune(s); len(r) > maxName {
		s = strings.TrimSpace(string(r[:maxName]))
	}
	return s
}

// oneSpace makes every run of white space one space, and bytes that are not
// UTF-8 the replacement character. Headers are folded at spaces: a long run would
// become lines of nothing but white space, which some servers read as the end of
// the headers.
func oneSpace(s string) string {
	if tidy(s) {
		return s
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
}

// tidy reports whether s is printable ASCII with single spaces between words.
func tidy(s string) bool {
	last := byte(' ')
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && last == ' ' {
			return false
		}
		last = s[i]
	}
	return s == "" || last != ' '
}
