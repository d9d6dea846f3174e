package front

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"homing/events"
)

// item is one event of a request, not yet judged.
type item struct {
	id     string // as far as it can be told
	kind   events.Type
	header map[string][]string // of a binary CloudEvent
	body   []byte
	plain  bool // it is no CloudEvent: what it leaves out is filled in
	from   envelope
	err    error
}

// envelope is what is told of an event before it is read.
type envelope struct {
	SpecVersion json.RawMessage `json:"specversion"`
	ID          json.RawMessage `json:"id"`
	Source      json.RawMessage `json:"source"`
	Type        json.RawMessage `json:"type"`
	Time        json.RawMessage `json:"time"`
	Historical  json.RawMessage `json:"historical"`
	Data        json.RawMessage `json:"data"`
}

// text is what a field says; "" if it is no string.
func text(field json.RawMessage) (s string) {
	_ = json.Unmarshal(field, &s) // what it is instead is for events.Decode to say
	return s
}

// said reports whether a field is there. Null and an empty text are as if it were not.
func said(field json.RawMessage) bool {
	return len(field) > 0 && string(field) != "null" && string(field) != `""`
}

// formOf returns what takes a body apart. The forms are those of the CloudEvents HTTP
// binding (binary, structured, batched), JSON without an envelope, and one event a line.
func formOf(h http.Header) (func(http.Header, []byte) ([]item, error), bool) {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if h.Get("Content-Type") != "" && err != nil {
		return nil, false
	}
	switch {
	case kind == "application/cloudevents+json":
		return enveloped(one), true
	case kind == "application/cloudevents-batch+json":
		return enveloped(list), true
	case strings.HasPrefix(kind, "application/cloudevents"):
		return nil, false
	case h.Get("Ce-Id") != "" || h.Get("Ce-Specversion") != "" || h.Get("Ce-Type") != "":
		return binary, kind == "" || kind == "application/json" || strings.HasSuffix(kind, "+json")
	case kind == "application/x-ndjson" || kind == "application/ndjson" || kind == "application/jsonl":
		return lines, true
	case kind == "" || kind == "application/json" || kind == "application/x-www-form-urlencoded": // which curl -d says of anything
		return either, true
	}
	return nil, false
}

// enveloped is a form in which each event has all of its envelope.
func enveloped(form func(http.Header, []byte) ([]item, error)) func(http.Header, []byte) ([]item, error) {
	return func(h http.Header, body []byte) ([]item, error) {
		items, err := form(h, body)
		for i := range items {
			items[i].plain = false
		}
		return items, err
	}
}

// binary has the envelope in headers and the data in the body.
func binary(h http.Header, body []byte) ([]item, error) {
	it := item{id: h.Get("Ce-Id"), kind: events.Type(h.Get("Ce-Type")), header: map[string][]string{}, body: body}
	for name, values := range h {
		if len(name) > 3 && strings.EqualFold(name[:3], "ce-") {
			it.header[strings.ToLower(name)] = values[:1]
		}
	}
	it.check()
	return []item{it}, nil
}

// one is one event.
func one(_ http.Header, body []byte) ([]item, error) { return []item{read(body)}, nil }

// either is one event, or a list.
func either(h http.Header, body []byte) ([]item, error) {
	switch b := bytes.TrimSpace(body); {
	case len(b) > 0 && b[0] == '[':
		return list(h, body)
	case len(b) > 0 && b[0] == '{':
		return one(h, body)
	}
	return nil, errors.New("it is neither an object nor a list of JSON")
}

var errMany = fmt.Errorf("there are more than %d events in it; send them in several requests", maxBatch)

// list is a list of events.
func list(_ http.Header, body []byte) ([]item, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.New("it is not a list of JSON")
	}
	var out []item
	for d.More() {
		if len(out) == maxBatch {
			return nil, errMany
		}
		var doc json.RawMessage
		if err := d.Decode(&doc); err != nil {
			return nil, fmt.Errorf("it is not JSON at the event with the index %d", len(out))
		}
		out = append(out, read(doc))
	}
	if t, err := d.Token(); err != nil || t != json.Delim(']') || d.More() {
		return nil, errors.New("the list does not end as one does")
	}
	return out, nil
}

// lines is one event a line; empty lines are none.
func lines(_ http.Header, body []byte) ([]item, error) {
	var out []item
	for l := range bytes.Lines(body) {
		if l = bytes.TrimSpace(l); len(l) == 0 {
			continue
		}
		if len(out) == maxBatch {
			return nil, errMany
		}
		out = append(out, read(l))
	}
	return out, nil
}

// read reads what has to be known of an event to judge it.
func read(doc []byte) item {
	it := item{body: doc}
	if err := json.Unmarshal(doc, &it.from); err != nil {
		it.err = &events.Error{Reason: events.ReasonNotJSON, Detail: "it is not an object of JSON with a type"}
		return it
	}
	it.id, it.kind, it.plain = text(it.from.ID), events.Type(text(it.from.Type)), it.from.SpecVersion == nil
	it.check()
	return it
}

// check refuses a type that there is not: it becomes a part of the subject.
func (it *item) check() {
	switch {
	case it.kind == "":
		it.err = &events.Error{Reason: events.ReasonMissingField, Field: "type", Detail: `missing; send for example "type": "order.placed"`}
	case !it.kind.Known():
		it.err = &events.Error{Reason: events.ReasonUnknownType, Field: "type", Detail: fmt.Sprintf("%.40q is not a type of event that a shop may send", string(it.kind))}
	}
	if len(it.id) > events.MaxID {
		it.id = it.id[:events.MaxID]
	}
}

// complete makes a CloudEvent of {"type", "data"}: it happened now, has an id of its own,
// and the key says it, unless it says otherwise. What is of another kind than it should be
// is not filled in: with an id that nobody knows, a second try would be a second event.
func (it *item) complete(from caller, i int, now time.Time) ([]byte, error) {
	if len(it.from.Data) == 0 {
		return nil, &events.Error{Reason: events.ReasonMissingField, Field: "data", Detail: `missing; send {"type": "order.placed", "data": {…}}`}
	}
	doc := map[string]any{"specversion": "1.0", "type": string(it.kind), "data": it.from.Data}
	fill := func(name string, field json.RawMessage, with func() string) {
		if said(field) {
			doc[name] = field
		} else {
			doc[name] = with()
		}
	}
	fill("id", it.from.ID, func() string {
		it.id = from.name(i)
		return it.id
	})
	fill("source", it.from.Source, func() string { return "/api/" + from.store + "/" + from.id })
	fill("time", it.from.Time, func() string { return now.UTC().Format(time.RFC3339Nano) })
	if len(it.from.Historical) > 0 {
		doc["historical"] = it.from.Historical
	}
	return json.Marshal(doc)
}

// name is the id of an event that says none. One that is signed has that of its message,
// which is the same each time it is sent.
func (c caller) name(i int) string {
	switch {
	case c.message == "":
		return rand.Text()
	case i == 0:
		return c.message
	}
	return c.message + "." + strconv.Itoa(i)
}
