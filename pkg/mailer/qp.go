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
		i := strings.IndexAny(s, "\r\n")
		if i < 0 {
			return appendQPLine(dst, s)
		}
		dst = append(appendQPLine(dst, s[:i]), '\r', '\n')
		if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
			i++
		}
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
	return c >= ' ' && c <= '~' && c != '=' || c == '\t'
}

// literals counts the bytes at the start of s that stand for themselves, at
// most n.
func literals(s string, n int) int {
	n = max(0, min(n, len(s)))
	for i := range n {
		if !literal(s[i]) {
			return i
		}
	}
	return n
}
