package cldr

import (
	"strings"
	"unicode"
)

// Symbol returns the sign of a currency that tells it from all others in this
// locale: "$" is the dollar of the United States there and "CA$" Canada's. It is the
// code where there is none.
func (l *Locale) Symbol(currency string) string {
	if s := l.lookup('S', currency); s != "" {
		return s
	}
	return currency
}

// Narrow returns the sign of a currency as those write it who use no other: "$" for
// any dollar.
func (l *Locale) Narrow(currency string) string {
	if s := l.lookup('N', currency); s != "" {
		return s
	}
	return l.Symbol(currency)
}

// lookup finds a currency in lists like "CAD$|CNY¥|USD", the last of which says that
// the locale has no sign for it though its parent has.
func (l *Locale) lookup(list byte, currency string) string {
	for _, fields := range l.chain {
		all, _ := field(fields, list)
		for s := range strings.SplitSeq(all, "|") {
			if strings.HasPrefix(s, currency) && len(currency) == 3 {
				return s[3:]
			}
		}
	}
	return ""
}

// A Currency is a currency as a locale writes it.
type Currency struct {
	plain, minus affixes
	pattern      *pattern
	signs        *signs
}

// affixes are what is before and after the digits of an amount, symbol and all.
type affixes struct{ before, after string }

// Currency returns how amounts of a currency are written with a symbol.
func (l *Locale) Currency(code, symbol string) *Currency {
	p, s := &l.amount, &l.money
	if code == "EUR" {
		p, s = &l.euro, &l.euroSigns
	}
	return &Currency{
		plain:   affixes{before(p.prefix, symbol), after(p.suffix, symbol)},
		minus:   affixes{before(p.minusPre, symbol), after(p.minusSuf, symbol)},
		pattern: p,
		signs:   s,
	}
}

// before puts the symbol into what is before the digits. A symbol that ends in a
// letter does not touch them: "CHF 12.95".
func before(prefix, symbol string) string {
	at, sign, found := strings.Cut(prefix, "¤")
	switch {
	case !found:
		return prefix
	case sign == "" && apart(lastRune(symbol)):
		sign = "\u00a0"
	}
	return at + symbol + sign
}

// after is before for what is after the digits.
func after(suffix, symbol string) string {
	sign, at, found := strings.Cut(suffix, "¤")
	switch {
	case !found:
		return suffix
	case sign == "" && apart(firstRune(symbol)):
		sign = "\u00a0"
	}
	return sign + symbol + at
}

// apart says whether a sign wants a space between itself and a digit.
func apart(r rune) bool { return !unicode.IsSymbol(r) && !unicode.In(r, unicode.Z) }

// AppendMoney appends an amount, whose last digits are after the decimal sign. Of
// those as many are shown as asked for, rounded half away from zero.
func (l *Locale) AppendMoney(b []byte, c *Currency, minor int64, digits, shown int) []byte {
	u, around := uint64(minor), &c.plain
	if minor < 0 {
		u, around = -u, &c.minus
	}
	shown = min(shown, digits)
	unit := uint64(1)
	for range digits - shown {
		unit *= 10
	}
	rest := u % unit
	if u /= unit; rest >= unit-rest {
		u++
	}
	b = append(b, around.before...)
	return append(l.appendDigits(b, u, shown, c.pattern, c.signs), around.after...)
}
