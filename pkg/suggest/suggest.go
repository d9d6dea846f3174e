// Package suggest finds the word that somebody who misspelt one most likely
// meant. It compares letters only; what the words mean is its callers' business.
package suggest

import "strings"

// maxLength bounds the work: no longer word is compared.
const maxLength = 64

// Nearest returns the one of known that word was probably meant to be,
// whatever the case of its letters; empty if none is near enough.
func Nearest(word string, known []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least && d < len(k) {
			best, least = k, d
		}
	}
	return best
}

// distance counts the letters to insert, drop or replace, and the neighbours
// to swap, that turn one word into the other.
func distance(a, b string) int {
	if len(a) > maxLength || len(b) > maxLength {
		return len(a) + len(b)
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
