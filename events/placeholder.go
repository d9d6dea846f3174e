package events

import "strings"

// nobodys are what shops send as the id of a customer who has none: a guest of
// WooCommerce is the customer "0". All such customers would be one person.
var nobodys = words("guest", "anonymous", "anon", "unknown", "visitor", "false", "true")

// nothings are what a program makes of a value that is not there, whatever it was to
// identify.
var nothings = words("0", "-1", "null", "(null)", "<null>", "undefined", "nil", "<nil>", "nan", "none", "n/a", "#n/a",
	"[object object]", "[object null]", "[object undefined]", "{}", "[]")

func words(ws ...string) map[string]bool {
	m := map[string]bool{}
	for _, w := range ws {
		m[w] = true
	}
	return m
}

// doubtful has, for the byte with which one of these begins, a bit for each length it
// may have: hardly any other id has both.
var doubtful = func() (lengths [256]uint64) {
	for _, ws := range []map[string]bool{nobodys, nothings} {
		for w := range ws {
			lengths[w[0]] |= 1 << len(w)
			lengths[strings.ToUpper(w)[0]] |= 1 << len(w)
		}
	}
	return lengths
}()

// inDoubt reports whether an id, which is trimmed and not empty, may be one of these.
func inDoubt(id string) bool { return doubtful[id[0]]>>len(id)&1 != 0 || zeros(id) }

// zeros reports whether an id is of zeros and what joins digits alone: 00, 0.0, - and
// the UUID of nothing. Zeros before something else, as in 007, say nothing.
func zeros(id string) bool {
	for i := range len(id) {
		switch id[i] {
		case '0', '.', ',', '-', '_', '/', '#', ' ':
		default:
			return false
		}
	}
	return true
}

// noID reports whether an id, which is trimmed, is what a program makes of none.
func noID(id string) bool {
	return id != "" && inDoubt(id) && (zeros(id) || nothings[strings.ToLower(id)])
}

func noCustomer(id string) bool {
	return id != "" && inDoubt(id) && (noID(id) || nobodys[strings.ToLower(id)])
}

const notACustomer = `%s is not the id of one customer; leave the id out for a guest, and send their "email"`

// customerID reads the id of a customer.
func (r *reader) customerID() string {
	if (r.next('0') || r.next('-')) && !r.trusted {
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
	if s != "" && inDoubt(s) {
		return r.judgeID(s, textCustomerID)
	}
	return s
}

// judgeID refuses an id that may be none, by what it identifies.
func (r *reader) judgeID(s string, k kind) string {
	switch {
	case r.trusted || r.err != nil:
	case k == textCustomerID && noCustomer(s):
		if r.erasing { // who was taken in under it before must be forgotten, too
			return s
		}
		r.fail(ReasonBadValue, notACustomer, quote(s))
	case k == textOwnID && noID(s):
		r.fail(ReasonBadValue, "%s is not an id: it is what is left where there is none; send the shop's own", quote(s))
	case k == textProductID && strings.Trim(s, "0") != "" && noID(s): // a line that is none of the shop's products may have 0
		r.fail(ReasonBadValue, "%s is not an id: it is what is left where there is none; send the product's own, or leave the line out", quote(s))
	case k == textReference && noID(s):
		r.warn(WarnDroppedValue, "%s is dropped: it is not an id; leave the field out when there is none", quote(s))
		return ""
	}
	return s
}
