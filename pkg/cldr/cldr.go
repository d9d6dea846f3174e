// Package cldr writes numbers, amounts and dates as a locale does, by the data of
// Unicode CLDR. `make cldr` generates data.txt, which has only what is used here.
// It is pure.
package cldr

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed data.txt
var data string

// unknown is whose data a language is written with that CLDR does not have: English
// numbers, and dates in the ISO form.
const unknown = "und"

// A table is data.txt taken apart into lines; their text is not copied.
type table struct {
	version string
	digits  string            // "ADP0\tAFN0": where a currency is not shown with two
	lines   map[string]string // locale → its fields
	likely  map[string]string // "zh-TW" → "zh-Hant-TW"
}

var read = sync.OnceValue(func() *table {
	t := &table{lines: make(map[string]string, 450), likely: make(map[string]string, 40)}
	for line := range strings.Lines(data) {
		name, fields, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case name == "version":
			t.version = fields
		case name == "digits":
			t.digits = fields
		case name[0] == '=':
			t.likely[name[1:]] = fields
		default:
			t.lines[name] = fields
		}
	}
	return t
})

// Version is the release of CLDR that the data is of: "48.2.0".
func Version() string { return read().version }

// Digits returns how many digits after the decimal sign an amount of a currency is
// shown with. That is what people are used to, and for some currencies fewer than
// ISO 4217 says: 0 for HUF, whose amounts have two.
func Digits(currency string) int {
	t := read()
	if i := strings.Index(t.digits, currency); i >= 0 && len(currency) == 3 && strings.IndexFunc(currency, notCapital) < 0 {
		return int(t.digits[i+3] - '0')
	}
	return 2
}

// notCapital says what codes of currencies don't have. Without it "BP0" would be found
// where a code ends.
func notCapital(r rune) bool { return r < 'A' || r > 'Z' }

// known is the most special locale there is data of that a tag is covered by.
func (t *table) known(tag string) string {
	if full, ok := t.likely[tag]; ok {
		tag = full
	}
	tag = t.plain(tag)
	for {
		if _, ok := t.lines[tag]; ok || tag == unknown {
			return tag
		}
		tag = shorter(tag)
	}
}

// shorter is a tag without its last part.
func shorter(tag string) string {
	if i := strings.LastIndexByte(tag, '-'); i > 0 {
		return tag[:i]
	}
	return unknown
}

// chain is the fields of a locale and of all that it takes from, in that order.
func (t *table) chain(tag string) []string {
	var out []string
	for {
		fields := t.lines[tag]
		out = append(out, fields)
		if tag == unknown {
			return out
		}
		parent, ok := field(fields, '^')
		if !ok {
			parent = shorter(tag)
		}
		tag = t.known(parent)
	}
}

// plain leaves out a script that nothing is known of, or that goes without saying:
// en-Latn-GB is en-GB.
func (t *table) plain(tag string) string {
	part := strings.Split(tag, "-")
	if len(part) < 2 || len(part[1]) != 4 {
		return tag
	}
	if _, ok := t.lines[part[0]+"-"+part[1]]; ok || t.lines[tag] != "" {
		return tag
	}
	return strings.Join(append(part[:1:1], part[2:]...), "-")
}

// field finds the value of a key in the fields of one locale.
func field(fields string, key byte) (value string, found bool) {
	for f := range strings.SplitSeq(fields, "\t") {
		if f != "" && f[0] == key {
			return f[1:], true
		}
	}
	return "", false
}

// A Locale writes numbers, amounts, dates and plurals in one way. It never changes,
// and may be used by several goroutines.
type Locale struct {
	numbers
	dates
	rules []rule
	chain []string
}

// Of returns the locale of a tag that has a language and perhaps a script and a
// region: "de", "zh-Hant", "de-AT". What CLDR does not know of a region is as in its
// language, or as in the region it goes with: Mexico's Spanish is Latin America's.
func Of(tag string) *Locale {
	t := read()
	name := t.known(tag)
	if l, ok := made.Load(name); ok {
		return l.(*Locale)
	}
	l := &Locale{chain: t.chain(name)}
	l.numbers = l.readNumbers()
	l.dates = l.readDates()
	l.rules = readRules(l.find('P'))
	shared, _ := made.LoadOrStore(name, l)
	return shared.(*Locale)
}

// made keeps the locales that were asked for, by name: a few of some 400.
var made sync.Map

// find returns what the locale says under a key, by itself or by its parents.
func (l *Locale) find(key byte) string {
	for _, fields := range l.chain {
		if v, ok := field(fields, key); ok {
			return v
		}
	}
	return ""
}
