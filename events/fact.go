package events

import "time"

// Email is the body of the four facts about one touch: what Homing decided
// about an email, and why. It holds no address and no name: the customer is
// known by their token, which is part of Touch.
type Email struct {
	Touch          string     `json:"touch"`                     // <worker>.<step>.<customer token>.<occasion>
	Worker         string     `json:"worker"`                    // "thank-you"
	Step           string     `json:"step"`                      // "thanks"
	Customer       string     `json:"customer"`                  // the customer's token
	Occasion       string     `json:"occasion"`                  // what caused it: the order, cart, lapse or year
	Class          string     `json:"class"`                     // marketing or transactional
	Reason         string     `json:"reason"`                    // why; docs/reasons.md explains each
	Detail         string     `json:"detail,omitempty"`          // the inputs of the decision, for a person
	Due            *time.Time `json:"due,omitempty"`             // when it fell due
	Until          *time.Time `json:"until,omitempty"`           // held: when it is looked at again
	MessageID      string     `json:"message_id,omitempty"`      // sent, uncertain: of the mail, without angle brackets
	Template       string     `json:"template,omitempty"`        // sent: which template, with its variant
	ServerCode     int        `json:"server_code,omitempty"`     // the relay's reply, 250
	ServerEnhanced string     `json:"server_enhanced,omitempty"` // the relay's enhanced status code, "2.0.0"
	Bounced        string     `json:"bounced,omitempty"`         // dropped: keyed hash of the address the relay found unusable
	Bundles        []string   `json:"bundles,omitempty"`         // sent, uncertain: ids of the touches whose content this mail took over
	Sunset         bool       `json:"sunset,omitempty"`          // sent, uncertain: the last word to someone who does not react
}

// EmailSent says that the relay accepted an email.
type EmailSent struct{ Email }

// EmailHeld says that an email would be right, but later.
type EmailHeld struct{ Email }

// EmailDropped says that an email will not be sent.
type EmailDropped struct{ Email }

// EmailUncertain says that the relay's answer to an email never came: it may
// have been sent, and is not sent again.
type EmailUncertain struct{ Email }

func (*EmailSent) Type() Type      { return TypeEmailSent }
func (*EmailHeld) Type() Type      { return TypeEmailHeld }
func (*EmailDropped) Type() Type   { return TypeEmailDropped }
func (*EmailUncertain) Type() Type { return TypeEmailUncertain }

// Body returns what the fact says. It lets code treat the four alike.
func (e *Email) Body() *Email { return e }

// Fact is Data about one touch.
type Fact interface {
	Data
	Body() *Email
}

// OfferIssued says that a code was bound to a customer, for the mail of one
// touch and no other. It stands before the mail goes out.
type OfferIssued struct {
	Touch     string     `json:"touch"`
	Worker    string     `json:"worker"`
	Customer  string     `json:"customer"` // the customer's token
	Code      string     `json:"code"`
	Kind      string     `json:"kind"`           // static, list or mint
	List      string     `json:"list,omitempty"` // which list the code was taken from
	Percent   int        `json:"percent,omitempty"`
	Amount    Money      `json:"amount,omitzero"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // the code is worth nothing from then on
}

func (*OfferIssued) Type() Type { return TypeOfferIssued }

// WorkerHold is the body of the facts about a worker in the store of the subject:
// a reason of the system, not of a customer, for which it does not send. They
// concern no customer.
type WorkerHold struct {
	Worker string `json:"worker"`           // "thank-you"
	Reason string `json:"reason"`           // why: paused, smtp_down …; docs/reasons.md explains each
	Detail string `json:"detail,omitempty"` // for a person
}

// WorkerHeld says that a reason to send nothing began: what falls due waits.
type WorkerHeld struct{ WorkerHold }

// WorkerResumed says that a reason to send nothing ended.
type WorkerResumed struct{ WorkerHold }

func (*WorkerHeld) Type() Type    { return TypeWorkerHeld }
func (*WorkerResumed) Type() Type { return TypeWorkerResumed }
