package render

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/language"

	"homing/pkg/cldr"
)

// A locale is how one email writes: numbers and amounts as the shop does, the rest
// as the language of the email does.
type locale struct {
	numbers  *cldr.Locale
	text     *cldr.Locale // dates and plurals
	language string       // of text, without script and region: for ordinals
	lang     string       // BCP 47, of text
	dir      string

	forms []string               // that the language has of a word; more than two
	two   atomic.Pointer[string] // a word that was written with two forms all the same, if forms are more

	home       string   // the store's currency, which needs no more than its narrow sign
	currencies sync.Map // ISO 4217 code → *cldr.Currency
}

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

func newLocale(numbers, text language.Tag, home string) *locale {
	base, _ := text.Base()
	l := &locale{
		numbers: cldr.Of(numbers.String()), text: cldr.Of(text.String()),
		language: base.String(), lang: text.String(), dir: direction(text), home: home,
	}
	if forms := l.text.Forms(); len(forms) > 2 {
		l.forms = forms
	}
	return l
}

// numeral is n as text.
func (l *locale) numeral(n int) string {
	var room [32]byte
	return string(l.numbers.AppendNumber(room[:0], int64(n), 0))
}

// currency is how amounts of a currency are written. The store's own has the sign
// that people there know it by: "$". Any other has one that cannot be mistaken for
// it: "US$", or the code.
func (l *locale) currency(code string) *cldr.Currency {
	if c, ok := l.currencies.Load(code); ok {
		return c.(*cldr.Currency)
	}
	symbol := l.numbers.Symbol(code)
	if code == l.home {
		symbol = l.numbers.Narrow(code)
	}
	c := l.numbers.Currency(code, symbol)
	l.currencies.Store(code, c)
	return c
}

// date writes the day of t in its own time zone, with the year; the zero time is empty.
func (l *locale) date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	var room [64]byte
	return string(l.text.AppendDate(room[:0], t))
}

// day writes the day of t with the day of the week and without the year, as one
// says a day that is near: "Tuesday 3 March". The zero time is empty.
func (l *locale) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	var room [64]byte
	return string(l.text.AppendDay(room[:0], t))
}

// ordinal is "1st" in English; where the word differs by gender or case, the
// plain number with a full stop is understood.
func (l *locale) ordinal(n int) string {
	s := l.numeral(n)
	switch l.language {
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

// direction is "rtl" for a language written from right to left.
func direction(t language.Tag) string {
	script, _ := t.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}
