package shop

import (
	"time"

	"homing/events"
)

// An Export is how a file of what a system kept is read.
type Export struct {
	Store Store
	At    time.Time         // when it was made: the time of what says none
	SKUs  map[string]string // ids of products by SKU, where the file knows SKUs alone
	// NoIsUnknown has a customer who does not accept marketing, by the file, have said
	// nothing. Files do not tell them from one who refused: so else it is a refusal.
	NoIsUnknown bool
}

// A Source tells what a system kept, record by record.
type Source interface {
	// Next returns the next record; io.EOF: there is none. After a fault it goes on
	// behind the lines that are bad, and any other error is the end.
	Next() (Record, error)
	// SkipTo passes what begins before a line. io.EOF: that is all.
	SkipTo(line int) error
}

// A Record is an order, a customer or a product of a file.
type Record struct {
	Line   int // where it begins
	Events []events.Event
	Faults []Fault
}

// A Fault is something that is wrong with a record.
type Fault struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail"` // what is wrong, and what to do
	Kept   bool   `json:"kept"`   // the record is used all the same, but for the field
}

// Bad is a record that is left out.
func Bad(line int, field, detail string) Record {
	return Record{Line: line, Faults: []Fault{{Line: line, Field: field, Detail: detail}}}
}

// Told is a record of what a teller was told.
func (t *Teller) Told(line int) Record {
	out := Record{Line: line, Events: t.said.Events}
	for _, n := range t.said.Notes {
		out.Faults = append(out.Faults, Fault{Line: line, Field: n.Field, Detail: n.Detail, Kept: true})
	}
	return out
}

// Agreed is what a file's yes or no to marketing says. The yes has no time: so it lifts
// no refusal, as it may be older than one.
func (e *Export) Agreed(yes bool, at time.Time, source string) *events.Consent {
	switch {
	case yes:
		return &events.Consent{Email: events.Subscribed, Source: source}
	case e.NoIsUnknown:
		return nil
	}
	return &events.Consent{Email: events.Unsubscribed, At: &at, Source: source}
}
