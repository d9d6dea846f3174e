package render

import (
	htmltemplate "html/template"
	"math"
	"math/bits"
	"reflect"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"homing/events"
	"homing/pkg/cldr"
)

// commentFunc prints a conditional comment; only the loader writes it.
const commentFunc = "_comment"

// builtins are the functions of text/template that a template may use. The
// others print in ways that leave the language of the email (printf, print),
// fail when data is short (index, slice) or call what they are given (call).
var builtins = []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len"}

// functions are the functions a template may use, writing in the locale that
// in returns at each call. Each is total: whatever its arguments, it returns in
// bounded time and never fails.
func functions(in func() *locale) template.FuncMap {
	return template.FuncMap{
		"money":     func(m events.Money) string { return in().money(m) },
		"times":     times,
		"number":    func(n int) string { return in().numeral(n) },
		"percent":   func(tenths int) string { return in().percent(tenths) },
		"tenths":    func(n int) string { return in().tenths(n) },
		"ordinal":   func(n int) string { return in().ordinal(n) },
		"plural":    func(n int, forms ...string) string { return in().plural(n, forms) },
		"date":      func(t time.Time) string { return in().date(t) },
		"day":       func(t time.Time) string { return in().day(t) },
		"truncate":  truncate,
		"parameter": parameter,
		"default":   fallback,
		"link":      func(label, url string) Link { return Link{label, url} },
		"scale":     scale,
		"image":     func(url, alt, to string) Image { return Image{url, alt, to} },
		commentFunc: func(s string) htmltemplate.HTML {
			return htmltemplate.HTML(markBrand(s))
		},
	}
}

// signatures are the types of those functions.
func signatures() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for name, fn := range functions(defaultLocale) {
		types[name] = reflect.TypeOf(fn)
	}
	return types
}

// money writes an amount as the shop does: "£12.95", "12,95 €", "¥1,980". An
// amount without a currency is unknown, and empty.
func (l *locale) money(m events.Money) string {
	return l.writeMoney(m, cldr.Digits(m.Currency))
}

// roundMoney is money without pence where there are none: "£5", "£7.50".
func (l *locale) roundMoney(m events.Money) string {
	whole := m.Minor
	for range events.Digits(m.Currency) {
		if whole%10 != 0 {
			return l.money(m)
		}
		whole /= 10
	}
	return l.writeMoney(m, 0)
}

// percent is so many tenths of a per cent, as text: "12.3%".
func (l *locale) percent(tenths int) string {
	return string(l.numbers.AppendPercent(nil, int64(tenths), 1))
}

// tenths is so many tenths, as text: "1.2".
func (l *locale) tenths(n int) string { return string(l.numbers.AppendNumber(nil, int64(n), 1)) }

// worth is what an offer takes off; empty when it says neither.
func (l *locale) worth(percent int, amount events.Money) string {
	if percent > 0 {
		return string(l.numbers.AppendPercent(nil, int64(percent), 0))
	}
	return l.roundMoney(amount)
}

// writeMoney writes an amount with so many digits after the decimal sign.
func (l *locale) writeMoney(m events.Money, shown int) string {
	if m.Currency == "" {
		return ""
	}
	var room [48]byte
	return string(l.numbers.AppendMoney(room[:0], l.currency(m.Currency), m.Minor, events.Digits(m.Currency), shown))
}

// times is the price of n pieces; one too large to say is unknown.
func times(m events.Money, n int) events.Money {
	if n < 0 || m.Minor < 0 {
		return events.Money{}
	}
	hi, lo := bits.Mul64(uint64(m.Minor), uint64(n))
	if hi != 0 || lo > math.MaxInt64 {
		return events.Money{}
	}
	return events.Money{Minor: int64(lo), Currency: m.Currency}
}

// plural is the form of a word that n takes in the language of the email. Two forms are
// for one and for all others; more have CLDR's name of theirs before them ("one" "plik"
// "few" "pliki" "many" "plików"), and the last is also for what has no form.
func (l *locale) plural(n int, forms []string) string {
	category := l.text.Plural(n)
	if l.forms != nil && len(forms) == 2 && l.two.Load() == nil {
		word := forms[0]
		l.two.Store(&word)
	}
	switch {
	case len(forms) == 0:
		return ""
	case len(forms) == 2 && category == "one":
		return forms[0]
	case len(forms) > 2:
		for i := 1; i < len(forms); i += 2 {
			if forms[i-1] == category {
				return forms[i]
			}
		}
	}
	return forms[len(forms)-1]
}

// truncate cuts s to at most n characters, the last of which is then "…".
func truncate(n int, s string) string {
	return cut(s, max(n, 1))
}

// fallback is s, or def when s is empty: {{default "friend" .Customer.FirstName}}.
func fallback(def, s string) string {
	if s == "" {
		return def
	}
	return s
}

// cut shortens s to n runes, at a word's end where one is near, and never
// between a letter and its accent or inside a joined emoji.
func cut(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	r := make([]rune, 0, n+1)
	for _, c := range s {
		if r = append(r, c); len(r) > n {
			break
		}
	}
	end := n - 1
	for end > 0 && joins(r[end]) {
		end--
	}
	if end > 0 && r[end-1] == zeroWidthJoiner {
		end--
	}
	for back := end; back > end-min(end/3, 16) && back > 0; back-- {
		if r[back] == ' ' {
			end = back
			break
		}
	}
	return strings.TrimRight(string(r[:end]), " ,;:.-") + "…"
}

const zeroWidthJoiner = '\u200d'

// joins says whether r belongs to the character before it.
func joins(r rune) bool {
	return unicode.In(r, unicode.Mn, unicode.Me) || r == zeroWidthJoiner || r >= 0x1F3FB && r <= 0x1F3FF
}
