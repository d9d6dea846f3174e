package cldr

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// dates is how a locale writes dates.
type dates struct {
	long, day     string // patterns: "d. MMMM y"
	months, named []string
	weekdays      []string
	epoch         int // years before the year 1 from which the years are counted
}

func (l *Locale) readDates() dates {
	d := dates{long: l.find('L'), day: l.find('Y'), weekdays: strings.Split(l.find('W'), "|")}
	d.months = strings.Split(l.find('M'), "|")
	d.named = d.months
	if s := l.find('l'); s != "" {
		d.named = strings.Split(s, "|")
	}
	d.epoch, _ = strconv.Atoi(l.find('b'))
	return d
}

// AppendDate appends the day that t shows in its own zone, with the year.
func (l *Locale) AppendDate(b []byte, t time.Time) []byte {
	return l.appendDate(b, t, l.long, l.months)
}

// Months are the names of the months, as they are in a date.
func (l *Locale) Months() []string { return l.months }

// AppendDay appends the day of t with the day of the week and without the year, as
// one says a day that is near: "Tuesday 3 March".
func (l *Locale) AppendDay(b []byte, t time.Time) []byte {
	return l.appendDate(b, t, l.day, l.named)
}

func (l *Locale) appendDate(b []byte, t time.Time, pattern string, months []string) []byte {
	year, month, day := t.Date()
	quoted := false
	for i := 0; i < len(pattern); {
		c := pattern[i]
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		switch {
		case c == '\'':
			quoted = quoted != (n%2 == 1)
		case quoted:
			b = append(b, pattern[i:i+n]...)
		case c == 'E':
			b = append(b, l.weekdays[t.Weekday()]...)
		case c == 'M' && n > 2:
			b = append(b, months[month-1]...)
		case c == 'M':
			b = l.appendPadded(b, int(month), n)
		case c == 'd':
			b = l.appendPadded(b, day, n)
		case c == 'y':
			b = l.appendPadded(b, year+l.epoch, n)
		case c < utf8.RuneSelf:
			b = append(b, pattern[i:i+n]...)
		default:
			_, n = utf8.DecodeRuneInString(pattern[i:])
			b = append(b, pattern[i:i+n]...)
		}
		i += n
	}
	return b
}

// appendPadded appends n with zeros before it, up to a width.
func (l *Locale) appendPadded(b []byte, n, width int) []byte {
	for unit := 10; width > 1; width, unit = width-1, unit*10 {
		if n < unit {
			b = append(b, l.digits[0]...)
		}
	}
	return l.appendDigits(b, uint64(max(n, 0)), 0, &pattern{}, &l.signs)
}
