package refusal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Redact makes a relay's words fit to be kept: every token that holds an address,
// plainly or in a URL, and every one that mentions what is private, which is a local
// part without its domain, or the user and secret we log in with, becomes <address>;
// control characters go.
func Redact(words string, private ...string) string {
	words = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(words, "?"))
	tokens := strings.Fields(words)
	for i, t := range tokens {
		hide := strings.Contains(t, "@") || strings.Contains(t, "%40")
		for _, p := range private {
			hide = hide || Mentions(t, p)
		}
		if hide {
			tokens[i] = "<address>"
		}
	}
	return strings.Join(tokens, " ")
}

// Kept is how many bytes of a reply are kept and shown.
const Kept = 200

// Shorten leaves of a reply what is kept of it and shown.
func Shorten(words string) string {
	if len(words) <= Kept {
		return words
	}
	words = words[:Kept]
	for !utf8.ValidString(words) {
		words = words[:len(words)-1]
	}
	return words
}

// Mentions reports whether a token has what is private as a word of its own.
func Mentions(token, private string) bool {
	if private == "" {
		return false
	}
	token, private = strings.ToLower(token), strings.ToLower(private)
	for {
		before, after, found := strings.Cut(token, private)
		if !found {
			return false
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		first, _ := utf8.DecodeRuneInString(after)
		if (before == "" || !wordly(last)) && (after == "" || !wordly(first)) {
			return true
		}
		token = after
	}
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
