package events

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"
)

// rules are what a reader holds the fields to.
type rules struct {
	trusted  bool      // Encode wrote the document: only its shape is read
	erasing  bool      // an event that has a customer forgotten is read
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
		from := r.pos
		n := r.number()
		r.pos = from
		if bytes.ContainsAny(n, ".eE") { // "1007.0" is not the id "1007"
			r.wrongKind("a string; write it in quotes, without a point or an exponent")
		} else {
			r.wrongKind("a string; write it in quotes")
		}
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
		r.skip()
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
	if r.peek() != '"' {
		r.wrongKind("one of " + strings.Join(of, ", "))
		return ""
	}
	b := r.quoted()
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

func (r *reader) boolean() *bool {
	yes := r.peek() == 't'
	switch {
	case yes:
		r.literal("true")
	case r.peek() == 'f':
		r.literal("false")
	default:
		r.withoutQuotes("true or false")
	}
	return &yes
}

// money reads {"amount": "12.95", "currency": "EUR"}.
func (r *reader) money(m *Money) {
	if r.peek() != '{' {
		r.wrongKind(`an object like {"amount": "12.95", "currency": "EUR"}, in major units`)
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
	}
	if !hasCurrency {
		r.missing("currency")
	}
	if amount == nil || !hasCurrency {
		return
	}
	if parsed, err := parseMoney(amount, r.currency, r.trusted); err != nil {
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
			// Not the same number in quotes: shops that send numbers send cents.
			r.fail(ReasonBadMoney, `%s is a JSON number; send major units as a decimal string, like "16.00" for sixteen, and not cents`, n)
		}
		return nil
	}
	return r.str()
}
