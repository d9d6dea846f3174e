package mailer

import (
	"bytes"
	"fmt"
	"maps"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Mail is everything one message says.
type Mail struct {
	From     string // "Example Shop <hello@shop.example>"
	ReplyTo  string // as From, or ""
	To       string // the bare address
	ToName   string // or ""
	Subject  string
	HTML     string // or "": then the message is plain text alone
	Text     string
	Envelope string // MAIL FROM, where bounces go; default: the address of From

	// MessageID has no angle brackets. It stands in the message as given, so a
	// mail sent again after an unknown outcome can be recognised.
	MessageID string
	Date      time.Time // default: now

	// UnsubscribeURL makes the headers of RFC 8058, List-Unsubscribe and
	// List-Unsubscribe-Post. It is an http URL only where nobody outside is
	// mailed: mailbox providers follow https alone.
	UnsubscribeURL string

	Headers map[string]string // extra headers, each named X-…
	DKIM    *DKIM             // nil: unsigned
}

// A Message is a Mail as it goes over the wire. It does not change any more and
// may be sent several times.
type Message struct {
	envelope, rcpt string
	local          string // of rcpt, to be redacted
	bytes          []byte
	wire           []byte // dot-stuffed; the same slice where no line starts with a dot
}

// Bytes is the message as the recipient gets it. It must not be changed.
func (m *Message) Bytes() []byte { return m.bytes }

// Size is the length of the message in bytes.
func (m *Message) Size() int { return len(m.bytes) }

const (
	maxName    = 100 // runes of a display name that are shown
	maxAddress = 254 // bytes (RFC 5321, section 4.5.3.1.3, less the brackets)
	maxLine    = 998 // bytes without CRLF (RFC 5322, section 2.1.1)
)

// The bodies go through go-mail as these words, which quoted-printable leaves
// alone, and take their place afterwards; see assemble.
const (
	textMark = "homing-text-part"
	htmlMark = "homing-html-part"
)

// Build makes the message: text and HTML as multipart/alternative, UTF-8,
// quoted-printable. Every error wraps ErrMessage and names the field at fault,
// never its value.
//
// The bodies are quoted-printable although relays have long taken 8bit: a
// signed message must survive every hop unchanged, and a hop without 8BITMIME
// would re-encode it (RFC 6376, section 5.3).
func Build(m Mail) (*Message, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	msg, out, err := m.skeleton()
	if err != nil {
		return nil, err
	}
	raw, err := m.assemble(msg)
	if err != nil {
		return nil, err
	}
	dots, err := checkLines(raw)
	if err != nil {
		return nil, err
	}
	if m.DKIM != nil {
		if raw, err = m.DKIM.sign(raw); err != nil {
			return nil, fmt.Errorf("%w: DKIM: %w", ErrMessage, err)
		}
	}
	out.bytes, out.wire = raw, raw
	if dots {
		out.wire = stuff(raw)
	}
	return out, nil
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
	return nil
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

// skeleton has go-mail make the headers and the structure.
func (m *Mail) skeleton() (*gomail.Msg, *Message, error) {
	from, err := parseAddress("From", m.From)
	if err != nil {
		return nil, nil, err
	}
	to, err := parseAddress("To", m.To)
	if err != nil {
		return nil, nil, err
	}
	if to.Address != m.To {
		return nil, nil, fault("To", "is not a bare address")
	}
	to.Name = displayName(m.ToName)
	out := &Message{envelope: from.Address, rcpt: to.Address}
	out.local, _, _ = strings.Cut(to.Address, "@")
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	if m.ReplyTo != "" {
		a, err := parseAddress("ReplyTo", m.ReplyTo)
		if err != nil {
			return nil, nil, err
		}
		msg.ReplyToMailAddress(a)
	}
	if m.Envelope != "" {
		a, err := parseAddress("Envelope", m.Envelope)
		if err != nil {
			return nil, nil, err
		}
		out.envelope = a.Address
	}
	return msg, out, m.headers(msg)
}

// headers sets everything that is no address.
func (m *Mail) headers(msg *gomail.Msg) error {
	msg.Subject(oneSpace(m.Subject))
	msg.SetMessageIDWithValue(m.MessageID)
	if !m.Date.IsZero() {
		msg.SetDateWithValue(m.Date)
	}
	// Both keep absence notes from coming back: the one by RFC 3834, the other
	// is what Exchange listens to ("All" would suppress bounces as well).
	// Precedence is left out: it is no standard, and sorts mail into the dust.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "OOF, AutoReply")
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		msg.SetGenHeader(gomail.Header(name), oneSpace(m.Headers[name]))
	}
	if m.UnsubscribeURL != "" {
		u, err := url.Parse(m.UnsubscribeURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" ||
			strings.ContainsFunc(m.UnsubscribeURL, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
			return fault("UnsubscribeURL", "is not an http or https URL in ASCII")
		}
		// Written as they are, unfolded: the value was checked just now.
		msg.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribe, "<"+m.UnsubscribeURL+">")
		msg.SetGenHeaderPreformatted(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	switch {
	case m.Text == "":
		msg.SetBodyString(gomail.TypeTextHTML, htmlMark)
	case m.HTML == "":
		msg.SetBodyString(gomail.TypeTextPlain, textMark)
	default:
		msg.SetBodyString(gomail.TypeTextPlain, textMark)
		msg.AddAlternativeString(gomail.TypeTextHTML, htmlMark)
	}
	return nil
}

// assemble writes the message. go-mail's quoted-printable writer takes two
// thirds of the time of a whole build, so only the marks go through it, and the
// bodies, encoded by appendQP, are put in their places.
func (m *Mail) assemble(msg *gomail.Msg) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(2048)
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	skeleton := b.Bytes()
	head := bytes.Index(skeleton, []byte("\r\n\r\n"))
	if head < 0 || !bytes.Contains(skeleton[:head], []byte("\r\nContent-Type:")) {
		return nil, fault("a header", "ends the headers")
	}
	// HTML of a shop grows by a third at most: "=" in attributes, accents, soft
	// breaks. What grows more costs one copy.
	out := make([]byte, 0, len(skeleton)+(len(m.Text)+len(m.HTML))*4/3)
	out = append(out, skeleton[:head+4]...)
	rest := skeleton[head+4:]
	for _, part := range []struct{ mark, body string }{{textMark, m.Text}, {htmlMark, m.HTML}} {
		if part.body == "" {
			continue
		}
		before, after, ok := bytes.Cut(rest, []byte(part.mark))
		if !ok {
			return nil, fault("a body", "has no place in what go-mail wrote")
		}
		out = appendQP(append(out, before...), part.body)
		rest = after
	}
	out = append(out, rest...)
	if !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, "\r\n"...)
	}
	return out, nil
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

// displayName makes a name fit to be shown: a bad name degrades, it does not
// stop a mail.
func displayName(s string) string {
	s = oneSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	if r := []rune(s); len(r) > maxName {
		s = strings.TrimSpace(string(r[:maxName]))
	}
	return s
}

// oneSpace makes every run of white space one space. go-mail folds headers at
// spaces and would fold a long run into lines of nothing but white space, which
// some servers read as the end of the headers.
func oneSpace(s string) string {
	return strings.Join(strings.Fields(s), " ")
}

// checkLines refuses a message that SMTP cannot carry unchanged: a line that is
// too long, or a line break that is not CRLF, which some servers would take for
// the end of the message when a dot stands alone beside it. It also reports
// whether a line starts with a dot.
func checkLines(b []byte) (dots bool, err error) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		switch {
		case i < 1 || bytes.IndexByte(b[:i], '\r') != i-1:
			return false, fault("the message", "holds a line break that is not CRLF")
		case i-1 > maxLine:
			return false, fault("a header", "is a line of more than 998 bytes")
		}
		dots = dots || b[0] == '.'
		b = b[i+1:]
	}
	return dots, nil
}

// stuff doubles the dot at the start of a line (RFC 5321, section 4.5.2). The
// first line is a header and has none.
func stuff(b []byte) []byte {
	return bytes.ReplaceAll(b, []byte("\n."), []byte("\n.."))
}
