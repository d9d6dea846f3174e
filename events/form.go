package events

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// contentType notes what a header Content-Type says about the form. A charset does not
// matter: JSON is UTF-8, and what is not is refused as that.
func (h *headers) contentType(v string) {
	const form = "application/cloudevents"
	v, _, _ = strings.Cut(v, ";")
	v = strings.TrimSpace(v)
	if len(v) < len(form) || !strings.EqualFold(v[:len(form)], form) {
		return
	}
	switch format := strings.ToLower(v[len(form):]); {
	case format == "+json":
		h.structured = true
	case strings.HasPrefix(format, "-batch"):
		h.refused = "a batch of events is not taken in; publish each as a message of its own, as application/cloudevents+json"
	case strings.HasPrefix(format, "+"):
		h.refused = quote(v) + " is not read; publish the event as application/cloudevents+json"
	}
}

// withoutMark is a body without the byte order mark with which some programs begin
// UTF-8.
func withoutMark(body []byte) []byte {
	if len(body) > 2 && body[0] == 0xef && body[1] == 0xbb && body[2] == 0xbf {
		return body[3:]
	}
	return body
}

// checkText says what a body is that is not UTF-8.
func checkText(body []byte) error {
	utf16 := len(body) > 1 && (body[0] == 0 || body[1] == 0 || body[0] == 0xff && body[1] == 0xfe || body[0] == 0xfe && body[1] == 0xff)
	switch {
	case utf16:
		return errorf(ReasonInvalidUTF8, "", "the body is UTF-16; send JSON in UTF-8")
	case utf8.Valid(body):
		return nil
	case body[0] == 0x1f && len(body) > 1 && body[1] == 0x8b:
		return errorf(ReasonInvalidUTF8, "", "the body is compressed (gzip); send JSON as it is, in UTF-8")
	}
	return errorf(ReasonInvalidUTF8, "", "the body is not valid UTF-8; send JSON in UTF-8")
}

// unwrapped is what a body says that is a JSON string, in which there is JSON: it was
// written as JSON twice. Any other is returned as it is.
func unwrapped(body []byte) []byte {
	if first(body) != '"' {
		return body
	}
	var s string
	if json.Unmarshal(body, &s) != nil || !opens([]byte(s)) {
		return body
	}
	return []byte(s)
}

// opens reports whether a document may be an object.
func opens(doc []byte) bool { return first(doc) == '{' }

// first is the first byte of a document that is not white space; 0: there is none.
func first(doc []byte) byte {
	for _, c := range doc {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// inString reads data that is a JSON string in which there is JSON, as SDKs of
// CloudEvents write what they take for text: application/vnd.shop+json.
func (r *reader) inString(t Type) Data {
	b := r.quoted()
	if r.err == nil && opens(b) {
		return r.insideOf(b, "data", t)
	}
	r.failAsData(quote(string(b)) + " is not an object")
	return rowOf[t].New()
}

// encoded reads the data_base64 at a position, in which SDKs of CloudEvents write what
// they get as bytes.
func (r *reader) encoded(e *Event, at int) {
	const field = "data_base64"
	if e.Data != nil {
		r.failAt(field, ReasonBadValue, "there is data, too; send one of the two")
		return
	}
	back := r.pos
	r.pos = at
	if r.peek() != '"' {
		got := r.describe()
		r.failAt(field, ReasonWrongKind, "%s is not a string; send the data as JSON in the field data", got)
	} else if doc, err := base64.StdEncoding.AppendDecode(nil, r.quoted()); err != nil {
		r.failAt(field, ReasonBadValue, "not base64; send the data as JSON in the field data")
	} else if doc = withoutMark(doc); checkText(doc) != nil {
		r.failAt(field, ReasonInvalidUTF8, "what it encodes is not valid UTF-8; send JSON in UTF-8")
	} else {
		e.Data = r.insideOf(doc, field, e.Type)
	}
	if e.Data == nil {
		e.Data = rowOf[e.Type].New() // what is missing is not the field data
	}
	if r.err == nil {
		r.pos = back
	}
}

// insideOf reads data out of a document inside of this one.
func (r *reader) insideOf(doc []byte, field string, t Type) Data {
	in := reader{data: doc, inside: true, faults: r.faults, warnings: r.warnings, rules: r.rules}
	d := in.payload(t)
	_ = in.end() // in.err has it
	r.rules, r.warnings = in.rules, in.warnings
	if in.err != nil && r.err == nil {
		if in.err.Field == "" {
			in.err.Field = field
		}
		r.err = in.err
		r.pos = len(r.data)
	}
	return d
}

// failAsData records that the data is not what it should be.
func (r *reader) failAsData(problem string) {
	depth := r.depth
	r.depth = 0
	r.failAt("data", ReasonWrongKind, "%s", problem)
	r.depth = depth
}

// enveloped reports whether a body that says no version is a CloudEvent all the same:
// it has a field data, which no data has, and an attribute.
func enveloped(body []byte) bool {
	data, attribute := false, false
	r := reader{data: body}
	for ok := r.peek() == '{' && r.object(); ok && r.field(); r.skip() {
		switch strings.ToLower(string(r.name)) {
		case "data", "data_base64":
			data = true
		case "source", "type", "specversion", "datacontenttype":
			attribute = true
		}
	}
	return data && attribute
}
