package front

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"

	"homing/events"
	"homing/pkg/stdwebhook"
)

// answers is what the API says about a request.
type answers struct {
	Accepted  int      `json:"accepted"`
	Duplicate int      `json:"duplicate"`
	Rejected  int      `json:"rejected"`
	Results   []result `json:"results"`
}

// result is what became of one event.
type result struct {
	Index    int     `json:"index"`
	ID       string  `json:"id,omitempty"`
	Status   string  `json:"status"`
	Errors   []fault `json:"errors,omitempty"`
	Warnings []fault `json:"warnings,omitempty"`
}

// fault is what is wrong with a field.
type fault struct {
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// events takes in events of the API. Each is judged by itself: what is right is stored
// also if another is not. If the stream does not take them, none counts as stored.
func (f *Front) events(w http.ResponseWriter, r *http.Request) reply {
	if a, ok := post(r); !ok {
		return a
	}
	from, bearer := f.bearer(r)
	if !bearer && r.Header.Get("Webhook-Signature") == "" {
		a := refuse(http.StatusUnauthorized, "send Authorization: Bearer with a key of the store's api_keys, or a signature of one")
		a.ask = `Bearer realm="homing"`
		return a
	}
	form, ok := formOf(r.Header)
	if !ok {
		return refuse(http.StatusUnsupportedMediaType,
			"the content type %.60q is not read; send application/cloudevents+json, application/cloudevents-batch+json, application/json or application/x-ndjson", r.Header.Get("Content-Type"))
	}
	body, done, a, ok := f.read(w, r, maxEvents)
	defer done()
	if !ok {
		return a
	}
	if !bearer {
		if from, ok = f.signer(r, body); !ok {
			return refuse(http.StatusUnauthorized, "the signature is not one of the key that ?store= and ?key= name, or its time is more than five minutes off")
		}
	}
	items, err := form(r.Header, bytes.TrimPrefix(body, []byte("\ufeff"))) // which some programs begin with
	if err != nil {
		return refuse(http.StatusBadRequest, "%s", err)
	}
	if len(items) == 0 {
		return refuse(http.StatusBadRequest, "there is no event in it")
	}
	return f.judge(r, from, items)
}

// bearer is whose key is shown. It is found by its hash, so how long that takes says
// nothing about a key.
func (f *Front) bearer(r *http.Request) (caller, bool) {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return caller{}, false
	}
	c, ok := f.keys[sha256.Sum256([]byte(strings.TrimSpace(key)))]
	return c, ok
}

// signer is whose signature it is: the address names the key.
func (f *Front) signer(r *http.Request, body []byte) (caller, bool) {
	q := r.URL.Query()
	for _, k := range f.o.Stores[q.Get("store")].Keys {
		if k.ID == q.Get("key") {
			return caller{q.Get("store"), k.ID, r.Header.Get("Webhook-Id")}, stdwebhook.Signed([]string{k.Secret}, r.Header.Get, body, f.o.Now())
		}
	}
	return caller{}, false
}

// judge stores what is right, and says what is wrong with the rest.
func (f *Front) judge(r *http.Request, from caller, items []item) reply {
	out := answers{Results: make([]result, len(items))}
	var ms []*Message
	var places []int
	for i, it := range items {
		m, res := f.message(from, i, it)
		res.Index = i
		if out.Results[i] = res; m != nil {
			ms, places = append(ms, m), append(places, i)
		}
	}
	f.trace(r, ms)
	if err := f.publish.Do(r.Context(), ms); err != nil {
		return f.later(doorEvents, err)
	}
	n := f.counts(doorEvents, ms)
	for i, m := range ms {
		if out.Results[places[i]].Status = accepted; m.Copy {
			out.Results[places[i]].Status = duplicate
		}
	}
	out.Accepted, out.Duplicate, out.Rejected = n[accepted], n[duplicate], len(items)-len(ms)
	f.took(doorEvents, rejected, out.Rejected)
	a := reply{code: http.StatusOK, body: out}
	switch {
	case len(ms) == 0:
		a.code = http.StatusUnprocessableEntity
	case out.Rejected > 0:
		a.code = http.StatusMultiStatus
	}
	return a
}

// message is an event as it is put on the stream; nil if it is not right.
func (f *Front) message(from caller, i int, it item) (*Message, result) {
	if it.err != nil {
		return nil, wrong(it.id, it.err)
	}
	raw := events.Raw{Subject: events.Subject(from.store, it.kind), Header: it.header, Data: it.body}
	if raw.Header == nil {
		raw.Header = structuredHeader
	}
	if it.plain { // what it leaves out is filled in
		doc, err := it.complete(from, i, f.o.Now())
		if err != nil {
			return nil, wrong(it.id, err)
		}
		raw.Data = doc
	}
	e, err := events.Decode(raw, f.o.Now())
	if err != nil {
		return nil, wrong(it.id, err)
	}
	res := result{ID: e.ID, Warnings: warnings(e)}
	return &Message{Subject: raw.Subject, Header: raw.Header, Data: raw.Data, ID: events.MessageID(e)}, res
}

func warnings(e events.Event) (out []fault) {
	for _, w := range e.Warnings {
		out = append(out, fault{w.Field, string(w.Reason), w.Detail})
	}
	return out
}

func wrong(id string, err error) result {
	res := result{ID: id, Status: rejected}
	e, ok := errors.AsType[*events.Error](err)
	if !ok {
		res.Errors = []fault{{Reason: string(events.ReasonNotJSON), Detail: err.Error()}}
		return res
	}
	for _, x := range e.Each() {
		res.Errors = append(res.Errors, fault{x.Field, string(x.Reason), x.Detail})
	}
	return res
}
