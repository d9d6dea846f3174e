package events

import (
	"strconv"
	"unicode/utf8"
)

// The limits of a message.
const (
	// MaxSize is bytes of the body. NATS takes 1 MiB with headers, and intake writes the
	// event again.
	MaxSize    = 768 << 10
	MaxDepth   = 32   // objects and lists inside each other
	MaxItems   = 5000 // of one cart or order: wholesalers' have over a thousand
	MaxCoupons = 500  // of one order
	MaxID      = 128  // characters of an identifier
)

// maxWritten is how many bytes Encode makes of an event at most: it is a little longer
// than what came (numbers become text, links are escaped). What came with up to
// surelyFits is, even where all of it is escaped.
const (
	maxWritten = MaxSize + 128<<10
	surelyFits = 256 << 10
)

// A reader walks through one JSON document (RFC 8259) once, from front to back,
// and always knows where it is. Events are read with it rather than with
// encoding/json for three reasons: an error must name the exact field, a rule
// must be applied where a field is read (absent and 0 are different things, and
// a name that is no string degrades), and it takes a third of the time or less
// (BenchmarkDecodeTrusted measures both).
//
// The first error sticks and ends the document, so that a caller need not look
// after each step. Null is the same as absent everywhere.
type reader struct {
	data    []byte
	pos     int
	name    []byte // of the field the reader is at
	fresh   bool   // an object or list was opened and nothing read of it yet
	depth   int
	base    int // depth of the data object: paths in errors start below it
	path    [MaxDepth]step
	scratch []byte // the last string that held escapes
	err     *Error
	faults  *faults // all of them, when they are counted: then the first does not end the document
	inside  bool    // of a string, or of base64, in another document
	// warnings are about what was read without an error, at most maxWarnings.
	warnings []Warning
	rounded  bool // a quantity was rounded up: prices of one piece add up no more
	rules
}

// A step of the path to a value: the field data[from:to], or, when from is
// negative, the element number to of a list.
type step struct{ from, to int32 }

// fail records the first error at the value the reader is at.
func (r *reader) fail(reason Reason, format string, args ...any) {
	r.failAt("", reason, format, args...)
}

// failAt is fail for a field of the object the reader is in.
func (r *reader) failAt(field string, reason Reason, format string, args ...any) {
	if r.err != nil {
		return
	}
	at := r.where()
	if at != "" && field != "" {
		at += "."
	}
	e := errorf(reason, at+field, format, args...)
	if r.faults != nil && reason != ReasonTooDeep && reason != ReasonTooManyItems {
		r.faults.add(e) // what is wrong was read over
		return
	}
	r.err = e
	r.pos = len(r.data)
}

// where returns the path to the value the reader is at.
func (r *reader) where() string {
	var b []byte
	for i, s := range r.path[:r.depth] {
		switch {
		case i < r.base:
		case s.from < 0:
			b = append(strconv.AppendInt(append(b, '['), int64(s.to), 10), ']')
		default:
			if len(b) > 0 {
				b = append(b, '.')
			}
			b = append(b, r.data[s.from:s.to]...)
		}
	}
	return string(b)
}

// syntax records that the document is not JSON at the reader's position.
func (r *reader) syntax() {
	if r.err != nil {
		return
	}
	if r.pos >= len(r.data) {
		r.err = errorf(ReasonNotJSON, "", "not JSON: it ends too early, at byte %d", len(r.data))
	} else {
		c, _ := utf8.DecodeRune(r.data[r.pos:])
		r.err = errorf(ReasonNotJSON, "", "not JSON: unexpected %q at byte %d", c, r.pos)
	}
	r.pos = len(r.data)
}

// peek skips white space and returns the next byte, or 0 at the end.
func (r *reader) peek() byte {
	for r.pos < len(r.data) {
		c := r.data[r.pos]
		if c > ' ' || (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
			return c
		}
		r.pos++
	}
	return 0
}

// end checks that nothing follows the document, and returns the error.
func (r *reader) end() error {
	if r.err == nil && (r.peek() != 0 || r.pos < len(r.data)) {
		r.syntax()
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

// object opens an object. Its fields follow by field.
func (r *reader) object() bool { return r.enter('{', "an object") }

// list opens a list. Its elements follow by element.
func (r *reader) list() bool {
	if !r.enter('[', "a list") {
		return false
	}
	r.path[r.depth-1] = step{-1, -1}
	return true
}

func (r *reader) enter(open byte, kind string) bool {
	if r.peek() != open {
		r.wrongKind(kind)
		return false
	}
	if r.depth == MaxDepth {
		r.base = r.depth // the path would be as long as the document is deep
		r.fail(ReasonTooDeep, "nested deeper than %d levels", MaxDepth)
		return false
	}
	r.pos++
	r.path[r.depth] = step{}
	r.depth++
	r.fresh = true
	return true
}

// more moves to the next member of what ends with closing, and reports whether
// there is one.
func (r *reader) more(closing byte) bool {
	c := r.peek()
	if c == closing {
		r.pos++
		r.depth--
		r.fresh = false
		return false
	}
	if !r.fresh {
		if c != ',' {
			r.syntax()
			return false
		}
		r.pos++
	}
	r.fresh = false
	return r.err == nil
}

// field moves to the value of the next field that is not null, and sets name.
func (r *reader) field() bool {
	for r.err == nil && r.more('}') {
		if r.peek() != '"' {
			r.syntax()
			return false
		}
		from := r.pos + 1
		r.name = r.quoted()
		r.path[r.depth-1] = step{int32(from), int32(r.pos - 1)}
		if r.peek() != ':' {
			r.syntax()
			return false
		}
		r.pos++
		if r.peek() != 'n' {
			return r.err == nil
		}
		r.literal("null")
	}
	return false
}

// element moves to the next element of a list that may have so many.
func (r *reader) element(most int) bool {
	if r.err != nil || !r.more(']') {
		return false
	}
	at := &r.path[r.depth-1]
	if at.to++; at.to >= int32(most) && !r.trusted {
		r.depth-- // the list itself is at fault
		r.fail(ReasonTooManyItems, "more than %d entries", most)
		return false
	}
	return true
}

// skip reads over a value of any kind.
func (r *reader) skip() {
	switch c := r.peek(); {
	case c == '{':
		for ok := r.object(); ok && r.field(); {
			r.skip()
		}
	case c == '[':
		for ok := r.enter('[', ""); ok && r.err == nil && r.more(']'); {
			r.skip()
		}
	case c == '"':
		r.quoted()
	case c == 't':
		r.literal("true")
	case c == 'f':
		r.literal("false")
	case c == 'n':
		r.literal("null")
	default:
		r.number()
	}
}

// literal reads true, false or null.
func (r *reader) literal(word string) {
	for i := range len(word) {
		if r.pos == len(r.data) || r.data[r.pos] != word[i] {
			r.syntax()
			return
		}
		r.pos++
	}
}

// number reads a number and returns it as it is written.
func (r *reader) number() []byte {
	start := r.pos
	if r.next('-') {
		r.pos++
	}
	if r.next('0') {
		r.pos++
	} else if !r.digits() {
		return nil
	}
	if r.next('.') {
		r.pos++
		if !r.digits() {
			return nil
		}
	}
	if r.next('e') || r.next('E') {
		r.pos++
		if r.next('+') || r.next('-') {
			r.pos++
		}
		if !r.digits() {
			return nil
		}
	}
	return r.data[start:r.pos]
}

func (r *reader) next(c byte) bool { return r.pos < len(r.data) && r.data[r.pos] == c }

// digits reads one digit or more.
func (r *reader) digits() bool {
	start := r.pos
	for r.pos < len(r.data) && r.data[r.pos] >= '0' && r.data[r.pos] <= '9' {
		r.pos++
	}
	if r.pos == start {
		r.syntax()
		return false
	}
	return true
}
