package cldr

import (
	"strings"
	"unicode/utf8"
)

// numbers is how a locale writes numbers and amounts.
type numbers struct {
	digits    [10]string
	latin     bool // digits are 0 to 9
	signs     signs
	money     signs // the same between the digits of an amount, where Austria differs
	minus     string
	number    pattern
	percent   pattern
	amount    pattern
	euro      pattern // of amounts in euros, which are written in a way of their own in English
	euroSigns signs
}

// signs are what is between digits.
type signs struct{ decimal, group string }

// A pattern is one of CLDR's, taken apart: what is before and after the digits of a
// number, and how the digits are grouped.
type pattern struct {
	prefix, suffix     string
	minusPre, minusSuf string // of a negative number
	first, others      int    // digits in the group next to the decimal sign, and in those before it; 0: there are no groups
	least              int    // digits before the first group, for there to be groups: 2 in Spain, which writes 1234
}

func (l *Locale) readNumbers() numbers {
	n := numbers{minus: l.find('-')}
	i := 0
	for _, r := range l.find('n') {
		if i < len(n.digits) {
			n.digits[i] = string(r)
		}
		i++
	}
	n.latin = n.digits[0] == "0"
	n.signs = signs{l.find('d'), l.find('g')}
	n.money = n.signs
	if s := l.find('D'); s != "" {
		n.money.decimal = s
	}
	if s := l.find('G'); s != "" {
		n.money.group = s
	}
	least := max(int(number(l.find('m'))), 1)
	n.number = n.readPattern(l.find('f'), least, "")
	n.percent = n.readPattern(l.find('p'), least, l.find('%'))
	n.amount = n.readPattern(l.find('c'), least, "")
	n.euro, n.euroSigns = n.amount, n.money
	if p := l.find('e'); p != "" {
		n.euro = n.readPattern(p, least, "")
		n.euroSigns.decimal, n.euroSigns.group, _ = strings.Cut(l.find('E'), "|")
	}
	return n
}

// readPattern reads "#,##0.00 ¤;-#,##0.00 ¤".
func (n *numbers) readPattern(text string, least int, percent string) pattern {
	positive, negative, two := strings.Cut(text, ";")
	p := pattern{least: least}
	var body string
	p.prefix, body, p.suffix = around(positive)
	whole, _, _ := strings.Cut(body, ".")
	if part := strings.Split(whole, ","); len(part) > 1 {
		p.first = len(part[len(part)-1])
		if p.others = p.first; len(part) > 2 {
			p.others = len(part[len(part)-2])
		}
	}
	if two {
		p.minusPre, _, p.minusSuf = around(negative)
	} else {
		p.minusPre, p.minusSuf = "-"+p.prefix, p.suffix
	}
	sign := strings.NewReplacer("-", n.minus, "%", percent, "'", "")
	for _, s := range []*string{&p.prefix, &p.suffix, &p.minusPre, &p.minusSuf} {
		*s = sign.Replace(*s)
	}
	return p
}

// around cuts a pattern into what is before its digits, the digits, and the rest.
func around(pattern string) (before, digits, after string) {
	from, to := strings.IndexAny(pattern, "#0"), strings.LastIndexAny(pattern, "#0")
	if from < 0 {
		return "", "", pattern
	}
	return pattern[:from], pattern[from : to+1], pattern[to+1:]
}

// AppendNumber appends n, which has so many digits after the decimal sign.
func (l *Locale) AppendNumber(b []byte, n int64, decimals int) []byte {
	return l.append(b, n, decimals, &l.number, &l.signs)
}

// AppendPercent appends n per cent; n has so many digits after the decimal sign.
func (l *Locale) AppendPercent(b []byte, n int64, decimals int) []byte {
	return l.append(b, n, decimals, &l.percent, &l.signs)
}

func (l *Locale) append(b []byte, n int64, decimals int, p *pattern, s *signs) []byte {
	if n < 0 {
		b = append(b, p.minusPre...)
		return append(l.appendDigits(b, -uint64(n), decimals, p, s), p.minusSuf...)
	}
	b = append(b, p.prefix...)
	return append(l.appendDigits(b, uint64(n), decimals, p, s), p.suffix...)
}

func (l *Locale) appendDigits(b []byte, u uint64, decimals int, p *pattern, s *signs) []byte {
	var raw [40]byte
	i := len(raw)
	for u > 0 || i > len(raw)-decimals-1 {
		i--
		raw[i] = byte(u % 10)
		u /= 10
	}
	grouped := p.first > 0 && len(raw)-decimals-i >= p.first+p.least
	for j := i; j < len(raw); j++ {
		left := len(raw) - decimals - j // digits before the decimal sign, from here
		switch {
		case left == 0:
			b = append(b, s.decimal...)
		case grouped && j > i && left > 0 && (left == p.first || left > p.first && (left-p.first)%p.others == 0):
			b = append(b, s.group...)
		}
		if l.latin {
			b = append(b, '0'+raw[j])
		} else {
			b = append(b, l.digits[raw[j]]...)
		}
	}
	return b
}

// lastRune and firstRune are of what an amount's symbol touches.
func lastRune(s string) rune  { r, _ := utf8.DecodeLastRuneInString(s); return r }
func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
