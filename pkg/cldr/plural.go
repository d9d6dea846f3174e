package cldr

import (
	"slices"
	"strconv"
	"strings"
)

// A rule says which numbers are in a category: n%10=1&n%100!=11.
type rule struct {
	category string
	any      [][]relation // met if all relations of one are
}

// A relation holds for a number if, after division by mod, its rest is in one of the
// ranges; or in none of them.
type relation struct {
	mod    uint64 // 0: the number itself
	in     bool
	ranges [][2]uint64
}

// Plural returns the category of a whole number in the locale's language: "one",
// "few", "other". It is that of the number without its sign.
func (l *Locale) Plural(n int) string {
	u := uint64(n)
	if n < 0 {
		u = -u
	}
	for i := range l.rules {
		if l.rules[i].takes(u) {
			return l.rules[i].category
		}
	}
	return "other"
}

// Forms returns the categories that whole numbers up to a thousand have in the locale's
// language: "one", "few", "many" in Polish, "one", "other" in English.
func (l *Locale) Forms() []string {
	var out []string
	for n := range 1001 {
		if c := l.Plural(n); !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b string) int { return slices.Index(categories, a) - slices.Index(categories, b) })
	return out
}

// categories are those that CLDR knows, in its order.
var categories = []string{"zero", "one", "two", "few", "many", "other"}

func (r *rule) takes(n uint64) bool {
	for _, all := range r.any {
		met := true
		for i := range all {
			met = met && all[i].holds(n)
		}
		if met {
			return true
		}
	}
	return false
}

func (r *relation) holds(n uint64) bool {
	if r.mod > 0 {
		n %= r.mod
	}
	for _, x := range r.ranges {
		if x[0] <= n && n <= x[1] {
			return r.in
		}
	}
	return !r.in
}

// readRules reads "one:n%10=1&n%100!=11|n=5;few:…", which the generator wrote.
func readRules(text string) []rule {
	var out []rule
	for part := range strings.SplitSeq(text, ";") {
		category, condition, ok := strings.Cut(part, ":")
		if !ok {
			continue
		}
		r := rule{category: category}
		for all := range strings.SplitSeq(condition, "|") {
			var relations []relation
			for one := range strings.SplitSeq(all, "&") {
				relations = append(relations, readRelation(one))
			}
			r.any = append(r.any, relations)
		}
		out = append(out, r)
	}
	return out
}

func readRelation(text string) relation {
	left, right, _ := strings.Cut(text, "=")
	r := relation{in: !strings.HasSuffix(left, "!")}
	if _, mod, ok := strings.Cut(strings.TrimSuffix(left, "!"), "%"); ok {
		r.mod = number(mod)
	}
	for part := range strings.SplitSeq(right, ",") {
		from, to, ok := strings.Cut(part, "..")
		if !ok {
			to = from
		}
		r.ranges = append(r.ranges, [2]uint64{number(from), number(to)})
	}
	return r
}

func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}
