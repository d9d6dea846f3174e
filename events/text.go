package events

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of each kind of text is kept, in characters.
const (
	maxName        = 100 // of a person, a country, a source of consent
	maxProductName = 200
	maxQuote       = 40 // of an offending value in an Error
)

// CleanText makes text from outside safe to show in one line: control,
// bidirectional and invisible characters and invalid UTF-8 are taken out, runs
// of white space (line breaks included) become one space, and what is longer
// than max characters is cut. What remains may still hold characters that mean
// something to HTML or to a template; escaping is the work of who prints it.
func CleanText(s string, max int) string {
	if plain(s, max) {
		return s
	}
	var b strings.Builder
	b.Grow(min(len(s), 4*max))
	n, space := 0, false
	for i, r := range s {
		if unicode.IsSpace(r) {
			space = n > 0
			continue
		}
		if unwanted(s[i:], r) {
			continue
		}
		if space && n+1 < max {
			b.WriteByte(' ')
			n++
		} else if space {
			break
		}
		space = false
		if n == max {
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// plain reports whether CleanText would leave s alone, for the common case of
// printable ASCII.
func plain(s string, max int) bool {
	if len(s) > max {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return false
		} else if c == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// unwanted reports whether the character r at the start of s is taken out of text.
func unwanted(s string, r rune) bool {
	if r == utf8.RuneError {
		_, size := utf8.DecodeRuneInString(s)
		return size == 1
	}
	return invisible(r)
}

// invisible reports whether r is a control or formatting character without a
// place in a name. The two joiners stay: Persian and emoji are written with
// them. So do the tag characters at U+E0020, which make the flags of Scotland
// and Wales.
func invisible(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0: // C0, DEL, C1
		return true
	case r == 0x200c, r == 0x200d, r >= 0xe0020 && r <= 0xe007f:
		return false
	case r < 0x600: // U+00AD soft hyphen, U+034F grapheme joiner
		return r == 0xad || r == 0x34f
	case r == 0x061c, r == 0x180e, r == 0xfeff: // Arabic letter mark, vowel separator, byte order mark
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e: // zero width, marks, embeddings
		return true
	case r >= 0x2060 && r <= 0x206f, r >= 0xfff0 && r <= 0xfffb: // word joiner, isolates, annotation
		return true
	case r >= 0xe0000 && r <= 0xe0fff: // language tag and unassigned formats
		return true
	}
	return r&0xfffe == 0xfffe // noncharacters
}

// cleanID makes an identifier comparable: surrounding white space and invisible
// characters are taken out. Inner spaces stay as they are, for two identifiers
// must not become one.
func cleanID(s string) string {
	s = strings.TrimSpace(s)
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			s = strings.Map(func(r rune) rune {
				if invisible(r) || r == 0x2028 || r == 0x2029 {
					return -1
				}
				return r
			}, s)
			return strings.TrimSpace(s)
		}
	}
	return s
}

// quote shows an offending value in an Error, in one line and cut. A value with
// an @ might be an address and is not shown.
func quote(s string) string {
	if hidden(s) {
		return "the value (not shown: it may be an address)"
	}
	if text := CleanText(s, maxQuote+1); utf8.RuneCountInString(text) > maxQuote {
		return `"` + CleanText(text, maxQuote) + `…"`
	}
	return `"` + CleanText(s, maxQuote) + `"`
}

func hidden(s string) bool { return strings.ContainsAny(s, "@＠") }
