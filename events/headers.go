package events

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// headers are what the headers of a message say.
type headers struct {
	structured bool
	binary     bool
	refused    string // why the content type cannot be read
	unescaped  bool
	messageID  string
	attribute  [attributes]string
}

// The attributes of a CloudEvent in binary form.
const (
	attrVersion = iota
	attrID
	attrSource
	attrType
	attrTime
	attrHistorical
	attributes
)

var attributeNames = [attributes]string{"ce-specversion", "ce-id", "ce-source", "ce-type", "ce-time", "ce-historical"}

func readHeaders(header map[string][]string) (h headers) {
	var from [attributes]string
	for name, values := range header {
		if len(values) == 0 {
			continue
		}
		switch {
		case strings.EqualFold(name, "Content-Type"):
			h.contentType(values[0])
		case strings.EqualFold(name, "Nats-Msg-Id"):
			h.messageID = values[0]
		case len(name) > 3 && (name[2] == '-' || name[2] == '_') && strings.EqualFold(name[:2], "ce"):
			h.binary = true
			for i, attribute := range attributeNames {
				// Given twice in two cases, the one that sorts first holds: the
				// order of a map must not decide.
				if strings.EqualFold(name[3:], attribute[3:]) && (from[i] == "" || name < from[i]) {
					from[i], h.attribute[i] = name, values[0]
				}
			}
		}
	}
	return h
}

// unescape reads the percent code in which bindings of CloudEvents to headers write
// what is not plain ASCII. A stray % is just a %.
func (h *headers) unescape() {
	if h.unescaped {
		return
	}
	h.unescaped = true
	for i, v := range h.attribute {
		if strings.Contains(v, "%") {
			if decoded, err := url.PathUnescape(v); err == nil {
				h.attribute[i] = decoded
			}
		}
	}
}

// attributes takes the envelope from the headers of the binary form.
func (r *reader) attributes(e *Event, h *headers) {
	for i, v := range h.attribute {
		switch {
		case !utf8.ValidString(v):
			r.failAt(attributeNames[i], ReasonInvalidUTF8, "not valid UTF-8")
		case cleanID(v) == "" && i != attrHistorical:
			r.missing(attributeNames[i])
		}
	}
	if v := h.attribute[attrVersion]; v != specVersion {
		r.failAt("ce-specversion", ReasonBadValue, `%s is not supported; send "1.0"`, quote(v))
	}
	if v := h.attribute[attrType]; v != string(e.Type) {
		r.failAt("ce-type", ReasonTypeMismatch, "%s is not what the subject says, %s", quote(v), e.Type)
	}
	e.ID = r.headerID("ce-id", h.attribute[attrID], MaxID)
	e.Source = r.headerID("ce-source", h.attribute[attrSource], maxSource)
	r.setTime(e, "ce-time", h.attribute[attrTime])
	switch v := strings.TrimSpace(h.attribute[attrHistorical]); {
	case strings.EqualFold(v, "true"):
		e.Historical = true
	case v != "" && !strings.EqualFold(v, "false"):
		r.failAt("ce-historical", ReasonBadValue, "%s is neither true nor false", quote(v))
	}
}

// derive makes up the envelope that the bare form lacks.
func (r *reader) derive(e *Event, raw *Raw, h *headers) {
	if !utf8.ValidString(h.messageID) {
		r.failAt("Nats-Msg-Id", ReasonInvalidUTF8, "not valid UTF-8")
	}
	e.ID = r.headerID("Nats-Msg-Id", h.messageID, MaxID)
	if e.ID == "" {
		e.ID = raw.sequenceID()
	}
	e.Source = "/stores/" + e.Store
	e.Time = r.receipt
}

// headerID reads an identifier from a header.
func (r *reader) headerID(name, s string, max int) string {
	s = cleanID(s)
	if noID(s) && s != "0" && name != "ce-source" {
		r.failAt(name, ReasonBadValue, "%s is not an id; each event has its own", quote(s))
	}
	if utf8.RuneCountInString(s) > max {
		r.failAt(name, ReasonOversizedField, "longer than %d characters", max)
	}
	return strings.Clone(s)
}

// sequenceID is the id of a message that brings none of its own.
func (raw *Raw) sequenceID() string {
	b := make([]byte, 0, len(raw.Stream)+21)
	b = append(append(b, raw.Stream...), '-')
	return string(strconv.AppendUint(b, raw.Sequence, 10))
}
