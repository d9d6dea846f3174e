package mailer

import (
	"encoding/base64"
	"unicode/utf8"
)

const (
	wordLine = 76 // bytes of a line that holds an encoded word (RFC 2047, section 2)

	wordQ     = "=?utf-8?q?"
	wordB     = "=?utf-8?b?"
	wordClose = "?="
)

// inText reports whether a byte is written as it is in an encoded word of an
// unstructured field.
func inText(c byte) bool { return c > ' ' && c <= '~' && c != '=' && c != '?' && c != '_' }

// inPhrase is inText for a display name (RFC 2047, section 5, rule 3).
func inPhrase(c byte) bool {
	return c-'a' < 26 || c-'A' < 26 || c-'0' < 10 || c == '!' || c == '*' || c == '+' || c == '-' || c == '/'
}

// appendWords appends a value as encoded words and returns the length of the
// last line. A word never ends inside a character, and each holds at least one.
//
// The encoding is the shorter one, the readable one if they are equal. Names in
// Cyrillic or Chinese letters then mostly are one word: Python (3.6 to 3.13.0) reads a
// space between the words of a display name, in the middle of it. Base64 of what is
// ASCII would look like spam to filters.
func appendWords(dst []byte, s string, column int, literal func(byte) bool) ([]byte, int) {
	size, ascii := 0, true
	for i := range len(s) {
		size += width(s[i], literal)
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if !ascii && base64.StdEncoding.EncodedLen(len(s)) < size {
		return appendB(dst, s, column)
	}
	return appendQ(dst, s, column, literal)
}

// width is how many bytes a byte takes in the Q encoding.
func width(c byte, literal func(byte) bool) int {
	if c == ' ' || literal(c) {
		return 1
	}
	return len("=00")
}

// runeLen is the length of the character at the start of s.
func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// appendB appends a value in the B encoding (RFC 2047, section 4.1).
func appendB(dst []byte, s string, column int) ([]byte, int) {
	for {
		room := (wordLine - column - len(wordB) - len(wordClose)) / 4 * 3
		end := runeLen(s)
		for end < len(s) {
			n := runeLen(s[end:])
			if end+n > room {
				break
			}
			end += n
		}
		before := len(dst)
		dst = append(dst, wordB...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(s[:end]))
		dst = append(dst, wordClose...)
		column += len(dst) - before
		if s = s[end:]; s == "" {
			return dst, column
		}
		dst = append(dst, "\r\n "...)
		column = len(" ")
	}
}

// appendQ appends a value in the Q encoding (RFC 2047, section 4.2).
func appendQ(dst []byte, s string, column int, literal func(byte) bool) ([]byte, int) {
	dst = append(dst, wordQ...)
	column += len(wordQ)
	empty := true
	for i := 0; i < len(s); {
		n := runeLen(s[i:])
		size := n * width(s[i], literal)
		if !empty && column+size+len(wordClose) > wordLine {
			dst = append(append(append(dst, wordClose...), "\r\n "...), wordQ...)
			column = len(" ") + len(wordQ)
		}
		switch {
		case s[i] == ' ':
			dst = append(dst, '_')
		case size == 1:
			dst = append(dst, s[i])
		default:
			for _, c := range []byte(s[i : i+n]) {
				dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
			}
		}
		column += size
		i += n
		empty = false
	}
	return append(dst, wordClose...), column + len(wordClose)
}
