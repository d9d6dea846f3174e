package devstack

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"
)

const (
	// A hostile email may have headers without end or parts within parts; these
	// bound what showing one can cost.
	maxHeaderBytes = 256 << 10
	maxParts       = 200
	maxDepth       = 10
)

// A Message is an email as the API shows it. All strings are valid UTF-8 and none
// of them is safe to put into a page unescaped.
type Message struct {
	ID           string              `json:"id"`            // a number in decimal, rising; never reused
	From         string              `json:"from"`          // the address in the From header, else the envelope's
	FromName     string              `json:"from_name"`     // the name in the From header
	EnvelopeFrom string              `json:"envelope_from"` // where bounces would go
	To           []string            `json:"to"`            // the envelope's recipients, Bcc included
	Subject      string              `json:"subject"`
	Date         time.Time           `json:"date"`     // of the Date header, else Received
	Received     time.Time           `json:"received"` // when it came in
	Headers      map[string][]string `json:"headers"`  // spelled as in the email, values unfolded and decoded
	Text         string              `json:"text"`     // the first text/plain part
	HTML         string              `json:"html"`     // the first text/html part
	Size         int                 `json:"size"`     // bytes of the source
	Error        string              `json:"error,omitempty"`

	Pictures map[string]string `json:"-"` // that are parts of it, as data: URLs, by Content-ID
}

// header is one header field, unfolded.
type header struct {
	name  string
	raw   string
	value string // raw with encoded words decoded
}

// words decodes the encoded words of RFC 2047 in every charset known.
var words = mime.WordDecoder{CharsetReader: charset.Reader}

// message parses m. It always returns something to show: what cannot be parsed
// is reported in Error, and the source is always there.
func (m *mail) message() Message {
	msg := Message{
		ID: m.id(), From: clean(m.from), EnvelopeFrom: clean(m.from), To: []string{},
		Date: m.received.UTC(), Received: m.received.UTC(), Headers: map[string][]string{}, Size: len(m.raw),
	}
	for _, to := range m.to {
		msg.To = append(msg.To, clean(to))
	}
	seen := map[string]bool{}
	for _, h := range readHeaders(m.raw) {
		msg.Headers[h.name] = append(msg.Headers[h.name], h.value)
		if name := strings.ToLower(h.name); !seen[name] {
			seen[name] = true // of a header that may stand once, the first counts
			msg.take(name, h)
		}
	}
	if err := msg.readBody(m.raw); err != nil {
		msg.Error = clean(err.Error())
	}
	return msg
}

// take fills the field that comes from header h, named in lower case.
func (msg *Message) take(name string, h header) {
	switch name {
	case "subject":
		msg.Subject = h.value
	case "from":
		msg.setFrom(h)
	case "date":
		// Beyond year 9999 a time has no RFC 3339 form, and the API could not encode it.
		if d, err := netmail.ParseDate(h.value); err == nil && d.UTC().Year() > 0 && d.UTC().Year() <= 9999 {
			msg.Date = d.UTC()
		}
	}
}

// setFrom parses the header as it came: a name decoded before may hold brackets
// of its own and pass for an address.
func (msg *Message) setFrom(h header) {
	parser := netmail.AddressParser{WordDecoder: &words}
	if list, err := parser.ParseList(h.raw); err == nil && len(list) > 0 {
		msg.From, msg.FromName = clean(list[0].Address), clean(list[0].Name)
		return
	}
	msg.From, msg.FromName = h.value, ""
	if open := strings.LastIndexByte(h.raw, '<'); open >= 0 && strings.HasSuffix(h.raw, ">") {
		msg.From = clean(h.raw[open+1 : len(h.raw)-1])
		msg.FromName = decodeHeader(strings.Trim(h.raw[:open], ` "`))
	}
}

// readBody finds the first text and the first HTML part, decoded to UTF-8.
func (msg *Message) readBody(raw []byte) error {
	root, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: maxHeaderBytes})
	if root == nil {
		return fmt.Errorf("headers cannot be parsed: %w", err)
	}
	parts, undecoded := 0, err // such as an unknown charset: shown as it came
	err = root.Walk(func(path []int, part *message.Entity, err error) error {
		parts++
		if parts > maxParts || len(path) > maxDepth {
			return errors.New("too many parts, or too deep in one another")
		}
		undecoded = errors.Join(undecoded, err)
		return msg.readPart(part)
	})
	if err != nil {
		err = fmt.Errorf("body cannot be parsed: %w", err)
	}
	return errors.Join(undecoded, err)
}

func (msg *Message) readPart(part *message.Entity) error {
	if disposition, _, _ := part.Header.ContentDisposition(); disposition == "attachment" {
		return nil
	}
	var into *string
	switch mediaType, _, err := part.Header.ContentType(); {
	case err != nil:
		return err
	case mediaType == "text/plain":
		into = &msg.Text
	case mediaType == "text/html":
		into = &msg.HTML
	case mediaType == "image/png" || mediaType == "image/jpeg" || mediaType == "image/gif":
		return msg.readPicture(part, mediaType)
	default:
		return nil
	}
	if *into != "" {
		return nil
	}
	body, err := io.ReadAll(part.Body)
	*into = clean(string(body)) // what could be read before an error is worth showing
	return err
}

// maxPicture is how large a picture may be that is shown, in bytes.
const maxPicture = 1 << 20

// readPicture keeps a picture that the HTML may show.
func (msg *Message) readPicture(part *message.Entity, mediaType string) error {
	id := strings.Trim(part.Header.Get("Content-Id"), "<> ")
	data, err := io.ReadAll(io.LimitReader(part.Body, maxPicture+1))
	if id == "" || len(data) > maxPicture || err != nil {
		return err
	}
	if msg.Pictures == nil {
		msg.Pictures = map[string]string{}
	}
	msg.Pictures[id] = "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(data)
	return nil
}

// shown is the HTML part with the pictures that came with it.
func (msg *Message) shown() string {
	out := msg.HTML
	for id, data := range msg.Pictures {
		out = strings.ReplaceAll(out, `"cid:`+id+`"`, `"`+data+`"`)
	}
	return out
}

// readHeaders reads header fields without insisting on anything: a line that is
// not a field is skipped.
func readHeaders(raw []byte) []header {
	raw = raw[:min(len(raw), maxHeaderBytes)]
	var fields []header
	var name string
	var value []byte
	flush := func() {
		if name != "" {
			raw := string(bytes.TrimSpace(value))
			fields = append(fields, header{name: clean(name), raw: raw, value: decodeHeader(raw)})
		}
		name, value = "", nil
	}
	for len(raw) > 0 {
		var line []byte
		line, raw, _ = bytes.Cut(raw, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			value = append(append(value, ' '), bytes.TrimLeft(line, " \t")...)
			continue
		}
		flush()
		if n, v, ok := bytes.Cut(line, []byte(":")); ok && len(n) > 0 {
			// Cloned: what follows is appended, and raw is the email's source.
			name, value = string(bytes.TrimSpace(n)), bytes.Clone(bytes.TrimSpace(v))
		}
	}
	flush()
	return fields
}

func decodeHeader(value string) string {
	if decoded, err := words.DecodeHeader(value); err == nil {
		value = decoded
	}
	return clean(value)
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
