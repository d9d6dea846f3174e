package events

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// How far ahead of the receiver's clock a time may be, and how old.
const maxAhead = 5 * time.Minute

// The highest values that are believed.
const (
	maxQuantity   = 1_000_000
	maxSupplyDays = 3650
)

// rules are what a reader holds the fields to.
type rules struct {
	trusted  bool      // Encode wrote the document: only its shape is read
	latest   time.Time // a time after this becomes receipt
	receipt  time.Time
	currency string // of the money read last: an order has one
}

// wrongKind records that the value is not of the kind it should be.
func (r *reader) wrongKind(want string) {
	if got := r.describe(); r.err == nil {
		r.fail(ReasonWrongKind, "%s is not %s", got, want)
	}
}

// describe reads over a value and says what it is, for an error.
func (r *reader) describe() string {
	c := r.peek()
	switch c {
	case '{':
		r.skip()
		return "an object"
	case '[':
		r.skip()
		return "a list"
	case '"':
		return quote(string(r.quoted()))
	}
	from := r.pos
	r.skip()
	return r.word(from)
}

// word returns what was read since from, for an error.
func (r *reader) word(from int) string {
	if r.pos > from+maxQuote {
		return string(r.data[from:from+maxQuote]) + "…"
	}
	return string(r.data[from:r.pos])
}

// missing records that a required field of the object just read is not there.
func (r *reader) missing(field string) {
	r.failAt(field, ReasonMissingField, "missing")
}

// str reads a string. What it returns holds until the next string.
func (r *reader) str() []byte {
	switch c := r.peek(); {
	case c == '"':
		return r.quoted()
	case c == '-' || c >= '0' && c <= '9':
		r.wrongKind("a string; write it in quotes")
	default:
		r.wrongKind("a string")
	}
	return nil
}

// id reads an identifier: trimmed, and refused when it is too long to be one.
func (r *reader) id() string { return r.identifier(MaxID) }

func (r *reader) identifier(max int) string {
	b := r.str()
	if r.trusted || r.err != nil {
		return string(b)
	}
	s := cleanID(string(b))
	if len(s) > max {
		if n := utf8.RuneCountInString(s); n > max {
			r.fail(ReasonOversizedField, "%d characters long; at most %d", n, max)
		}
	}
	return s
}

// text reads what is only shown: it is cleaned and cut, and what is not a string
// becomes nothing.
func (r *reader) text(max int) string {
	if r.peek() != '"' {
		r.dropped(WarnDroppedValue, "a string")
		return ""
	}
	b := r.quoted()
	if r.trusted || r.err != nil {
		return string(b)
	}
	return CleanText(string(b), max)
}

// hint reads a string that is dropped when valid refuses it, with a warning that
// it is not a want. Valid returns it in its usual spelling.
func (r *reader) hint(valid func(string) string, reason Reason, want string) string {
	if r.peek() != '"' {
		r.dropped(reason, want)
		return ""
	}
	b := r.quoted()
	if r.trusted || r.err != nil {
		return string(b)
	}
	s := valid(string(b))
	if s == "" && !blank(b) {
		r.warn(reason, "%s is dropped: it is not %s", quote(string(b)), want)
	}
	return s
}

// dropped reads over a value that is not a string, and warns that it is not a want.
func (r *reader) dropped(reason Reason, want string) {
	if got := r.describe(); r.err == nil {
		r.warn(reason, "%s is dropped: it is not %s", got, want)
	}
}

// blank reports whether a text says nothing, as a field does that is left out.
func blank(b []byte) bool { return len(bytes.TrimSpace(b)) == 0 }

// address reads an email address. A blank one is none.
func (r *reader) address() string {
	if r.peek() != '"' {
		r.fail(ReasonBadAddress, "not a usable address: it is not a string")
		return ""
	}
	b := r.quoted()
	if r.trusted || r.err != nil {
		return string(b)
	}
	s := strings.Trim(string(b), " \t")
	if s == "" {
		return ""
	}
	s, err := NormalizeAddress(s)
	if err != nil {
		r.fail(ReasonBadAddress, "%s", err)
	}
	return s
}

// one reads a string that is one of some.
func (r *reader) one(of ...string) string {
	b := r.str()
	for _, s := range of {
		if string(b) == s {
			return s
		}
	}
	if r.trusted {
		return string(b)
	}
	if r.err == nil {
		r.fail(ReasonBadValue, "%s is not one of %s", quote(string(b)), strings.Join(of, ", "))
	}
	return ""
}

// whole reads a whole number. 2.0 is one: some languages write all numbers so.
func (r *reader) whole() int {
	n, from, more := r.decimal()
	if more {
		r.pos = from
		r.wrongKind("a whole number")
	}
	return n
}

// decimal reads a number that ought to be whole, from where it begins, and reports
// whether it has decimals that count.
func (r *reader) decimal() (n, from int, more bool) {
	c := r.peek()
	from = r.pos
	if c != '-' && (c < '0' || c > '9') {
		r.wrongKind("a whole number")
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

// quantity reads how many pieces. A part of a piece is rounded up: 1.5 kg of cheese
// last for as long as two pieces, and half a metre that came back is a return.
func (r *reader) quantity() int {
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
		r.fail(ReasonBadQuantity, `%s is below 1; leave the line out, send a discount as "discount" of the order, and what came back as order.returned`, r.word(from))
	case n < 1:
		r.fail(ReasonBadQuantity, "%d is below 1; leave the line out", n)
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

func (r *reader) boolean() *bool {
	yes := r.peek() == 't'
	switch {
	case yes:
		r.literal("true")
	case r.peek() == 'f':
		r.literal("false")
	default:
		r.wrongKind("true or false")
	}
	return &yes
}

// moment reads a time (RFC 3339).
func (r *reader) moment() *time.Time {
	b := r.str()
	if r.err != nil {
		return nil
	}
	t, problem := r.instant(string(b))
	if problem != "" {
		r.fail(ReasonBadTime, "%s %s", quote(string(b)), problem)
	}
	return &t
}

// instant reads a time. One that is further ahead than clocks go wrong becomes
// the time of receipt, for it would win over all that happens until then.
func (r *rules) instant(s string) (t time.Time, problem string) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, `is not a time of RFC 3339, like "2026-03-01T09:30:00Z"`
	}
	t = t.UTC().Truncate(time.Millisecond)
	if r.trusted {
		return t, ""
	}
	if t.Year() < 1970 || t.Year() > 9999 {
		return time.Time{}, "is not between 1970 and 9999"
	}
	if t.After(r.latest) {
		t = r.receipt
	}
	return t, ""
}

// money reads {"amount": "12.95", "currency": "EUR"}.
func (r *reader) money(m *Money) {
	if r.peek() != '{' {
		r.wrongKind(`an object like {"amount": "12.95", "currency": "EUR"}`)
		return
	}
	var digits [maxAmountLength + 1]byte
	var amount []byte
	hasCurrency := false
	for ok := r.object(); ok && r.field(); {
		switch string(r.name) {
		case "amount":
			amount = append(digits[:0], r.amount()...)
		case "currency":
			hasCurrency = true
			if b := r.str(); string(b) != r.currency {
				r.currency = string(b)
			}
		default:
			r.skip()
		}
	}
	if r.err != nil {
		return
	}
	if amount == nil {
		r.missing("amount")
	} else if !hasCurrency {
		r.missing("currency")
	} else if parsed, err := parseMoney(amount, r.currency); err != nil {
		r.failAt(err.Field, err.Reason, "%s", err.Detail+r.instead(amount))
	} else {
		*m = parsed
	}
}

// instead says what to send for an amount that is negative, by which one it is.
func (r *reader) instead(amount []byte) string {
	if len(amount) == 0 || amount[0] != '-' || r.depth == 0 {
		return ""
	}
	switch at := r.path[r.depth-1]; string(r.data[at.from:at.to]) {
	case "price":
		return `; leave the line out, and send what is taken off as "discount" of the order`
	case "discount":
		return "; send what is taken off without the minus"
	}
	return ""
}

// amount reads the decimal number of an amount, as it is written.
func (r *reader) amount() []byte {
	if c := r.peek(); c == '-' || c >= '0' && c <= '9' {
		if n := r.describe(); r.err == nil {
			r.fail(ReasonBadMoney, `%s is a JSON number; write it in quotes: "%s"`, n, n)
		}
		return nil
	}
	return r.str()
}
