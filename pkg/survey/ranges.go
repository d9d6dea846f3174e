package survey

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// An interval is the numbers that a choice is for; from and to count unless they are open.
type interval struct {
	from, to         float64
	openFrom, openTo bool
	unit             string
}

const number = `[£$€]?\s*(\d+(?:[.,]\d+)?)\s*[£$€]?`

// What choices say about numbers, in the languages of the templates: en, de, fr, es.
var (
	fromTo = regexp.MustCompile(`(?:from|between|von|zwischen|entre|desde|de)?\s*` + number + `\s*(?:[-–—‑~]|to\b|and\b|bis\b|und\b|à|a\b|et\b|y\b)\s*` + number)
	orMore = regexp.MustCompile(`(?:(?:at least|min(?:destens|\.)|ab|au moins|à partir de|al menos|a partir de|desde|from)\s+` + number + `)|(?:` + number + `\s*[^\d]{0,20}?(?:\+|or more|or older|and more|and over|oder mehr|und mehr|ou plus|et plus|o más|y más))`)
	over   = regexp.MustCompile(`(?:over|more than|above|older than|über|mehr als|älter als|plus de|más de|mayor de)\s+` + number)
	orLess = regexp.MustCompile(`(?:(?:up to|at most|bis zu|bis|höchstens|jusqu[’']à|au plus|hasta|como máximo)\s+` + number + `)|(?:` + number + `\s*[^\d]{0,20}?(?:or less|or fewer|or younger|oder weniger|ou moins|o menos))`)
	under  = regexp.MustCompile(`(?:under|less than|fewer than|below|younger than|unter|weniger als|jünger als|moins de|menos de|menor de)\s+` + number)
	single = regexp.MustCompile(number)
	digits = regexp.MustCompile(`\d`)
	letter = regexp.MustCompile(`\p{L}+`)
)

// overlap reports whether two choices are both for some number.
func overlap(a, b string) bool {
	x, ok := intervalOf(a)
	y, also := intervalOf(b)
	if !ok || !also || x.unit != y.unit && x.unit != "" && y.unit != "" {
		return false
	}
	if x.from > y.from || x.from == y.from && x.openFrom && !y.openFrom {
		x, y = y, x
	}
	return x.to > y.from || x.to == y.from && !x.openTo && !y.openFrom
}

// intervalOf reads the numbers that a choice is for; false: it is about none, or about
// more than this understands.
func intervalOf(text string) (interval, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if !digits.MatchString(text) {
		return interval{}, false
	}
	for _, form := range []struct {
		says *regexp.Regexp
		make func(n []float64) interval
	}{
		{over, func(n []float64) interval { return interval{from: n[0], to: math.Inf(1), openFrom: true} }},
		{under, func(n []float64) interval { return interval{from: math.Inf(-1), to: n[0], openTo: true} }},
		{fromTo, func(n []float64) interval { return interval{from: n[0], to: n[1]} }},
		{orLess, func(n []float64) interval { return interval{from: math.Inf(-1), to: n[0]} }},
		{orMore, func(n []float64) interval { return interval{from: n[0], to: math.Inf(1)} }},
		{single, func(n []float64) interval { return interval{from: n[0], to: n[0]} }},
	} {
		at := form.says.FindStringSubmatchIndex(text)
		if at == nil {
			continue
		}
		var ns []float64
		for i := 2; i < len(at); i += 2 {
			if at[i] >= 0 {
				n, err := strconv.ParseFloat(strings.ReplaceAll(text[at[i]:at[i+1]], ",", "."), 64)
				if err != nil {
					return interval{}, false
				}
				ns = append(ns, n)
			}
		}
		rest := text[:at[0]] + " " + text[at[1]:]
		if digits.MatchString(rest) {
			return interval{}, false // "2 of the 5"
		}
		out := form.make(ns)
		out.unit = unitOf(rest)
		return out, true
	}
	return interval{}, false
}

// unitOf is what the numbers count: "times", "minutes". One of them is written without its
// s, and compares as the same.
func unitOf(rest string) string {
	words := letter.FindAllString(rest, -1)
	for i, w := range words {
		words[i] = strings.TrimRight(w, "s")
	}
	return strings.Join(words, " ")
}
