package mailer

import (
	"bytes"
	"fmt"
	"maps"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mail is everything one message says.
type Mail struct {
	From    string // "Example Shop <hello@shop.example>"
	ReplyTo string // as From, or ""
	To      string // the bare address
	ToName  string // or ""
	Subject string
	HTML    string // or "": then the message is plain text alone
	Text    string
	// Pictures are parts of the message that the HTML shows as cid:<ID>. They need HTML.
	Pictures []Picture
	Envelope string // MAIL FROM, where bounces go; default: the address of From

	// MessageID has no angle brackets. It goes into the message as given, so that
	// an email sent again after an unknown outcome can be recognised.
	MessageID string
	Date      time.Time // default: now

	// UnsubscribeURL makes the headers of RFC 8058, List-Unsubscribe and
	// List-Unsubscribe-Post. It may be http only where nobody outside gets
	// the email: mailbox providers follow https alone.
	UnsubscribeURL string

	// Urgent is for an email that a customer waits for: it is tried before others when a
	// relay takes few.
	Urgent bool

	Headers map[string]string // extra headers, each named X-…
	DKIM    *DKIM             // nil: unsigned
}

// A Message is a Mail as it goes over the wire. It doesn't change any more and
// may be sent several times, until it is released.
type Message struct {
	envelope, rcpt string
	local, sender  string // local parts of rcpt and, if it is the email's own, of envelope: to be redacted
	bytes          []byte // a part of buffer
	urgent         bool
	dots           bool    // a line starts with a dot, which DATA must double
	buffer         *[]byte // from buffers; nil once released
}

// buffers are those of messages that were released.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// maxKept is the largest buffer that is used again: mailbox providers cut off
// what an email has above 100 KB, so more is rare.
const maxKept = 256 << 10

// Release gives the message's memory to the next Build. The owner of a message
// is who built it, and may call Release when no Send is under way with it and
// nobody holds its Bytes; a second call does nothing. A message that is never
// released is garbage like any other, and one that has been is never sent.
func (m *Message) Release() {
	b := m.buffer
	m.buffer, m.bytes = nil, nil
	if b != nil && cap(*b) <= maxKept {
		buffers.Put(b)
	}
}

// Bytes is the message as the recipient gets it. It must not be changed, and is
// nobody's after Release.
func (m *Message) Bytes() []byte { return m.bytes }

// Size is the length of the message in bytes.
func (m *Message) Size() int { return len(m.bytes) }

const (
	maxName    = 100 // runes of a display name that are shown
	maxAddress = 254 // bytes (RFC 5321, section 4.5.3.1.3, less the brackets)
	maxLine    = 998 // bytes without CRLF (RFC 5322, section 2.1.1)
)

// boundary separates the parts. No body can hold it: quoted-printable never has
// "_" after "=".
const boundary = "=_homing-part"

// room is kept in front of a message that will be signed: a signature by a key
// of 4096 bits takes about half of it.
const room = 2048

// Build makes the message: text and HTML as multipart/alternative, UTF-8,
// quoted-printable. Every error wraps ErrMessage and names the field at fault,
// never its value. The caller owns the message; see Message.Release.
//
// The bodies are quoted-printable although relays have long taken 8bit: a
// signed message must survive every hop unchanged, and a hop without 8BITMIME
// would re-encode it (RFC 6376, section 5.3).
func Build(m Mail) (*Message, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	out := &Message{buffer: buffers.Get().(*[]byte), urgent: m.Urgent}
	if err := m.write(out); err != nil {
		out.Release()
		return nil, err
	}
	return out, nil
}

// write makes the whole message in out's buffer.
func (m *Mail) write(out *Message) error {
	b, start := (*out.buffer)[:0], 0
	if m.DKIM != nil {
		start = room
		b = append(b, make([]byte, room)...)
	}
	b, err := m.appendHeaders(b, out)
	if err != nil {
		return err
	}
	b = m.appendBodies(b)
	*out.buffer, out.bytes = b, b[start:]
	if out.dots, err = checkLines(out.bytes); err != nil {
		return err
	}
	if m.DKIM == nil {
		return nil
	}
	field, err := m.DKIM.sign(out.bytes)
	if err != nil {
		return fmt.Errorf("%w: DKIM: %w", ErrMessage, err)
	}
	if len(field) > room {
		return fault("DKIM", "makes a signature that is too long")
	}
	out.bytes = b[room-copy(b[room-len(field):room], field):]
	return nil
}

// check refuses what has no place in a header. Line breaks first, everywhere:
// one that got through would let a customer's name write headers of its own.
func (m *Mail) check() error {
	fields := []struct{ name, value string }{
		{"From", m.From}, {"ReplyTo", m.ReplyTo}, {"To", m.To}, {"ToName", m.ToName}, {"Subject", m.Subject},
		{"MessageID", m.MessageID}, {"UnsubscribeURL", m.UnsubscribeURL}, {"Envelope", m.Envelope},
	}
	for _, f := range fields {
		if strings.ContainsAny(f.value, "\r\n\x00") {
			return fault(f.name, "holds a line break")
		}
	}
	for name, value := range m.Headers {
		switch {
		case !headerName(name):
			return fault("Headers", "holds a name that is not X- and letters, digits or hyphens")
		case strings.ContainsAny(value, "\r\n\x00"):
			return fault(name, "holds a line break")
		}
	}
	left, right, ok := strings.Cut(m.MessageID, "@")
	if !ok || left == "" || right == "" || len(m.MessageID) > maxAddress || strings.ContainsFunc(m.MessageID, notInID) {
		return fault("MessageID", "is not a message id without its brackets")
	}
	if m.Text == "" && m.HTML == "" {
		return fault("Text", "and HTML are empty")
	}
	return m.checkPictures()
}

func fault(field, what string) error { return fmt.Errorf("%w: %s %s", ErrMessage, field, what) }

// headerName reports whether a header may be set from outside: X- ones only, so
// that none of the message's own can be doubled.
func headerName(s string) bool {
	rest, ok := strings.CutPrefix(s, "X-")
	return ok && rest != "" && len(rest) < 70 && !strings.ContainsFunc(rest, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func notInID(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]"\,;:`, r) }

// appendHeaders appends all headers but those of the content, and fills in the
// envelope.
func (m *Mail) appendHeaders(b []byte, out *Message) ([]byte, error) {
	from, err := parseAddress("From", m.From)
	if err != nil {
		return nil, err
	}
	to, err := parseAddress("To", m.To)
	if err != nil {
		return nil, err
	}
	if to.Address != m.To {
		return nil, fault("To", "is not a bare address")
	}
	out.envelope, out.rcpt = from.Address, to.Address
	out.local, _, _ = strings.Cut(to.Address, "@")
	if m.Envelope != "" {
		a, err := parseAddress("Envelope", m.Envelope)
		if err != nil {
			return nil, err
		}
		out.envelope = a.Address
		out.sender, _, _ = strings.Cut(a.Address, "@")
	}
	date := m.Date
	if date.IsZero() {
		date = time.Now()
	}
	b = append(b, "Date: "...)
	b = append(date.AppendFormat(b, time.RFC1123Z), "\r\n"...)
	b = appendMailbox(b, "From", from.Name, from.Address)
	b = appendMailbox(b, "To", displayName(m.ToName), to.Address)
	if m.ReplyTo != "" {
		a, err := parseAddress("ReplyTo", m.ReplyTo)
		if err != nil {
			return nil, err
		}
		b = appendMailbox(b, "Reply-To", a.Name, a.Address)
	}
	b = appendText(b, "Subject", oneSpace(m.Subject))
	b = append(append(append(b, "Message-ID: <"...), m.MessageID...), ">\r\n"...)
	return m.appendExtras(b)
}

// appendExtras appends the headers that speak to programs, and those from
// outside.
func (m *Mail) appendExtras(b []byte) ([]byte, error) {
	if m.UnsubscribeURL != "" {
		u, err := url.Parse(m.UnsubscribeURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
			strings.ContainsFunc(m.UnsubscribeURL, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
			return nil, fault("UnsubscribeURL", "is not an http or https URL in ASCII")
		}
		b = append(append(append(b, "List-Unsubscribe: <"...), m.UnsubscribeURL...), ">\r\n"...)
		b = append(b, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"...)
	}
	// Both keep absence notes from coming back: the one by RFC 3834, the other
	// is what Exchange listens to ("All" would suppress bounces as well).
	// Precedence is left out: it isn't a standard, and gets mail filed as bulk.
	b = append(b, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: OOF, AutoReply\r\n"...)
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		b = appendText(b, name, oneSpace(m.Headers[name]))
	}
	return append(b, "MIME-Version: 1.0\r\n"...), nil
}

// appendBodies appends the headers of the content and the content.
func (m *Mail) appendBodies(b []byte) []byte {
	switch {
	case m.HTML == "":
		return endBody(appendPart(b, "plain", m.Text))
	case m.Text == "":
		return endBody(m.appendHTML(b))
	}
	b = append(b, "Content-Type: multipart/alternative; boundary=\""+boundary+"\"\r\n"...)
	b = appendPart(append(b, "\r\n--"+boundary+"\r\n"...), "plain", m.Text)
	b = m.appendHTML(append(b, "\r\n--"+boundary+"\r\n"...))
	return append(b, "\r\n--"+boundary+"--\r\n"...)
}

// appendPart appends one body under its headers.
func appendPart(b []byte, kind, body string) []byte {
	b = append(append(b, "Content-Type: text/"...), kind...)
	b = append(b, "; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"...)
	return appendQP(b, body)
}

// endBody has a message end with a whole line.
func endBody(b []byte) []byte {
	if bytes.HasSuffix(b, []byte("\r\n")) {
		return b
	}
	return append(b, "\r\n"...)
}

// parseAddress reads one mailbox. Addresses are ASCII, because SMTPUTF8 is not
// spoken; quoted local parts are refused, because nobody has one.
func parseAddress(field, s string) (*netmail.Address, error) {
	a, err := netmail.ParseAddress(s)
	if err != nil {
		return nil, fault(field, "is not an address") // the parser's words quote it
	}
	bad := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]"\,;:`, r) }
	if len(a.Address) > maxAddress || strings.ContainsFunc(a.Address, bad) || strings.Count(a.Address, "@") != 1 {
		return nil, fault(field, "is not an address in plain ASCII")
	}
	a.Name = displayName(a.Name)
	return a, nil
}

// checkLines refuses a message that SMTP cannot carry unchanged: a line that is
// too long, or a line break that is not CRLF, which some servers would take for
// the end of the message when a dot is alone on the line. It also reports
// whether a line starts with a dot.
func checkLines(b []byte) (dots bool, err error) {
	returns := bytes.Count(b, []byte("\r"))
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		switch {
		case i < 1 || b[i-1] != '\r':
			return false, fault("the message", "holds a line break that is not CRLF")
		case i-1 > maxLine:
			return false, fault("a header", "is a line of more than 998 bytes")
		}
		dots = dots || b[0] == '.'
		b = b[i+1:]
		returns--
	}
	if returns != 0 {
		return false, fault("the message", "holds a line break that is not CRLF")
	}
	return dots, nil
}

// stuff doubles the dot at the start of a line (RFC 5321, section 4.5.2). The
// first line is a header and has none.
func stuff(b []byte) []byte {
	return bytes.ReplaceAll(b, []byte("\n."), []byte("\n.."))
}
