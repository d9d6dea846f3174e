package render

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// PersonName is a name that somebody typed about themselves, as an email may show
// it: one line of at most 60 characters. A "name" with an address or a telephone
// number in it is an attempt to have the shop send a stranger an advertisement,
// because mail programs turn bare host names and numbers into links; the email does
// without it.
func PersonName(s string) string {
	s = line(s, maxName)
	if advertises(s) {
		return ""
	}
	return s
}

// DisplayName is a person's name in the header To, made of the same names as the
// greeting: what is left out of the one is not in the other.
func DisplayName(first, last string) string {
	return strings.TrimSpace(PersonName(first) + " " + PersonName(last))
}

// tooManyDigits is from how many digits on a name is taken for a telephone number:
// short codes have five, and names have a year at most.
const tooManyDigits = 5

// advertises says whether a name holds an address, markup or a telephone number, in
// any script and in any of the forms that programs read as the same.
func advertises(s string) bool {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] < 0x80
	}
	if !plain {
		s = likeDot.Replace(norm.NFKC.String(s)) // a full-width letter or dot is a letter or dot to a browser
	}
	return strings.ContainsAny(s, "/\\@<>{}[]|=") || hostLike(s) || digits(s) >= tooManyDigits
}

// likeDot makes dots of the other characters that separate the labels of a host
// (UTS 46, section 2.3). NFKC does so for the full-width ones.
var likeDot = strings.NewReplacer("\u3002", ".")

// hostLike says whether s holds something like "example.com" or "www.x": a dot
// between two letters or digits, with at least two letters after it.
func hostLike(s string) bool {
	for i := 1; i+2 < len(s); i++ {
		if s[i] == '.' && s[i-1] != ' ' && s[i-1] != '.' && wordByte(s[i+1]) && wordByte(s[i+2]) {
			return true
		}
	}
	return false
}

// digits counts the digits of any script.
func digits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}
