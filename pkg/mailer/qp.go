package mailer

import (
	"math/bits"
	"strings"
)

// maxQPLine is the longest line of quoted-printable without its soft break
// (RFC 2045, section 6.7: 76 with it).
const maxQPLine = 75

const upperHex = "0123456789ABCDEF"

// appendQP appends a body in quoted-printable (RFC 2045, section 6.7). CRLF, LF
// and CR all end a line. A dot and a "From " at the start of a line are encoded
// too: SMTP would have to double the dot, and some mail stores put a ">" before
// the other; a signature survives neither.
func appendQP(dst []byte, s string) []byte {
	start := len(dst) // of the line being written
	for i := 0; ; {
		room := maxQPLine - (len(dst) - start)
		run := literals(s[i:], room)
		if run > 0 && len(dst) == start && (s[i] == '.' || strings.HasPrefix(s[i:], "From ")) {
			run = 0
		}
		dst = append(dst, s[i:i+run]...)
		i += run
		switch {
		case i == len(s):
			return endLine(dst, start)
		case s[i] == '\n' || s[i] == '\r':
			dst = append(endLine(dst, start), "\r\n"...)
			start = len(dst)
			if s[i] == '\r' && strings.HasPrefix(s[i+1:], "\n") {
				i++
			}
			i++
		case room-run < len("=00"):
			dst = append(dst, "=\r\n"...)
			start = len(dst)
		default:
			dst = append(dst, '=', upperHex[s[i]>>4], upperHex[s[i]&15])
			i++
		}
	}
}

// endLine encodes white space at the end of a line, which would be cut off on
// the way.
func endLine(dst []byte, start int) []byte {
	end := len(dst) - 1
	if end < start || dst[end] != ' ' && dst[end] != '\t' {
		return dst
	}
	c := dst[end]
	dst = dst[:end]
	if maxQPLine-(end-start) < len("=00") {
		dst = append(dst, "=\r\n"...)
	}
	return append(dst, '=', upperHex[c>>4], upperHex[c&15])
}

// literal reports whether a byte is written as it is.
func literal(c byte) bool {
	return c-' ' <= '~'-' ' && c != '=' || c == '\t'
}

// literals counts the bytes at the start of s that are written as they are, at
// most n. It looks at eight at a time: bodies mostly consist of them.
func literals(s string, n int) int {
	n = min(n, len(s))
	i := 0
	for i < n {
		if len(s)-i < 8 {
			if !literal(s[i]) {
				break
			}
			i++
			continue
		}
		w := s[i : i+8]
		x := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		// A byte's top bit is set in x if it is above 0x7f, in x-' ' if it is
		// below the space, in x+1 if it is 0x7f, and in (x^'=')-1 if it is '='.
		// What is borrowed or carried changes only bytes after the first such.
		other := (x | (x - ones*' ') | (x + ones) | ((x ^ ones*'=') - ones)) & tops
		if other == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(other) / 8
		if s[i] != '\t' {
			break
		}
		i++
	}
	return min(i, n)
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)
