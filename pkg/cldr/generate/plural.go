package main

import (
	"strconv"
	"strings"
)

// plural is the rules of a locale for whole numbers: "one:n%10=1&n%100!=11;few:…".
// What a rule says of decimals is settled here, as there are none.
func (g *generator) plural(name string) string {
	rules := g.plurals[name]
	for tag := name; rules == nil && strings.Contains(tag, "-"); rules = g.plurals[tag] {
		tag = tag[:strings.LastIndexByte(tag, '-')]
	}
	if rules == nil || name == "und" { // not known: as in most languages
		return "one:n=1"
	}
	var out []string
	for _, category := range []string{"zero", "one", "two", "few", "many"} {
		rule, _, _ := strings.Cut(rules["pluralRule-count-"+category], "@")
		if rule = whole(rule); rule != "" {
			out = append(out, category+":"+rule)
		}
	}
	return strings.Join(out, ";")
}

// whole is a condition as it is for whole numbers; "" when it is never met.
func whole(rule string) string {
	var any []string
	for or := range strings.SplitSeq(strings.TrimSpace(rule), " or ") {
		var all []string
		met := or != ""
		for and := range strings.SplitSeq(or, " and ") {
			switch relation := strings.ReplaceAll(and, " ", ""); {
			case relation == "":
			case strings.ContainsAny(relation[:1], "ni"):
				all = append(all, "n"+relation[1:])
			case strings.ContainsAny(relation[:1], "vwftec"): // of decimals and exponents: 0
				met = met && holdsForZero(relation)
			default:
				fail("generate: a rule for plurals: %q", and)
			}
		}
		if met && len(all) == 0 {
			fail("generate: a rule for plurals is met by all numbers: %q", rule)
		}
		if met {
			any = append(any, strings.Join(all, "&"))
		}
	}
	return strings.Join(any, "|")
}

// holdsForZero evaluates v=0, f%10!=4,6 or e!=0..5 of 0.
func holdsForZero(relation string) bool {
	left, right, _ := strings.Cut(relation, "=")
	in := false
	for part := range strings.SplitSeq(right, ",") {
		from, _, _ := strings.Cut(part, "..")
		n, err := strconv.Atoi(from)
		if err != nil {
			fail("generate: a rule for plurals: %q", relation)
		}
		in = in || n == 0
	}
	return in != strings.HasSuffix(left, "!")
}
