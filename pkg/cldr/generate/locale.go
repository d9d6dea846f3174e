package main

import (
	"regexp"
	"strings"
)

// A numbers is the part of numbers.json that is used.
type numbers struct {
	Main map[string]struct{ Numbers map[string]any }
}

// A calendar is the part of ca-gregorian.json that is used.
type calendar struct {
	Main map[string]struct {
		Dates struct {
			Calendars struct {
				Gregorian struct {
					Months, Days    map[string]map[string]map[string]string
					DateFormats     map[string]any
					DateTimeFormats struct{ AvailableFormats map[string]any }
				}
			}
		}
	}
}

// read reads all that a locale says.
func (g *generator) read(name string) record {
	r := record{}
	var n numbers
	g.load(&n, "cldr-numbers-full", "main", name, "numbers.json")
	g.signs(r, n.Main[name].Numbers)
	var c struct {
		Main map[string]struct {
			Numbers struct{ Currencies map[string]map[string]string }
		}
	}
	g.load(&c, "cldr-numbers-full", "main", name, "currencies.json")
	g.symbols(r, c.Main[name].Numbers.Currencies)
	var d calendar
	g.load(&d, "cldr-dates-full", "main", name, "ca-gregorian.json")
	g.dates(r, name, d)
	r['P'] = g.plural(name)
	for k, v := range r {
		if strings.ContainsAny(v, "\t\n") {
			fail("generate: %s %c: %q has a tab or a line end", name, k, v)
		}
	}
	return r
}

// signs reads how numbers are written in the locale's own digits.
func (g *generator) signs(r record, n map[string]any) {
	system := n["defaultNumberingSystem"].(string)
	of := func(kind, key string) string {
		s, _ := n[kind+"-numberSystem-"+system].(map[string]any)[key].(string)
		return s
	}
	r['n'] = g.digits[system]
	r['d'], r['g'] = of("symbols", "decimal"), of("symbols", "group")
	r['D'], r['G'] = of("symbols", "currencyDecimal"), of("symbols", "currencyGroup")
	r['-'], r['%'] = of("symbols", "minusSign"), of("symbols", "percentSign")
	r['m'], _ = n["minimumGroupingDigits"].(string)
	r['f'], r['p'], r['c'] = of("decimalFormats", "standard"), of("percentFormats", "standard"), of("currencyFormats", "standard")
}

// symbols reads the signs of currencies, where they are more than the code; and the
// pattern that one currency may have to itself, which today is the euro only.
func (g *generator) symbols(r record, all map[string]map[string]string) {
	var symbols, narrow []string
	for _, code := range sorted(all) {
		c := all[code]
		s := c["symbol"]
		if s == "" {
			s = code
		}
		if strings.Contains(s+c["symbol-alt-narrow"], "|") {
			fail("generate: the symbol of %s has a |", code)
		}
		if s != code {
			symbols = append(symbols, code+s)
		}
		if n := c["symbol-alt-narrow"]; n != "" && n != s {
			narrow = append(narrow, code+n)
		}
	}
	r['S'], r['N'] = strings.Join(symbols, "|"), strings.Join(narrow, "|")
	r['e'] = all["EUR"]["pattern"]
}

// euros settles what Unicode's own code makes of a currency with a pattern to itself:
// it comes with the signs of the locale that gave it, and in a region that pays in
// that currency all amounts are written so. "€1,234.50" and "US$1,234.50" of en-NL,
// though its numbers are 1.234,5.
func (g *generator) euros(name string) {
	r := g.records[name]
	if r['e'] == "" {
		return
	}
	giver := name
	for p := g.parent(name); g.all(p)['e'] == r['e']; p = g.parent(p) {
		giver = p
	}
	of := g.all(giver)
	r['E'] = of['d'] + "|" + of['g']
	if _, region, _ := strings.Cut(name, "-"); g.euro[region] && giver != name {
		r['c'], r['D'], r['G'] = r['e'], of['d'], of['g']
	}
}

var (
	months = regexp.MustCompile(`MMM+`)
	alone  = regexp.MustCompile(`LLL+`)
	days   = regexp.MustCompile(`[Ec]+`)
	era    = regexp.MustCompile(`G ?`)
)

const (
	twelve = "1 2 3 4 5 6 7 8 9 10 11 12"
	week   = "sun mon tue wed thu fri sat"
)

// dates reads the long date, and a day with the day of the week and without a year.
// Patterns that have the month in full are taken where there are any; else the short
// one is written out, as Unicode's own code does it.
func (g *generator) dates(r record, name string, c calendar) {
	cal := c.Main[name].Dates.Calendars.Gregorian
	long, _ := cal.DateFormats["long"].(string)
	day := ""
	for _, skeleton := range []string{"MMMMEEEEd", "MMMEEEEd", "MMMMEd", "MMMEd"} {
		if day, _ = cal.DateTimeFormats.AvailableFormats[skeleton].(string); day != "" {
			break
		}
	}
	if long == "" || day == "" {
		fail("generate: %s has no long date", name)
	}
	r['M'], r['W'] = list(cal.Months["format"]["wide"], twelve), list(cal.Days["format"]["wide"], week)
	if alone.MatchString(day) { // the names that are for use without a day
		r['l'] = list(cal.Months["stand-alone"]["wide"], twelve)
	}
	if strings.Contains(day, "c") {
		r['W'] = list(cal.Days["stand-alone"]["wide"], week)
	}
	r['L'], r['Y'] = full(long), full(day)
	if strings.HasPrefix(r['M'], "M01") { // not translated: nobody misreads the ISO form
		r['L'], r['Y'] = "y-MM-dd", "y-MM-dd"
	}
	if base, _, _ := strings.Cut(name, "-"); g.buddhist[base] {
		r['b'] = "543"
	}
}

// full writes months and days of the week out, and leaves out the era. A narrow
// space becomes a plain one, as in browsers: not every mail program has a glyph.
func full(pattern string) string {
	part := strings.Split(pattern, "'")
	for i := 0; i < len(part); i += 2 { // outside of quotes
		p := alone.ReplaceAllString(months.ReplaceAllString(part[i], "MMMM"), "MMMM")
		part[i] = era.ReplaceAllString(days.ReplaceAllString(p, "EEEE"), "")
	}
	return strings.ReplaceAll(strings.Join(part, "'"), "\u202f", " ")
}

func list(names map[string]string, keys string) string {
	var out []string
	for k := range strings.FieldsSeq(keys) {
		out = append(out, names[k])
	}
	return strings.Join(out, "|")
}
