// Package events is the contract between storefronts and Homing: the types of
// what happened, the CloudEvents envelope they travel in, the subjects they are
// published on, and the validation that turns a bad event into an error a
// storefront developer can act on.
//
// It uses the standard library only, so that a storefront written in Go can
// import it. It knows nothing about NATS, Redis, templates or how Homing does
// what it does with an event.
//
// A type of event is a row of the table in types.go and a struct; the struct's
// tags say how each field is read, written and described. Reader, encoder,
// JSON Schemas, asyncapi.yaml, the tables in the docs and the flags of `homing
// publish` all follow from these.
package events

import (
	"strings"
	"time"
)

// Type names what happened, in the past tense: "<entity>.<action>".
type Type string

// Entity returns what something happened to: "order" of "order.placed". A fact
// about a touch has the channel: "email".
func (t Type) Entity() string {
	entity, _, _ := strings.Cut(string(t), ".")
	return entity
}

// Action returns what happened: "placed" of "order.placed".
func (t Type) Action() string {
	_, action, _ := strings.Cut(string(t), ".")
	return action
}

// An Event is one decoded and validated envelope.
type Event struct {
	ID     string    // unique within Source
	Source string    // who says so, a URI reference
	Type   Type      // always equal to Data.Type()
	Store  string    // from the subject
	Time   time.Time // when it happened, UTC, millisecond precision
	Data   Data      // never nil

	// Place is the event's sequence on the stream STOREFRONT, which says of two
	// statements of one time which was made later. 0: it did not come from there
	// (the gateway, an import, a fact), or the entry is older than places are.
	Place uint64
	// Copy says that a timeline entry repeats one that is kept with another record
	// of the same person: it is folded, but plans nothing and counts nowhere.
	Copy bool
	// Historical says that the event was brought over from elsewhere long after it
	// happened: it counts like any other, and leads to no email about itself. See
	// Heard for what may follow from it.
	Historical bool
	// Received is when a historical event reached Homing, whenever it is planned. Of
	// other events, and of one that is yet to be published, it is zero.
	Received time.Time
	// Warnings say what was accepted but is not as the shop meant it, for the
	// shop's developer. They are told by Decode only, and never encoded.
	Warnings []Warning
}

// Heard returns since when an event may lead to something: when it happened or, of a
// historical one, when Homing was told.
func (e *Event) Heard() time.Time {
	if e.Historical && e.Received.After(e.Time) {
		return e.Received
	}
	return e.Time
}

// Gateway is the source of the events that the links in emails lead to.
const Gateway = "/homing/gateway"

// Data is what an event of one type carries: one of the structs of this
// package, always a pointer.
type Data interface {
	Type() Type
}

// CustomerData is Data about one customer: most of what a storefront publishes.
type CustomerData interface {
	Data
	// Who returns the customer the event is about; never nil.
	Who() *Customer
}

// OfNobody reports whether an event is of an order of which the shop knows neither an id
// nor an address. It is about products, and about no customer.
func (e *Event) OfNobody() bool {
	d, ok := e.Data.(CustomerData)
	return ok && d.Who().ID == "" && d.Who().Email == "" && e.Type.Entity() == "order"
}

// OrderTold returns the order of data that says what an order is: it was placed, or
// changed. Of other data it returns nil.
func OrderTold(d Data) *Order {
	switch d := d.(type) {
	case *OrderPlaced:
		return &d.Order
	case *OrderUpdated:
		return &d.Order
	}
	return nil
}

// AddressData is Data about an email address, of no customer in particular.
type AddressData interface {
	Data
	// Mailed returns the address; never nil.
	Mailed() *string
}
