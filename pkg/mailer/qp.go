package mailer

import "strings"

// maxQPLine is the longest line of quoted-printable without its soft break
// (RFC 2045, section 6.7: 76 with it).
const maxQPLine = 75

const upperHex = "0123456789ABCDEF"

// appendQP appends a body in quoted-printable (RFC 2045, section 6.7). CRLF, LF
// and CR all end a line. A dot and a "From " at the start of a line are encoded
// too: the one is what SMTP would have to double, the other what some mail
// stores put a ">" before, and a signature survives neither.
func appendQP(dst []byte, s string) []byte {
	for {
		i := strings.IndexByte(s, '\n')
		line := s
		if i >= 0 {
			line = strings.TrimSuffix(s[:i], "\r")
		}
		for {
			before, after, ok := strings.Cut(line, "\r")
			dst = appendQPLine(dst, before)
			if !ok {
				break
			}
			dst = append(dst, '\r', '\n')
			line = after
		}
		if i < 0 {
			return dst
		}
		dst = append(dst, '\r', '\n')
		s = s[i+1:]
	}
}

// appendQPLine appends one line of a body without its end.
func appendQPLine(dst []byte, s string) []byte {
	start := len(dst) // of the line being written
	for i := 0; i < len(s); {
		run := literals(s[i:], maxQPLine-(len(dst)-start))
		if len(dst) == start && run > 0 && (s[i] == '.' || strings.HasPrefix(s[i:], "From ")) {
			run = 0
		} else if run > 0 && i+run == len(s) && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
			run-- // white space at the end of a line would be cut off on the way
		}
		if run > 0 {
			dst = append(dst, s[i:i+run]...)
			i += run
			continue
		}
		if maxQPLine-(len(dst)-start) < 3 {
			dst = append(dst, "=\r\n"...)
			start = len(dst)
			continue
		}
		dst = append(dst, '=', upperHex[s[i]>>4], upperHex[s[i]&15])
		i++
	}
	return dst
}

// literal reports whether a byte stands for itself.
func literal(c byte) bool {
	return c-' ' <= '~'-' ' && c != '=' || c == '\t'
}

// literals counts the bytes at the start of s that stand for themselves, at
// most n. It looks at eight at a time: bodies are mostly such bytes.
func literals(s string, n int) int {
	n = max(0, min(n, len(s)))
	i := 0
	for ; i+8 <= n; i += 8 {
		w := s[i : i+8]
		x := uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
			uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
		if x&tops|below(x, ' ')|holds(x, '=')|holds(x, 0x7f) != 0 {
			break
		}
	}
	for ; i < n; i++ {
		if !literal(s[i]) {
			return i
		}
	}
	return n
}

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// below is not 0 if a byte of x is less than c, which is at most 128.
func below(x, c uint64) uint64 { return (x - ones*c) &^ x & tops }

// holds is not 0 if a byte of x is c.
func holds(x, c uint64) uint64 { return below(x^ones*c, 1) }
