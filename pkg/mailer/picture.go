package mailer

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// A Picture is a part of a message, which its HTML shows: mail programs show it at once,
// where they ask before they fetch one.
type Picture struct {
	ID   string // like a Message-ID, "orders@main.example": the HTML has cid:<ID>
	Type string // "image/png"
	Data []byte
}

const (
	// related separates the HTML and its pictures. It is no beginning of boundary, nor the
	// other way round.
	related = "=_homing-with-pictures"
	// base64Line is how many bytes a line of base64 has (RFC 2045, section 6.8: 76 characters).
	base64Line = 57
)

func (m *Mail) checkPictures() error {
	if len(m.Pictures) > 0 && m.HTML == "" {
		return fault("Pictures", "are shown by no HTML")
	}
	for i, p := range m.Pictures {
		bad := func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '@'
		}
		name, domain, _ := strings.Cut(p.ID, "@")
		switch {
		case name == "" || domain == "" || len(p.ID) > 150 || strings.Count(p.ID, "@") != 1 || strings.ContainsFunc(p.ID, bad):
			return fault("Pictures", "have one whose ID is not like name@domain, of a-z, 0-9, . and -")
		case slices.ContainsFunc(m.Pictures[:i], func(o Picture) bool { return o.ID == p.ID }):
			return fault("Pictures", "have two of one ID")
		case p.Type != "image/png" && p.Type != "image/jpeg":
			return fault("Pictures", "have one that is neither image/png nor image/jpeg")
		}
	}
	return nil
}

// appendHTML appends the HTML under its headers, with the pictures that it shows. They are
// one part with it (RFC 2387), within the choice between text and HTML.
func (m *Mail) appendHTML(b []byte) []byte {
	if len(m.Pictures) == 0 {
		return appendPart(b, "html", m.HTML)
	}
	b = append(b, "Content-Type: multipart/related; type=\"text/html\"; boundary=\""+related+"\"\r\n"...)
	b = appendPart(append(b, "\r\n--"+related+"\r\n"...), "html", m.HTML)
	for _, p := range m.Pictures {
		_, kind, _ := strings.Cut(p.Type, "/")
		name, _, _ := strings.Cut(p.ID, "@")
		b = fmt.Appendf(b, "\r\n--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <%s>\r\nContent-Disposition: inline; filename=\"%s.%s\"\r\n\r\n",
			related, p.Type, p.ID, name, kind)
		for line := range slices.Chunk(p.Data, base64Line) {
			b = append(base64.StdEncoding.AppendEncode(b, line), "\r\n"...)
		}
	}
	return append(b, "\r\n--"+related+"--\r\n"...)
}
