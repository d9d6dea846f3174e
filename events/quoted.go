package events

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// quoted reads the string that begins at the reader's position. What it returns
// holds until the next string with escapes.
func (r *reader) quoted() []byte {
	data, start := r.data, r.pos+1
	for i := skipPlain(data, start); i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			r.pos = i + 1
			return data[start:i]
		case c == '\\':
			return r.escaped(start, i)
		case c < ' ':
			r.pos = i
			r.syntax()
			return nil
		}
	}
	r.pos = len(data)
	r.syntax()
	return nil
}

// skipPlain goes on from i for as long as the next eight bytes are printable
// ASCII without quotes and backslashes, and returns where it stopped: at the
// first byte that is not, or fewer than eight bytes before the end of data.
func skipPlain(data []byte, i int) int {
	const each, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		// The highest bit of each byte that is 0, or below ' ', or above ASCII. Bytes
		// after the first one found may be wrong.
		quote, slash := w^(each*'"'), w^(each*'\\')
		if found := ((quote-each)&^quote | (slash-each)&^slash | (w-each*' ')&^w | w) & high; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	return i
}

// escaped goes on with a string that began at start where its first escape is.
func (r *reader) escaped(start, escape int) []byte {
	b := append(r.scratch[:0], r.data[start:escape]...)
	for r.pos = escape; r.pos < len(r.data); {
		c := r.data[r.pos]
		switch {
		case c == '"':
			r.pos++
			r.scratch = b
			return b
		case c < ' ':
			r.syntax()
			return nil
		case c == '\\':
			r.pos++
			b = r.escape(b)
		default:
			b = append(b, c)
			r.pos++
		}
	}
	r.syntax()
	return nil
}

// escape appends the character after a backslash.
func (r *reader) escape(b []byte) []byte {
	if r.pos >= len(r.data) {
		return b
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := r.data[r.pos]
	if c == 'u' {
		return utf8.AppendRune(b, r.unicode())
	}
	for i := range len(from) {
		if from[i] == c {
			r.pos++
			return append(b, to[i])
		}
	}
	r.syntax()
	return b
}

// unicode reads the uXXXX of an escape, and of the one after it where the two
// are a surrogate pair. Half a pair becomes U+FFFD.
func (r *reader) unicode() rune {
	c := r.hex4()
	if !utf16.IsSurrogate(c) {
		return c
	}
	if r.pos+1 < len(r.data) && r.data[r.pos] == '\\' && r.data[r.pos+1] == 'u' {
		back := r.pos
		r.pos++
		if pair := utf16.DecodeRune(c, r.hex4()); pair != utf8.RuneError || r.err != nil {
			return pair
		}
		r.pos = back // not a pair: the second is read by itself
	}
	return utf8.RuneError
}

func (r *reader) hex4() rune {
	if r.pos+5 > len(r.data) {
		r.pos = len(r.data)
		r.syntax()
		return 0
	}
	n, err := strconv.ParseUint(string(r.data[r.pos+1:r.pos+5]), 16, 32)
	if err != nil {
		r.syntax()
		return 0
	}
	r.pos += 5
	return rune(n)
}
