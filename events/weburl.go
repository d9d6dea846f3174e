package events

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

const maxURL = 2048

// webURL returns the absolute web address that a browser makes of s, else nothing:
// an email without a link is better than one with a bad link. Most are returned as
// they are.
func webURL(s string) string {
	if plainURL(s) {
		return s
	}
	return browserURL(s)
}

// plainURL reports whether s can be used in a link as it is.
func plainURL(s string) bool {
	n := len("https://")
	if len(s) > maxURL {
		return false
	}
	if len(s) <= n || !strings.EqualFold(s[:n], "https://") {
		if n--; len(s) <= n || !strings.EqualFold(s[:n], "http://") {
			return false
		}
	}
	host := n
	for host < len(s) && s[host] != '/' && s[host] != '?' && s[host] != '#' {
		host++
	}
	if !validHost(s[n:host]) {
		return false
	}
	for i := host; i < len(s); i++ {
		if c := s[i]; !inURL[c] || c == '%' && !percent(s[i:]) {
			return false
		}
	}
	return true
}

// inURL has the bytes that may be in a URL after the host.
var inURL = func() (ok [256]bool) {
	for c := '!'; c <= '~'; c++ {
		ok[c] = !strings.ContainsRune("\"<>\\^`{|}", c)
	}
	return ok
}()

// browserURL does what browsers do with an address that a person or a shop wrote
// (WHATWG URL, basic URL parser): spaces at the ends, tabs and line breaks go, what
// is not allowed becomes percent code, a backslash in the path is a slash, and
// without a scheme it is https, as the page that shows an email is. What it does not
// take over is what misleads (user information, invisible characters, too few or too
// many slashes) and what is relative to a page.
func browserURL(s string) string {
	s = strings.Trim(s, belowSpace)
	if strings.ContainsAny(s, "\t\n\r") {
		s = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
	}
	scheme, rest := "https:", s
	switch {
	case len(s) > 6 && strings.EqualFold(s[:6], "https:"):
		rest = s[6:]
	case len(s) > 5 && strings.EqualFold(s[:5], "http:"):
		scheme, rest = "http:", s[5:]
	case !strings.HasPrefix(s, "//"):
		return ""
	}
	if len(rest) < 3 || !slash(rest[0]) || !slash(rest[1]) || slash(rest[2]) {
		return "" // where the host was left out, browsers take the path for it
	}
	rest = rest[2:]
	host := rest
	if i := strings.IndexAny(rest, `/\?#`); i >= 0 {
		host = rest[:i]
	}
	if !validHost(host) {
		return ""
	}
	after, ok := encodeURL(rest[len(host):])
	if !ok {
		return ""
	}
	s = scheme + "//" + host + after
	if u, err := url.Parse(s); err != nil || u.Host == "" || len(s) > maxURL {
		return ""
	}
	return s
}

func slash(c byte) bool { return c == '/' || c == '\\' }

// belowSpace are the characters that browsers strip at the ends.
const belowSpace = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f "

// encodeURL writes what is not allowed in a URL after its host in percent code. It
// refuses characters that nobody sees.
func encodeURL(s string) (string, bool) {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	inPath := true
	for i, r := range s {
		size := max(1, utf8.RuneLen(r))
		if unwanted(s[i:], r) || r == 0x2028 || r == 0x2029 {
			return "", false
		}
		if r == '?' || r == '#' {
			inPath = false
		}
		switch {
		case r == '\\' && inPath:
			b.WriteByte('/')
		case r < utf8.RuneSelf && inURL[r] && (r != '%' || percent(s[i:])):
			b.WriteByte(byte(r))
		default:
			for _, c := range []byte(s[i : i+size]) {
				b.Write([]byte{'%', digits[c>>4], digits[c&15]})
			}
		}
	}
	return b.String(), true
}

// percent reports whether s begins with a byte in percent code.
func percent(s string) bool { return len(s) > 2 && hex(s[1]) && hex(s[2]) }

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// validHost reports whether s is a name of the DNS with or without a port. User
// information is refused: it is there to mislead.
func validHost(s string) bool {
	name, port, _ := strings.Cut(s, ":")
	if n, err := strconv.ParseUint("0"+port, 10, 32); err != nil || n > 65535 || len(port) > 5 {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !alnum(c) && c != '.' && c != '-' {
			return false
		}
	}
	return name != ""
}
