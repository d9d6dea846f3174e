package render

import (
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// A locale writes numbers, amounts and dates. golang.org/x/text knows the
// symbols, but formats a number in about 2 µs and does not place currency
// symbols by locale; so its symbols are read once, and writing is done here.
type locale struct {
	number language.Tag // numbers and amounts: as the shop writes them
	text   language.Tag // dates, ordinals and plurals: the language of the email

	decimal string
	group   string
	first   int // digits in the group next to the decimal sign
	others  int // digits in the groups before it: 2 in India
	digits  [10]rune
	latin   bool // digits are 0 to 9
	side    side
	percent [2]string // what comes before and after the number
	calendar
	lang    string // BCP 47, of text
	dir     string
	symbols sync.Map // ISO 4217 code → narrow symbol
}

// A side says where an amount's currency symbol goes.
type side int

const (
	before      side = iota // £12.95
	beforeSpace             // € 12,95
	after                   // 12,95 €
)

// The place of the currency symbol by language, and by region where that
// differs; from Unicode CLDR 45, currencyFormats/standard. All others write it before.
var (
	sideOfLanguage = map[string]side{
		"af": before, "ar": after, "az": after, "be": after, "bg": after, "bs": after, "ca": after, "cs": after,
		"da": after, "de": after, "el": after, "es": after, "et": after, "eu": after, "fa": beforeSpace, "fi": after,
		"fr": after, "gl": after, "he": after, "hr": after, "hu": after, "hy": after, "id": beforeSpace, "is": after,
		"it": after, "ka": after, "kk": after, "lt": after, "lv": after, "mk": after, "ms": beforeSpace, "nb": after,
		"nl": beforeSpace, "nn": after, "no": after, "pl": after, "pt": beforeSpace, "ro": after, "ru": after,
		"sk": after, "sl": after, "sq": after, "sr": after, "sv": after, "sw": beforeSpace, "uk": after, "vi": after,
	}
	sideOfRegion = map[string]side{
		"de-AT": beforeSpace, "de-CH": beforeSpace, "de-LI": beforeSpace, "it-CH": beforeSpace, "pt-PT": after,
		"es-AR": beforeSpace, "es-CO": beforeSpace, "es-PE": beforeSpace, "es-MX": before, "es-US": before,
		"es-CL": before, "es-419": before,
	}
)

// parseTag reduces a BCP 47 tag to language, script and region: the rest
// changes nothing in an email and would only make more variants to keep.
func parseTag(s string) (language.Tag, bool) {
	if s == "" || len(s) > 35 {
		return language.Und, false
	}
	t, err := language.Parse(s)
	if err != nil || t == language.Und {
		return language.Und, false
	}
	b, sc, r := t.Raw()
	if t, err = language.Compose(b, sc, r); err != nil {
		return language.Und, false
	}
	return t, true
}

// sameLanguage says whether two tags share their base language.
func sameLanguage(a, b language.Tag) bool {
	x, _ := a.Base()
	y, _ := b.Base()
	return x == y
}

func newLocale(numbers, text language.Tag) *locale {
	l := &locale{number: numbers, text: text, decimal: ".", group: ",", first: 3, others: 3, lang: text.String(), dir: direction(text)}
	p := message.NewPrinter(numbers)
	i := 0
	for _, r := range p.Sprint(number.Decimal(1234567890, number.NoSeparator())) {
		if i < 10 {
			l.digits[(i+1)%10] = r
		}
		i++
	}
	l.latin = l.digits[0] == '0'
	l.separators(p.Sprint(number.Decimal(123456789.5)))
	l.percentSign(p.Sprint(number.Percent(0.5)))
	l.calendar = readCalendar(text)
	base, _ := numbers.Base()
	l.side = sideOfLanguage[base.String()]
	if region, _ := numbers.Region(); regional(numbers) {
		if s, ok := sideOfRegion[base.String()+"-"+region.String()]; ok {
			l.side = s
		}
	}
	return l
}

// separators reads the signs between digits off 123456789.5 as the locale writes it.
func (l *locale) separators(probe string) {
	var signs []string
	var widths []int
	width, sign := 0, ""
	for _, r := range probe {
		if strings.ContainsRune(string(l.digits[:]), r) {
			if sign != "" {
				signs, widths, sign, width = append(signs, sign), append(widths, width), "", 0
			}
			width++
			continue
		}
		sign += string(r)
	}
	if n := len(signs); n >= 1 {
		l.decimal = signs[n-1]
		if n >= 2 {
			l.group, l.first, l.others = signs[n-2], widths[n-1], widths[n-2]
		} else {
			l.group, l.first, l.others = "", 3, 3
		}
	}
}

// appendNumber appends n, which has so many digits after the decimal sign.
func (l *locale) appendNumber(b []byte, n int64, scale int) []byte {
	if n < 0 {
		return l.appendDigits(append(b, minus...), -uint64(n), scale)
	}
	return l.appendDigits(b, uint64(n), scale)
}

// numeral is n as text.
func (l *locale) numeral(n int) string {
	var room [32]byte
	return string(l.appendNumber(room[:0], int64(n), 0))
}

const minus = "\u2212"

func (l *locale) appendDigits(b []byte, u uint64, scale int) []byte {
	var raw [40]byte
	i := len(raw)
	for u > 0 || i > len(raw)-scale-1 {
		i--
		raw[i] = byte(u % 10)
		u /= 10
	}
	for j := i; j < len(raw); j++ {
		left := len(raw) - scale - j // digits before the decimal sign, from here
		switch {
		case left == 0:
			b = append(b, l.decimal...)
		case j > i && left > 0 && (left == l.first || left > l.first && (left-l.first)%l.others == 0):
			b = append(b, l.group...)
		}
		if l.latin {
			b = append(b, '0'+raw[j])
		} else {
			b = append(b, string(l.digits[raw[j]])...)
		}
	}
	return b
}

// symbol is the narrow symbol of a currency: "£", "kr", "CHF".
func (l *locale) symbol(code string) string {
	if s, ok := l.symbols.Load(code); ok {
		return s.(string)
	}
	unit, err := currency.ParseISO(code)
	if err != nil {
		return code
	}
	s := message.NewPrinter(l.number).Sprint(currency.NarrowSymbol(unit))
	l.symbols.Store(code, s)
	return s
}

// one says whether n takes the singular in the language of the email.
func (l *locale) one(n int) bool {
	if n < 0 {
		n = max(-n, 0) // MatchPlural takes no sign; the smallest number has no opposite
	}
	return plural.Cardinal.MatchPlural(l.text, n, 0, 0, 0, 0) == plural.One
}

// ordinal is "1st" in English; where the word differs by gender or case, the
// plain number with a full stop is understood.
func (l *locale) ordinal(n int) string {
	s := l.numeral(n)
	base, _ := l.text.Base()
	switch base.String() {
	case "en":
		return s + englishSuffix(n)
	case "fr":
		if n == 1 {
			return s + "re" // une commande: feminine
		}
		return s + "e"
	case "nl":
		return s + "e"
	case "es", "pt", "it":
		return s + "ª"
	case "sv":
		if (n%10 == 1 || n%10 == 2) && n%100 != 11 && n%100 != 12 {
			return s + ":a"
		}
		return s + ":e"
	case "ja", "zh", "ko":
		return s
	}
	return s + "."
}

func englishSuffix(n int) string {
	if n%100 >= 11 && n%100 <= 13 {
		return "th"
	}
	switch n % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}

// percentSign reads what is around 50 % as the locale writes it.
func (l *locale) percentSign(probe string) {
	digit := func(r rune) bool { return strings.ContainsRune(string(l.digits[:]), r) }
	from, to := strings.IndexFunc(probe, digit), strings.LastIndexFunc(probe, digit)
	if from < 0 {
		l.percent = [2]string{"", "%"}
		return
	}
	_, size := utf8.DecodeRuneInString(probe[to:])
	l.percent = [2]string{probe[:from], probe[to+size:]}
}

// direction is "rtl" for a language written from right to left.
func direction(t language.Tag) string {
	script, _ := t.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}
