// Package events is the contract between storefronts and Homing: the types of
// what happened, the CloudEvents envelope they travel in, the subjects they are
// published on, and the validation that turns a bad event into an error a
// storefront developer can act on.
//
// It uses the standard library only, so that a storefront written in Go can
// import it. It knows nothing about NATS, Redis, templates or what Homing does
// with an event.
package events

import "time"

// Type names what happened, in the past tense: "<entity>.<action>".
type Type string

// The types a storefront (or the calendar) may publish on
// "storefront.<store>.<entity>.<action>".
const (
	TypeCartUpdated          Type = "cart.updated"
	TypeCartAbandoned        Type = "cart.abandoned"
	TypeOrderPlaced          Type = "order.placed"
	TypeOrderFulfilled       Type = "order.fulfilled"
	TypeOrderDelivered       Type = "order.delivered"
	TypeOrderCancelled       Type = "order.cancelled"
	TypeOrderRefunded        Type = "order.refunded"
	TypeCustomerCreated      Type = "customer.created"
	TypeCustomerUpdated      Type = "customer.updated"
	TypeCustomerUnsubscribed Type = "customer.unsubscribed"
	TypeCustomerMerged       Type = "customer.merged"
	TypeCustomerErased       Type = "customer.erased"
	TypeCustomerLapsed       Type = "customer.lapsed"
	TypeCustomerBirthday     Type = "customer.birthday"
	TypeCustomerAnswered     Type = "customer.answered"
	TypeReviewSubmitted      Type = "review.submitted"
	TypeComplaintOpened      Type = "complaint.opened"
	TypeComplaintClosed      Type = "complaint.closed"
	TypeAddressBounced       Type = "address.bounced"
	TypeAddressComplained    Type = "address.complained"
	TypeProductUpdated       Type = "product.updated"
)

// The types of facts: what Homing itself did. They stand on the timeline only;
// a storefront that publishes one is rejected.
const (
	TypeEmailSent      Type = "email.sent"
	TypeEmailHeld      Type = "email.held"
	TypeEmailDropped   Type = "email.dropped"
	TypeEmailUncertain Type = "email.uncertain"
	TypeOfferIssued    Type = "offer.issued"
	TypeWorkerHeld     Type = "worker.held"
	TypeWorkerResumed  Type = "worker.resumed"
)

// An Event is one decoded and validated envelope.
type Event struct {
	ID     string    // unique within Source
	Source string    // who says so, a URI reference
	Type   Type      // always equal to Data.Type()
	Store  string    // from the subject
	Time   time.Time // when it happened, UTC, millisecond precision
	Data   Data      // never nil
}

// Data is what an event of one type carries: one of the structs of this
// package, always a pointer.
type Data interface {
	Type() Type
}

// CustomerData is Data about one customer: every type a storefront may publish
// but product.updated.
type CustomerData interface {
	Data
	// Who returns the customer the event is about; never nil.
	Who() *Customer
}
