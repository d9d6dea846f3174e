package events

import (
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// Encode writes an event as a structured CloudEvent in JSON: what is on the
// timeline, and what a storefront in Go can publish. It does not validate what
// the event says, only that there is an event to write.
func Encode(e Event) ([]byte, error) { return Append(nil, e) }

// Append is Encode into a buffer: it appends to b.
func Append(b []byte, e Event) ([]byte, error) {
	if e.Data == nil {
		return nil, fmt.Errorf("encode event %q: it has no data", e.ID)
	}
	t := e.Data.Type()
	switch {
	case e.Type != "" && e.Type != t:
		return nil, fmt.Errorf("encode event %q: its type is %s but its data is that of %s", e.ID, e.Type, t)
	case e.ID == "" || e.Source == "":
		return nil, fmt.Errorf("encode event of type %s: id and source are required", t)
	case e.Time.Year() < 1 || e.Time.Year() > 9999 || e.Time.IsZero():
		return nil, fmt.Errorf("encode event %q: its time is not between year 1 and 9999", e.ID)
	}
	row := rowOf[t]
	if row == nil || row.at(e.Data) == nil {
		return nil, fmt.Errorf("encode event %q: its data is a %T, not a struct of this package", e.ID, e.Data)
	}
	p := row.at(e.Data)
	b = slices.Grow(b, row.shape.sizeOf(p))
	b = append(b, `{"specversion":"1.0","id":`...)
	b = appendString(b, e.ID)
	b = append(b, `,"source":`...)
	b = appendString(b, e.Source)
	b = append(b, `,"type":"`...)
	b = append(b, t...)
	b = append(b, '"')
	if e.Historical {
		b = append(b, `,"historical":true`...)
	}
	b = append(b, `,"time":"`...)
	b = appendTime(b, e.Time)
	if e.Place != 0 {
		b = strconv.AppendUint(append(b, `","place":"`...), e.Place, 10)
	}
	if e.Copy {
		b = append(b, `","copy":"true`...)
	}
	if !e.Received.IsZero() && e.Historical {
		b = appendTime(append(b, `","received":"`...), e.Received)
	}
	b = append(b, `","datacontenttype":"application/json","data":`...)
	b = row.shape.append(b, p)
	return append(b, '}'), nil
}

// sizeOf estimates how long an event becomes, so that most need one buffer.
func (s *shape) sizeOf(p unsafe.Pointer) int {
	const envelope, line = 640, 176
	if s.items == 0 {
		return envelope
	}
	return envelope + line*len(*(*[]Item)(unsafe.Add(p, s.items)))
}

// append writes the struct at p, which has the shape s.
func (s *shape) append(b []byte, p unsafe.Pointer) []byte {
	b = append(b, '{')
	fields := s.fields
	if n := s.length; n != 0 && string(unsafe.Slice((*byte)(unsafe.Add(p, s.rest)), n)) == nothing[:n] {
		fields = fields[:s.rare]
	}
	for i := range fields {
		f := &fields[i]
		at := unsafe.Add(p, f.offset)
		switch {
		case f.kind < wholeAny:
			if text := *(*string)(at); text != "" || f.always {
				b = appendString(f.begin(b), text)
			}
		case f.kind < isMoney:
			if n := *(*int)(at); n != 0 {
				b = strconv.AppendInt(f.begin(b), int64(n), 10)
			}
		default:
			b = f.append(b, at)
		}
	}
	return append(b, '}')
}

// nothing is as long as the rare fields of a struct may be.
var nothing = string(make([]byte, 512))

// append writes the field at p, which is neither text nor a number, unless it is
// empty.
func (f *field) append(b []byte, p unsafe.Pointer) []byte {
	switch f.kind {
	case isMoney:
		if m := (*Money)(p); !m.IsZero() {
			return appendMoney(f.begin(b), *m)
		}
	case isTime, isUntil:
		if t := *(**time.Time)(p); t != nil {
			return append(appendTime(append(f.begin(b), '"'), *t), '"')
		}
	case isBool:
		if *(*bool)(p) {
			return append(f.begin(b), "true"...)
		}
	case isMaybe:
		if yes := *(**bool)(p); yes != nil {
			return strconv.AppendBool(f.begin(b), *yes)
		}
	case isIDs:
		return appendList(b, f, *(*[]string)(p))
	case isReference:
		if *(*Reference)(p) != (Reference{}) {
			return f.shape.append(f.begin(b), p)
		}
	case isConsent:
		if c := *(**Consent)(p); c != nil {
			return f.shape.append(f.begin(b), unsafe.Pointer(c))
		}
	case isAtMost:
		if a := *(**AtMost)(p); a != nil {
			return f.shape.append(f.begin(b), unsafe.Pointer(a))
		}
	case isKinds:
		return appendKinds(b, f, *(*map[string]bool)(p))
	case isScore:
		if n := *(**int)(p); n != nil {
			return strconv.AppendInt(f.begin(b), int64(*n), 10)
		}
	case isItems:
		return appendList(b, f, *(*[]Item)(p))
	case isChangedItems:
		return appendList(b, f, *(*[]ChangedItem)(p))
	default:
		return f.shape.append(f.begin(b), p)
	}
	return b
}

// appendList writes a list of ids or, where the field has a shape, of objects.
func appendList[T any](b []byte, f *field, all []T) []byte {
	if len(all) == 0 && !f.always {
		return b
	}
	b = append(f.begin(b), '[')
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		if p := unsafe.Pointer(&all[i]); f.shape != nil {
			b = f.shape.append(b, p)
		} else {
			b = appendString(b, *(*string)(p))
		}
	}
	return append(b, ']')
}

// begin writes what comes before the value of a field, in the object that b
// ends in.
func (f *field) begin(b []byte) []byte {
	key := f.key
	if b[len(b)-1] == '{' {
		key = key[1:]
	}
	return append(b, key...)
}

func appendMoney(b []byte, m Money) []byte {
	b = append(b, `{"amount":"`...)
	b = m.appendDecimal(b)
	b = append(b, `","currency":`...)
	b = appendString(b, m.Currency)
	return append(b, '}')
}

// appendTime writes a time in UTC to the millisecond, without trailing zeros.
func appendTime(b []byte, t time.Time) []byte {
	return t.UTC().Truncate(time.Millisecond).AppendFormat(b, time.RFC3339Nano)
}

// appendString writes a string of JSON. Invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := skipPlain(unsafe.Slice(unsafe.StringData(s), len(s)), 0); i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = appendEscape(append(b, s[start:i]...), c)
		i++
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscape(b []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch {
	case c >= utf8.RuneSelf:
		return utf8.AppendRune(b, utf8.RuneError)
	case c == '"' || c == '\\':
		return append(b, '\\', c)
	case c == '\n':
		return append(b, '\\', 'n')
	}
	return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
