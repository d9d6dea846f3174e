// Package channel is how a message leaves for a person: what a channel is given,
// and what it answers. Email (pkg/email) is one, and a signed webhook (pkg/webhook) another.
// Delivery knows channels by these words alone, and nothing of SMTP or HTTP. The package is
// pure: it has the words only.
package channel

import (
	"context"
	"errors"
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// A Channel composes the messages of one store and hands them over. It is safe
// for concurrent use.
type Channel interface {
	// Name is the entity of its facts: "email" of email.sent.
	Name() string
	// MessageID returns the id of a touch's message. It follows from the touch, so
	// that a message that is sent again can be recognized.
	MessageID(touchID string) string
	// Compose makes a message. An error that wraps ErrMessage concerns this message
	// alone, and one that wraps ErrUnread nothing but this moment; any other concerns the template it is made from.
	Compose(c Content) (Message, error)
	// Ready returns, as Open does, why a message to an address would not be tried now, and
	// nil if it would: it is asked before anything is spent on the message, and Open is to
	// follow within seconds. urgent is a message that a customer waits for.
	Ready(address string, urgent bool) error
	// Open returns a connection to send a message over, and waits for one when all are
	// taken. Its error wraps ErrDown, or is the context's. While the server takes nothing
	// from us, few messages get a connection, to find out.
	Open(ctx context.Context, m Message) (Conn, error)
}

// ErrDown is wrapped when what the channel sends through cannot be reached, or takes
// nothing from us.
var ErrDown = errors.New("the channel is down")

// A DownError is ErrDown, with what a person is told: the server's words have no
// addresses and secrets.
type DownError struct {
	Detail string
	Err    error
}

func (e *DownError) Error() string { return ErrDown.Error() + ": " + e.Err.Error() }

// Unwrap makes it ErrDown, and what happened.
func (e *DownError) Unwrap() []error { return []error{ErrDown, e.Err} }

// ErrMessage is wrapped when a message could not be made for a reason of its own.
var ErrMessage = errors.New("the message cannot be made")

// ErrUnread is wrapped when what a message shows cannot be read now: a server is away.
var ErrUnread = errors.New("what the message shows cannot be read now")

// ErrLeaseLost ends an attempt before anything is handed over: another process may
// be sending the same touch.
var ErrLeaseLost = errors.New("the claim on this touch has run out")

// Content is everything that may go into one message.
type Content struct {
	ID       string // of the touch
	Touch    touch.Touch
	Step     touch.Step
	Customer *customer.Customer
	To       Recipient
	Wording  workers.Wording
	Shared   []touch.Touch   // other touches that were pending when the wording was chosen
	Offer    *customer.Offer // bound to the touch; nil: none
	Now      time.Time       // business time
}

// A Recipient is whom a message is for.
type Recipient struct {
	Address             string
	FirstName, LastName string
	// Record is the one for which links in the message are: what is refused by them is
	// refused for it.
	Record customer.Key
}

// Words are what a message says, and what it was made from.
type Words struct {
	Template string // with the variant: "thank-you/thanks#first"
	// Version names the templates that it was made from, all of it from the same ones:
	// "12", or "files-5ac1e9d0".
	Version    string
	SubjectArm string // which of several subjects it has; "" if there was no other
	Copy       Copy   // what it shows
}

// A Message is composed, and not sent yet.
type Message interface {
	// Words are what it says. They are good for longer than the message.
	Words() Words
	// Release gives the message's memory back. It is not used afterwards.
	Release()
}

// A Copy is what a message shows, as it is handed over.
type Copy struct {
	Subject, Preheader, HTML, Text string
	Language                       string // of the words; "" if nothing tells
}

// A Conn is one connection on loan, for one message at a time.
type Conn interface {
	// Send hands a message over and says what became of it. The lease is asked before
	// anything is sent that cannot be taken back.
	Send(ctx context.Context, m Message, l Lease) Outcome
	// Release gives the connection back. It is always called; a second call does nothing.
	Release()
}

// A Lease is the claim under which a message is sent.
type Lease interface {
	// Confirm is called just before the point of no return. Its error, which wraps
	// ErrLeaseLost, ends the attempt.
	Confirm() error
	// Deadline is when the lease ends, in real time. It moves while its owner extends it.
	Deadline() time.Time
}

// A Meaning is what an outcome asks of the sender.
type Meaning uint8

// The zero Meaning is Unknown: what nobody has set must not look sent, nor look
// safe to send again.
const (
	Unknown        Meaning = iota // it may have been sent: never send a marketing message again
	Accepted                      // sent
	Later                         // not sent, and worth another try
	Unreachable                   // not sent: the server cannot be reached, or takes nothing from us, whoever it is for
	LeaseEnded                    // not sent: the claim ran out first
	BadAddress                    // refused for good: the address does not exist, or the channel cannot reach the customer
	ContentAtFault                // refused for good because of its size or content
	SenderAtFault                 // refused because of who we are: alert, suppress nobody
	Refused                       // refused for good, for no reason that is known
	Doubtful                      // refused for good, and perhaps because the address does not exist
	Undecided                     // refused, and it may be us: to be tried again when more is known
)

func (m Meaning) String() string {
	return [...]string{"unknown", "accepted", "later", "unreachable", "lease_ended", "bad_address", "content_at_fault", "sender_at_fault",
		"refused", "doubtful", "undecided"}[m]
}

// An Outcome says what became of a message.
type Outcome struct {
	Meaning  Meaning
	Code     int    // the server's reply code; 0: none
	Enhanced string // its enhanced status code, "5.1.1", or ""
	Detail   string // for a person: codes, and the server's words without addresses and secrets
	Err      error  // nil if accepted
	// Lasts says of Later that the address will not exist tomorrow either, as far as the
	// server's answers to it and to others tell.
	Lasts bool
	// ForGood says of Later and SenderAtFault that the server did not ask to come again: the
	// next try is for when somebody may have looked at it.
	ForGood bool
	// After says of Later how long to wait at least, as the server asked; 0: it did not say.
	After time.Duration
}
