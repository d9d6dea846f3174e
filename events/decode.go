package events

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// specVersion is the one version of CloudEvents there is.
const specVersion = "1.0"

const maxSource = 256

// storefrontStream is the stream whose sequences are places.
const storefrontStream = "STOREFRONT"

// Raw is a message as it was on the stream STOREFRONT.
type Raw struct {
	Subject  string
	Header   map[string][]string
	Data     []byte
	Stream   string
	Sequence uint64
	Time     time.Time // when the stream stored it
}

// Decode turns a message into an Event or says, in an *Error, why it cannot be
// one. The message is in one of three forms:
//
//   - structured: the body is a CloudEvent in JSON, said by the header
//     "Content-Type: application/cloudevents+json" or by a field specversion,
//     whatever headers there are;
//   - binary: the attributes are headers "ce-id", "ce-source", …, in any case, or
//     "ce_id", "ce_source", …, as Kafka has them, and the body is the data;
//   - bare: the body is the data and nothing else is said. The type is the
//     subject's, the id that of "Nats-Msg-Id" or else "<stream>-<sequence>", the
//     source "/stores/<store>", the time the message's.
//
// A time ahead of now by more than five minutes becomes that of receipt:
// raw.Time, or now. Nothing in the event refers to raw.Data. Its place is the
// message's on STOREFRONT, whatever attributes of that name the message has.
func Decode(raw Raw, now time.Time) (Event, error) {
	store, t, err := ParseSubject(raw.Subject)
	if err != nil {
		return Event{}, err
	}
	if err := checkType(t); err != nil {
		return Event{}, err
	}
	if len(raw.Data) > MaxSize {
		return Event{}, errorf(ReasonTooLarge, "", "%d bytes are too many; at most %d", len(raw.Data), MaxSize)
	}
	raw.Data = withoutMark(raw.Data)
	if err := checkText(raw.Data); err != nil {
		return Event{}, err
	}
	e := Event{Store: strings.Clone(store), Type: t}
	h := readHeaders(raw.Header)
	if h.refused != "" {
		return Event{}, errorf(ReasonBadValue, "Content-Type", "%s", h.refused)
	}
	raw.Data = unwrapped(raw.Data)
	r := reader{data: raw.Data, rules: rulesOf(&raw, now)}
	r.erasing = t == TypeCustomerErased
	r.message(&e, &raw, &h)
	if err := r.end(); err != nil {
		return Event{}, allFaults(&e, &raw, &h, now, r.err)
	}
	if len(raw.Data) > surelyFits {
		if err := checkWritten(&e); err != nil {
			return Event{}, err
		}
	}
	if raw.Stream == storefrontStream {
		e.Place = raw.Sequence
	}
	if e.Historical {
		e.Received = r.receipt
	}
	e.Warnings = r.warnings
	e.Type = e.Data.Type() // the constant: a part of the subject would keep it alive
	return e, nil
}

// checkWritten refuses what becomes longer than the timeline takes: it would be tried again
// for ever.
func checkWritten(e *Event) error {
	doc, err := Encode(*e)
	switch {
	case err != nil:
		return errorf(ReasonBadValue, "", "it cannot be written: %v", err)
	case len(doc) > maxWritten:
		return errorf(ReasonTooLarge, "", "it takes %d bytes with its links escaped; at most %d", len(doc), maxWritten)
	}
	return nil
}

func rulesOf(raw *Raw, now time.Time) rules {
	receipt := raw.Time
	if receipt.IsZero() {
		receipt = now
	}
	return rules{latest: now.Add(maxAhead), receipt: receipt.UTC().Truncate(time.Millisecond)}
}

// message reads the body, in whichever form the message is.
func (r *reader) message(e *Event, raw *Raw, h *headers) {
	switch {
	case h.structured || mentionsVersion(raw.Data) || r.faults != nil && !h.binary && enveloped(raw.Data):
		r.envelope(e, e.Type)
	case h.binary:
		h.unescape()
		r.attributes(e, h)
		r.bare(e)
	default:
		r.derive(e, raw, h)
		r.bare(e)
	}
}

// allFaults reads an event again that has one, and returns all it has.
func allFaults(e *Event, raw *Raw, h *headers, now time.Time, first *Error) error {
	if first.Reason == ReasonNotJSON && first.Field == "" || first.Reason == ReasonTooDeep {
		return first // there was nothing before it, and there is nothing to read after
	}
	again := Event{Store: e.Store, Type: e.Type}
	rs := rulesOf(raw, now)
	rs.erasing = e.Type == TypeCustomerErased
	r := reader{data: raw.Data, rules: rs, faults: &faults{}}
	r.message(&again, raw, h)
	_ = r.end() // r.err has it
	if all := r.faults.error(r.err); all != nil {
		return all
	}
	return first
}

// DecodeTrusted reads what Encode wrote, facts included, without validating it.
// The store is not part of the envelope and comes from the subject. What was
// written by a younger version is read as far as this one knows it. Its error is
// an *Error.
func DecodeTrusted(store string, data []byte) (Event, error) {
	e := Event{Store: store}
	r := reader{data: data, rules: rules{trusted: true}}
	r.envelope(&e, "")
	if err := r.end(); err != nil {
		return Event{}, err
	}
	e.Type = e.Data.Type()
	return e, nil
}

func checkType(t Type) error {
	if t.Known() {
		return nil
	}
	if t.IsFact() {
		return errorf(ReasonUnknownType, "type", "%s is a fact of Homing's own; a storefront cannot publish it", t)
	}
	return errorf(ReasonUnknownType, "type", "%s is not a type of event; see events/schemas/v1 for those there are", quote(string(t)))
}

// bare reads a body that is the data.
func (r *reader) bare(e *Event) {
	if r.err == nil {
		e.Data = r.payload(e.Type)
	}
}

// mentionsVersion reports whether a body has a field specversion of its own,
// which no data has: it is an envelope. Most have none anywhere, or as the first.
func mentionsVersion(body []byte) bool {
	if !bytes.Contains(body, []byte(`"specversion"`)) {
		return false
	}
	r := reader{data: body}
	for ok := r.peek() == '{' && r.object(); ok && r.field(); r.skip() {
		if string(r.name) == "specversion" {
			return true
		}
	}
	return false
}

// envelope reads a CloudEvent in JSON. Data is read as the type the subject says,
// at once if the envelope's type was seen before it and afterwards if not. The
// type is want unless that is empty.
func (r *reader) envelope(e *Event, want Type) {
	if r.peek() != '{' {
		if r.skip(); r.err == nil {
			r.err = errorf(ReasonWrongKind, "", "the body is not an object; a CloudEvent is one")
		}
		return
	}
	var seen envelope
	for ok := r.object(); ok && r.field(); {
		r.attribute(e, &seen, want)
	}
	if r.err != nil {
		return
	}
	r.complete(e, &seen)
	r.setTime(e, "time", seen.time)
	if e.Data == nil && seen.body > 0 && r.err == nil {
		back := r.pos
		r.pos, r.base, r.depth = seen.body, 1, 1
		e.Data = r.payload(e.Type)
		r.pos, r.base, r.depth = back, 0, 0
	}
	if seen.encoded > 0 && r.err == nil {
		r.encoded(e, seen.encoded)
	}
	if e.Data == nil && r.err == nil {
		r.missing("data")
	}
}

// envelope is what was read of an envelope, apart from what went into the event.
type envelope struct {
	version, time string
	typed         bool // the type was read
	body          int  // where data is, if it came before the type
	encoded       int  // where data_base64 is
}

// attribute reads one field of an envelope.
func (r *reader) attribute(e *Event, seen *envelope, want Type) {
	switch string(r.name) {
	case "specversion":
		seen.version = r.version()
	case "id":
		e.ID = r.id()
	case "source":
		e.Source = r.identifier(maxSource)
	case "time":
		seen.time = string(r.timeString())
	case "type":
		e.Type, seen.typed = r.eventType(want), true
	case "data":
		if !seen.typed {
			seen.body = r.pos
			r.skip()
		} else if r.err == nil {
			e.Data = r.payload(e.Type)
			r.base = 0
		}
	case "data_base64":
		if !r.trusted {
			seen.encoded = r.pos
		}
		r.skip()
	case "place":
		if b := r.own(); b != nil {
			e.Place, _ = strconv.ParseUint(string(b), 10, 64)
		}
	case "copy":
		e.Copy = string(r.own()) == "true"
	case "historical":
		e.Historical = r.historical()
	case "received":
		if b := r.own(); b != nil {
			e.Received, _ = r.instant(string(b))
		}
	default:
		if r.faults != nil {
			r.faults.attributeLike(r.name)
		}
		r.skip()
	}
}

// own reads an attribute that only Encode may have written; any other is skipped,
// as attributes that are not known are.
func (r *reader) own() []byte {
	if !r.trusted || r.peek() != '"' {
		r.skip()
		return nil
	}
	return r.quoted()
}

// historical reads whether an event was brought over. Read wrongly, it would lead to
// email about the past: so what is neither yes nor no is refused.
func (r *reader) historical() bool {
	if r.peek() != '"' {
		return *r.boolean()
	}
	s := string(r.quoted()) // as the SDKs write what they were given as text
	if s != "true" && s != "false" {
		r.fail(ReasonBadValue, "%s is neither true nor false", quote(s))
	}
	return s == "true"
}

// version reads the version of CloudEvents.
func (r *reader) version() string {
	if r.peek() == '1' { // as a number, 1.0
		r.wrongKind(`a string; write it in quotes: "1.0"`)
		return specVersion
	}
	return string(r.str())
}

// eventType reads the type of an envelope, which must be want.
func (r *reader) eventType(want Type) Type {
	b := r.str()
	if string(b) == string(want) {
		return want
	}
	if r.err != nil {
		return ""
	}
	if want != "" {
		r.fail(ReasonTypeMismatch, "%s is not what the subject says, %s", quote(string(b)), want)
		return want
	}
	t := Type(b)
	if rowOf[t] == nil {
		r.fail(ReasonUnknownType, "%s is not a type of event", quote(string(b)))
	}
	return t
}

// complete checks that an envelope has what it needs.
func (r *reader) complete(e *Event, seen *envelope) {
	if !r.trusted { // else Encode wrote the version, id and source, if they are there
		if seen.version == "" {
			r.lacksAttribute("specversion")
		} else if seen.version != specVersion {
			r.failAt("specversion", ReasonBadValue, `%s is not supported; send "1.0"`, quote(seen.version))
		}
		if e.ID == "" {
			r.lacksAttribute("id")
		} else if noID(e.ID) && e.ID != "0" {
			r.failAt("id", ReasonBadValue, "%s is not an id; each event has its own", quote(e.ID))
		}
		if e.Source == "" {
			r.lacksAttribute("source")
		}
	}
	if !seen.typed {
		r.lacksAttribute("type")
	}
	if seen.time == "" {
		r.lacksAttribute("time")
	}
}

// lacksAttribute records that the envelope has no such attribute.
func (r *reader) lacksAttribute(name string) {
	if instead := r.faults.misspelled(name); instead != "" {
		r.failAt(name, ReasonMissingField, "%s", instead)
	} else if name == "specversion" {
		r.failAt(name, ReasonMissingField, `missing; a CloudEvent says "specversion": "1.0"`)
	} else {
		r.missing(name)
	}
}

// setTime reads the time of an envelope.
func (r *reader) setTime(e *Event, field, s string) {
	t, problem := r.instant(s)
	if problem != "" {
		r.failAt(field, ReasonBadTime, "%s %s", quote(s), problem)
	}
	e.Time = t
}
