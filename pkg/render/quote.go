package render

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"homing/events"
)

const (
	maxQuotation = 300 // runes
	minQuotation = 3   // letters
)

// longNumber is from how many digits in a row on a text has a number that somebody could be
// called by, whatever separates them.
const longNumber = 7

// Quotation returns what a customer wrote as an email may quote it, in one line. It is false
// for what is quoted as a whole or not at all: what is longer than 300 characters, or holds a
// link, an address, a telephone number or markup.
func Quotation(s string) (string, bool) {
	if utf8.RuneCountInString(s) > 4*maxQuotation {
		return "", false
	}
	text := line(s, 4*maxQuotation)
	letters := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if letters < minQuotation || utf8.RuneCountInString(text) > maxQuotation || leads(text) {
		return "", false
	}
	return text, true
}

// leads reports whether a mail program or a reader could make of a text a way to somewhere.
func leads(s string) bool {
	s = likeDot.Replace(norm.NFKC.String(s))
	return strings.ContainsAny(s, "@<>{}[]|\\") || strings.Contains(s, "//") || hostLike(s) || callable(s)
}

// callable reports whether a text has a number of many digits.
func callable(s string) bool {
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			if n++; n >= longNumber {
				return true
			}
		case !strings.ContainsRune(" -./()+", r):
			n = 0
		}
	}
	return false
}

// rate makes the stars that are shown.
func (q *Quote) rate() {
	q.Rating = ""
	if q.Stars > 0 && q.Stars <= events.BestRating {
		q.Rating = strings.Repeat("★", q.Stars) + strings.Repeat("☆", events.BestRating-q.Stars)
	}
}

// clean reports whether anything is left that can be shown.
func (q *Quote) clean() (good bool) {
	if q.Rating == "" {
		q.Stars = 0
	}
	q.Title, _ = Quotation(q.Title)
	q.Name, q.Product = PersonName(q.Name), together(line(q.Product, maxProduct))
	q.Text, good = Quotation(q.Text)
	return good
}
