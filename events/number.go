package events

import (
	"strconv"
	"strings"
)

// The highest values that are believed.
const (
	maxQuantity   = 1_000_000
	maxSupplyDays = 3650
)

// whole reads a whole number. 2.0 is one: some languages write all numbers so.
func (r *reader) whole() int {
	n, from, more := r.decimal()
	if more {
		r.pos = from
		r.wrongKind("a whole number")
	}
	return n
}

// withoutQuotes says what to do with a string that ought to be of another kind.
func (r *reader) withoutQuotes(want string) {
	if r.peek() == '"' {
		back := r.pos
		if b := r.quoted(); string(b) == "true" || string(b) == "false" || len(b) > 0 && strings.Trim(string(b), "0123456789") == "" {
			want += "; write it without quotes"
		}
		if r.err == nil {
			r.pos = back
		}
	}
	r.wrongKind(want)
}

// decimal reads a number that ought to be whole, from where it begins, and reports
// whether it has decimals that count.
func (r *reader) decimal() (n, from int, more bool) {
	c := r.peek()
	from = r.pos
	if c != '-' && (c < '0' || c > '9') {
		r.withoutQuotes("a whole number")
		return 0, from, false
	}
	b := r.number()
	digits := len(b)
	for i, c := range b {
		if c == '.' {
			digits = i
		} else if c == 'e' || c == 'E' {
			r.pos = from
			r.wrongKind("a whole number")
			return 0, from, false
		} else if digits < i && c != '0' {
			more = true
		}
	}
	n, err := strconv.Atoi(string(b[:digits]))
	if err != nil && r.err == nil {
		r.pos = from
		r.wrongKind("a whole number in range")
	}
	return n, from, more && r.err == nil
}

// pieces reads a number of up to six digits and no more, as nearly all quantities
// are; 0: it is another, and was not read.
func (r *reader) pieces() (n int) {
	r.peek()
	for i := r.pos; i < len(r.data) && i <= r.pos+6; i++ {
		c := r.data[i]
		if c < '0' || c > '9' {
			if c == '.' || c == 'e' || c == 'E' || n == 0 || r.data[r.pos] == '0' {
				return 0
			}
			r.pos = i
			return n
		}
		n = 10*n + int(c-'0')
	}
	return 0
}

// instead says what to send for a quantity that is none.
type instead struct{ ofNegative, ofNone string }

var (
	leaveTheLineOut = &instead{
		`leave the line out, send a discount as "discount" of the order, and what came back as order.returned`, "leave the line out",
	}
	// What is told of an order without lines is told of all of it, which is not what
	// somebody means who leaves out the last line.
	sayWhatChanged = &instead{
		"send how many pieces of it are meant, without the minus", "send how many pieces are meant, and no event if none are: without lines, the whole order is meant",
	}
)

// quantity reads how many pieces. A part of a piece is rounded up: 1.5 kg of cheese
// last for as long as two pieces, and half a metre that came back is a return.
func (r *reader) quantity(instead *instead) int {
	if n := r.pieces(); n > 0 {
		return n
	}
	n, from, more := r.decimal()
	if r.trusted || r.err != nil {
		return n
	}
	negative := r.data[from] == '-'
	if more && !negative {
		n++
		r.rounded = true
		r.warn(WarnQuantityRounded, "%s is rounded up to %d; send whole pieces, and what is sold by weight or length as 1 with the price of it all",
			r.word(from), n)
	}
	switch {
	case negative:
		r.fail(ReasonBadQuantity, `%s is below 1; %s`, r.word(from), instead.ofNegative)
	case n < 1:
		r.fail(ReasonBadQuantity, "%d is below 1; %s", n, instead.ofNone)
	case n > maxQuantity:
		r.fail(ReasonBadQuantity, "%d is above %d", n, maxQuantity)
	}
	return n
}

// between reads a whole number of a range.
func (r *reader) between(low, high int) int {
	n := r.whole()
	if !r.trusted && r.err == nil && (n < low || n > high) {
		r.fail(ReasonBadValue, "%d is not between %d and %d", n, low, high)
	}
	return n
}

// supplyDays reads for how many days a piece lasts. It is an aid: a number that
// cannot be is dropped.
func (r *reader) supplyDays() int {
	n := r.whole()
	if n < 0 || n > maxSupplyDays {
		r.warn(WarnDroppedValue, "%d is dropped: it is not between 0 and %d", n, maxSupplyDays)
		return 0
	}
	return n
}
