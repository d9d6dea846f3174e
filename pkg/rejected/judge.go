package rejected

import (
	"errors"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/intake"
	"homing/pkg/programme"
)

// A Verdict is what intake would say of an event now.
type Verdict struct {
	Type     events.Type `json:"type,omitempty"`
	ID       string      `json:"id,omitempty"`
	Rejected string      `json:"rejected,omitempty"` // the reason
	Faults   []Fault     `json:"faults,omitempty"`
	More     int         `json:"more_faults,omitempty"`
	Warnings []Fault     `json:"warnings,omitempty"`
}

// A Fault is one thing that is wrong with an event.
type Fault struct {
	Reason string `json:"reason"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"`
}

// String says what is wrong.
func (f Fault) String() string {
	if f.Field == "" {
		return f.Detail
	}
	return f.Field + ": " + f.Detail
}

// Decode reads an event as intake does: what only a running Homing knows, such as which
// stores there are, is not looked at.
func Decode(raw events.Raw) (events.Event, error) {
	e, err := events.Decode(raw, time.Now())
	if err == nil {
		err = intake.CheckScope(e, append(programme.WorkerNames(), events.ScopeChannel))
	}
	return e, err
}

// Judge says what is wrong with an event: what it would be rejected for, and what it
// would be warned about.
func Judge(raw events.Raw) (v Verdict) {
	if _, t, err := events.ParseSubject(raw.Subject); err == nil {
		v.Type = t
	}
	e, err := Decode(raw)
	if err != nil {
		v.Reject(err)
		return v
	}
	v.ID = e.ID
	for _, w := range e.Warnings {
		v.Warnings = append(v.Warnings, Fault{string(w.Reason), w.Field, w.Detail})
	}
	return v
}

// Reject notes what an event is rejected for.
func (v *Verdict) Reject(err error) {
	bad, ok := errors.AsType[*events.Error](err)
	if !ok {
		bad = &events.Error{Reason: events.ReasonNotJSON, Detail: err.Error()}
	}
	v.Rejected, v.More = string(bad.Reason), bad.More
	for _, f := range bad.Each() {
		v.Faults = append(v.Faults, Fault{string(f.Reason), f.Field, f.Detail})
	}
}

// Now says what would become of a rejected event if it was replayed, in an installation
// with some stores.
func (e *Event) Now(stores []string) Verdict {
	store, t, err := events.ParseSubject(e.Subject)
	if err == nil && !slices.Contains(stores, store) {
		v := Verdict{Type: t}
		v.Reject(intake.UnknownStore(store))
		return v
	}
	header := map[string][]string{}
	for name, values := range e.Headers {
		if !ours(name) {
			header[name] = values
		}
	}
	return Judge(events.Raw{Subject: e.Subject, Header: header, Data: e.Data})
}
