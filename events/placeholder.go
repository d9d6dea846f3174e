package events

import "strings"

// nobodys are what shops send as the id of a customer who has none: a guest of
// WooCommerce is the customer "0". All such customers would be one person.
var nobodys = words("guest", "anonymous", "anon", "unknown", "visitor", "n/a", "none", "false", "true", "-1")

// nothings are what a program makes of a value that is not there, whatever it was to
// identify.
var nothings = words("0", "null", "(null)", "undefined", "nil", "nan", "none", "[object object]", "00000000-0000-0000-0000-000000000000")

func words(ws ...string) map[string]bool {
	m := map[string]bool{}
	for _, w := range ws {
		m[w] = true
	}
	return m
}

// doubtful has the bytes with which one of these begins: most ids begin with another.
var doubtful = func() (ok [256]bool) {
	for _, ws := range []map[string]bool{nobodys, nothings} {
		for w := range ws {
			ok[w[0]], ok[strings.ToUpper(w)[0]] = true, true
		}
	}
	return ok
}()

// longestNothing is how long the longest of these is.
const longestNothing = len("00000000-0000-0000-0000-000000000000")

// noID reports whether an id, which is trimmed, is what a program makes of none.
func noID(id string) bool {
	return id != "" && doubtful[id[0]] && len(id) <= longestNothing && nothings[strings.ToLower(id)]
}

func noCustomer(id string) bool {
	return id != "" && doubtful[id[0]] && len(id) <= longestNothing && (noID(id) || nobodys[strings.ToLower(id)])
}

const notACustomer = `%s is not the id of one customer; leave the id out for a guest, and send their "email"`

// idOf reads an identifier by what it identifies.
func (r *reader) idOf(k kind) string {
	if k == textCustomerID && !r.trusted && (r.next('0') || r.next('-')) {
		from := r.pos
		if n := r.describe(); noCustomer(n) { // in quotes it would not be one, either
			r.fail(ReasonBadValue, notACustomer, n)
			return ""
		}
		if r.err == nil {
			r.pos = from
		}
	}
	s := r.id()
	if s == "" || !doubtful[s[0]] || r.trusted || r.err != nil {
		return s
	}
	switch {
	case k == textCustomerID && noCustomer(s):
		if r.erasing { // who was taken in under it before must be forgotten, too
			return s
		}
		r.fail(ReasonBadValue, notACustomer, quote(s))
	case k == textOwnID && noID(s):
		r.fail(ReasonBadValue, "%s is not an id: it is what is left where there is none; send the shop's own", quote(s))
	case k == textProductID && s != "0" && noID(s): // a line that is none of the shop's products may have 0
		r.fail(ReasonBadValue, "%s is not an id: it is what is left where there is none; send the product's own, or leave the line out", quote(s))
	case k == textReference && noID(s):
		r.warn(WarnDroppedValue, "%s is dropped: it is not an id; leave the field out when there is none", quote(s))
		return ""
	}
	return s
}
