package render

import (
	"bytes"
	"strings"
)

// An escaper writes text so that it is nothing but text where it is put.
type escaper func(b *bytes.Buffer, s string)

// escapers are the combinations that html/template puts into the contexts in
// which an email may show a value, by their names there. html/template exports
// none of them: its HTMLEscaper and URLQueryEscaper write something else. They
// are done again here, without reflection; FuzzEscapersEqualHTMLTemplate holds
// each of them equal to the original, byte for byte.
var escapers = map[string]escaper{
	"":                                    plain,
	"htmlescaper":                         escapeHTML,
	"rcdataescaper":                       escapeHTML,
	"attrescaper":                         escapeHTML,
	"urlfilter urlnormalizer attrescaper": escapeURL,
	"urlnormalizer attrescaper":           escapePath,
	"urlescaper attrescaper":              escapeQuery,
}

func plain(b *bytes.Buffer, s string) { b.WriteString(s) }

// htmlEntities is html/template's table (htmlReplacementTable).
var htmlEntities = [256]string{
	0: "\uFFFD", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '+': "&#43;", '<': "&lt;", '>': "&gt;",
}

func escapeHTML(b *bytes.Buffer, s string) {
	last := 0
	for i := range len(s) {
		if r := htmlEntities[s[i]]; r != "" {
			b.WriteString(s[last:i])
			b.WriteString(r)
			last = i + 1
		}
	}
	b.WriteString(s[last:])
}

// escapeURL writes a whole URL, or the start of one. Only URLs that clean let
// through come here; the scheme is looked at once more, as html/template does.
func escapeURL(b *bytes.Buffer, s string) {
	if !webScheme(s) {
		b.WriteString("#ZgotmplZ")
		return
	}
	percentEncode(b, s, true)
}

// escapePath writes the middle of a URL.
func escapePath(b *bytes.Buffer, s string) { percentEncode(b, s, true) }

// escapeQuery writes text as part of a URL.
func escapeQuery(b *bytes.Buffer, s string) { percentEncode(b, s, false) }

// webScheme says whether s is a relative URL or begins with http:, https: or mailto:.
func webScheme(s string) bool {
	scheme, _, found := strings.Cut(s, ":")
	return !found || strings.Contains(scheme, "/") ||
		strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "mailto")
}

// percentEncode encodes what may not stand in a URL; keep lets its structure be.
func percentEncode(b *bytes.Buffer, s string, keep bool) {
	const hex = "0123456789abcdef"
	last := 0
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || keep && (reserved(c) || c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])) {
			continue
		}
		escapeHTML(b, s[last:i])
		b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		last = i + 1
	}
	escapeHTML(b, s[last:])
}

// unreserved and reserved are the sets of RFC 3986, section 2; as in
// html/template, "'", "(", ")" and "*" count as neither.
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

func reserved(c byte) bool {
	switch c {
	case '!', '#', '$', '&', '*', '+', ',', '/', ':', ';', '=', '?', '@', '[', ']':
		return true
	}
	return false
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
