// Package feedback reads what comes back about an email: a delivery report (RFC 3464),
// as Exim, Postfix, OpenSMTPD and others really write them, or a feedback report, which
// is what a mailbox provider makes of a click on "spam" (RFC 5965). It says what is
// reported and about which email. It is pure: whether to believe it is the caller's to
// decide.
//
// Reports come from anybody, so what is read of one is bounded: MaxBytes, and few parts,
// recipients and fields. What is beyond that is as if it were not there.
package feedback

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
)

// MaxBytes is how much of an email is read. A report quotes the email that it is about,
// at its end, and nothing of the quotation counts but its header.
const MaxBytes = 1 << 20

const (
	maxHeader     = 64 << 10
	maxParts      = 32
	maxDepth      = 4
	maxText       = 32 << 10 // of the words to a person
	maxRecipients = 16
	maxValues     = 16 // message ids, and envelope senders
)

// A Kind is what an email is.
type Kind int

// The kinds. The zero Kind is an email that is for a person to read.
const (
	Unknown     Kind = iota
	Delivery         // says what became of an email
	Complaint        // somebody says that they don't want it
	Automatic        // what a program answers for somebody, who is away for example
	Unsubscribe      // somebody left by a link of the provider's own
)

func (k Kind) String() string {
	return [...]string{"unknown", "delivery", "complaint", "auto_reply", "unsubscribe"}[k]
}

// A Report is what an email says about another.
type Report struct {
	Kind Kind
	// Recipients are what a delivery report says about each: one, where every email has
	// one recipient. A complaint has addresses at most, and many leave them out.
	Recipients []Recipient
	// Feedback is the type of a feedback report, in lower case: "abuse". A type that is
	// no complaint, as "not-spam" is, leaves Kind Unknown.
	Feedback string
	// MessageIDs are those that the email may have had, without brackets: what is quoted
	// of it first, then what the report refers to.
	MessageIDs []string
	// At is when somebody left; the zero time for all others, and where it isn't said.
	At time.Time
	// Senders are the envelope senders that it may have had.
	Senders []string
}

// A Recipient is what a delivery report says about one.
type Recipient struct {
	Address string
	Action  string // failed, delayed, delivered, relayed or expanded
	Status  string // the enhanced status code that counts, "" if none does
	Code    int    // the reply code of the server that refused, 0 if there was none
	Means   Meaning
	Words   string // of the server that refused, or of the one that reports; without addresses, at most 200 bytes

	said   string // the same with the address
	text   string // what a person is told, from the line on that begins with the address
	goesOn bool   // it says until when it will be tried
}

// complaints are the types of feedback with which somebody says that they don't want an
// email. A virus is found by a program, "auth-failure" is about a forged one, and
// "not-spam" is the opposite.
var complaints = map[string]bool{"abuse": true, "fraud": true, "opt-out": true, "opt-out-list": true}

// Read reads an email. It never fails: what is malformed, or breaks off, is Unknown or is
// what could be read of it.
func Read(r io.Reader) Report {
	var p reading
	entity, _ := message.ReadWithOptions(io.LimitReader(r, MaxBytes), &message.ReadOptions{MaxHeaderBytes: maxHeader})
	if entity == nil { // an unknown charset or encoding is an error too, and has an entity
		return Report{}
	}
	p.walk(entity, 0)
	return p.report(entity.Header)
}

// reading is what was found so far.
type reading struct {
	parts    int
	text     string    // what a person is told
	status   [][]field // the groups of the delivery report
	feedback []field   // of the feedback report
	quoted   []field   // the header of the email that it is about
	is       [2]bool   // a delivery report, a feedback report
}

// report makes sense of it.
func (p *reading) report(h message.Header) Report {
	var out Report
	switch {
	case p.is[0]:
		out.Kind = Delivery
		out.Recipients = p.recipients()
	case p.is[1]:
		out.Feedback = strings.ToLower(get(p.feedback, "Feedback-Type"))
		if complaints[out.Feedback] {
			out.Kind = Complaint
		}
		for _, v := range all(p.feedback, "Original-Rcpt-To") {
			if len(out.Recipients) < maxRecipients {
				out.Recipients = append(out.Recipients, Recipient{Address: address(v)})
			}
		}
	default:
		if out.Recipients = p.plain(h); out.Recipients != nil {
			out.Kind = Delivery
		} else if automatic(h) {
			out.Kind = Automatic
		}
		return out
	}
	perMessage := p.feedback
	if len(p.status) > 0 {
		perMessage = p.status[0]
	}
	for _, v := range append(all(p.quoted, "Return-Path"), append(all(perMessage, "X-Postfix-Sender"), all(perMessage, "Original-Mail-From")...)...) {
		out.Senders = add(out.Senders, address(v))
	}
	ids := append(all(p.quoted, "Message-ID"), all(perMessage, "X-Original-Message-ID")...)
	for _, v := range append(ids, h.Get("References"), h.Get("In-Reply-To")) {
		for _, id := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>,", r) }) {
			out.MessageIDs = add(out.MessageIDs, id)
		}
	}
	return out
}

// add adds a value that isn't there yet.
func add(to []string, v string) []string {
	if v == "" || len(to) >= maxValues {
		return to
	}
	if slices.Contains(to, v) {
		return to
	}
	return append(to, v)
}

// walk looks through an email and its parts, and into no email that is quoted.
func (p *reading) walk(e *message.Entity, depth int) {
	if p.parts++; p.parts > maxParts || depth > maxDepth {
		return
	}
	kind, params, _ := e.Header.ContentType()
	kind = strings.ToLower(kind)
	parts := e.MultipartReader()
	if parts != nil && params["boundary"] == "" { // what it consists of cannot be told apart
		parts, kind = nil, "text/plain"
	}
	if parts != nil {
		for p.parts < maxParts {
			part, _ := parts.NextPart()
			if part == nil {
				return
			}
			p.walk(part, depth+1)
		}
		return
	}
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		if !p.is[0] {
			p.is[0], p.status = true, groups(e.Body, maxRecipients+1)
		}
	case "message/feedback-report":
		if g := groups(e.Body, 1); !p.is[1] && len(g) > 0 {
			p.is[1], p.feedback = true, g[0]
		}
	case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
		if g := groups(e.Body, 1); p.quoted == nil && len(g) > 0 && (p.is[0] || p.is[1]) {
			p.quoted = g[0]
		}
	case "text/plain":
		if p.text == "" && !p.is[0] && !p.is[1] {
			b, _ := io.ReadAll(io.LimitReader(e.Body, maxText))
			p.text = strings.ToValidUTF8(string(b), "?")
		}
	}
}
