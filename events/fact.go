package events

import "time"

// FactBody is the body of the facts about one touch: what Homing decided about
// an email, or a message by another channel, and why. It holds no address and no name: the customer is known by
// their token, which is part of Touch. The facts of each channel are an entity
// of their own, each with an action for what became of the touch.
type FactBody struct {
	Touch     string     `json:"touch" rule:",required"`    // <worker>.<step>.<customer token>.<occasion>
	Worker    string     `json:"worker" rule:",required"`   // "thank-you"
	Step      string     `json:"step" rule:",required"`     // "thanks"
	Customer  string     `json:"customer" rule:",required"` // the customer's token
	Occasion  string     `json:"occasion" rule:",required"` // what caused it: the order, cart, lapse or year
	Again     string     `json:"again,omitempty"`           // of what is sent again: the occasion that it is about; Occasion is then of who asked for it
	By        string     `json:"by,omitempty"`              // as Again: who asked for it, in the console; a name, no address
	Class     string     `json:"class" rule:",required"`    // marketing, transactional or staff
	Reason    string     `json:"reason" rule:",required"`   // why; docs/reasons.md explains each
	Detail    string     `json:"detail,omitempty"`          // the inputs of the decision, for a person
	Due       *time.Time `json:"due,omitempty"`             // when it fell due
	To        string     `json:"to,omitempty"`              // token of the mailbox it went to, where that is not the customer's own: an order's address
	Until     *time.Time `json:"until,omitempty"`           // held: when it is looked at again
	MessageID string     `json:"message_id,omitempty"`      // sent, uncertain: of the email, without angle brackets
	Template  string     `json:"template,omitempty"`        // sent: which template, with its variant
	// TemplateVersion says of which templates: "12" was published under that number,
	// "files-5ac1e9d0" and "built-in-5ac1e9d0" were files next to the binary, or in it,
	// with a hash of them all.
	TemplateVersion string   `json:"template_version,omitempty"` // as template
	SubjectArm      string   `json:"subject_arm,omitempty"`      // sent: which of several subjects it had
	Language        string   `json:"language,omitempty"`         // as template: of the words; empty if nothing tells
	ServerCode      int      `json:"server_code,omitempty"`      // the relay's reply, 250
	ServerEnhanced  string   `json:"server_enhanced,omitempty"`  // the relay's enhanced status code, "2.0.0"
	Bounced         string   `json:"bounced,omitempty"`          // dropped: keyed hash of the address the relay found unusable
	Channel         string   `json:"channel,omitempty"`          // which channel, where that isn't email: "sms"
	Refuses         string   `json:"refuses,omitempty"`          // dropped: the scope that counts as unsubscribed from now on: the channel cannot reach the customer
	Bundles         []string `json:"bundles,omitempty"`          // sent, uncertain: ids of the touches whose content this email took over
	Sunset          bool     `json:"sunset,omitempty"`           // sent, uncertain: the last word to someone who does not react
}

// Email is the body of the facts whose channel is email.
type Email = FactBody

// What the facts about a touch say, whatever their channel: the action of their
// type.
const (
	ActionSent      = "sent"
	ActionHeld      = "held"
	ActionDropped   = "dropped"
	ActionUncertain = "uncertain"
)

// Fact is Data about one touch.
type Fact interface {
	Data
	Body() *FactBody
}

// Body returns what the fact says. It lets code treat all facts about a touch
// alike.
func (b *FactBody) Body() *FactBody { return b }

// NewFact returns the fact of type t about one touch. It panics unless t is the
// type of such a fact.
func NewFact(t Type, b FactBody) Fact {
	f := rowOf[t].New().(Fact)
	*f.Body() = b
	return f
}

// EmailSent says that the relay accepted an email.
type EmailSent struct{ Email }

// EmailHeld says that an email is right, but not yet.
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

// WebhookSent says that the endpoint of a channel accepted a message.
type WebhookSent struct{ FactBody }

// WebhookHeld says that a message by a channel is right, but not yet.
type WebhookHeld struct{ FactBody }

// WebhookDropped says that a message by a channel will not be sent.
type WebhookDropped struct{ FactBody }

// WebhookUncertain says that the endpoint's answer to a message never came: it may have
// taken it, and is not sent it again.
type WebhookUncertain struct{ FactBody }

func (*WebhookSent) Type() Type      { return TypeWebhookSent }
func (*WebhookHeld) Type() Type      { return TypeWebhookHeld }
func (*WebhookDropped) Type() Type   { return TypeWebhookDropped }
func (*WebhookUncertain) Type() Type { return TypeWebhookUncertain }

// EmailVisit is the body of what is noticed of an email that was sent. It is no fact about
// what became of the touch.
type EmailVisit struct {
	Touch    string `json:"touch" rule:",required"`
	Worker   string `json:"worker" rule:",required"`
	Step     string `json:"step" rule:",required"`
	Customer string `json:"customer" rule:",required"` // the customer's token
	Machine  bool   `json:"machine,omitempty"`         // it was a program, as far as can be told
}

// EmailClicked says that a link to the shop was followed.
type EmailClicked struct {
	EmailVisit
	URL string `json:"url" rule:"url,required"` // without parameters
}

// EmailOpened says that a picture of the email was asked for.
type EmailOpened struct{ EmailVisit }

func (*EmailClicked) Type() Type { return TypeEmailClicked }
func (*EmailOpened) Type() Type  { return TypeEmailOpened }

// OfferIssued says that a code was bound to a customer, for the email of one
// touch and no other. It comes before the email goes out.
type OfferIssued struct {
	Touch     string     `json:"touch" rule:",required"`
	Worker    string     `json:"worker" rule:",required"`
	Customer  string     `json:"customer" rule:",required"` // the customer's token
	Code      string     `json:"code" rule:",required"`
	Kind      string     `json:"kind" rule:",required"` // static, list or mint
	List      string     `json:"list,omitempty"`        // which list the code was taken from
	Percent   int        `json:"percent,omitempty"`
	Amount    Money      `json:"amount,omitzero"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"` // the code is worth nothing from then on
	Personal  bool       `json:"personal,omitempty"`   // the customer passes it on: others use it, any number of them
	Points    int        `json:"points,omitempty"`     // what the customer paid for it from their ledger of points; 0: it is free
}

func (*OfferIssued) Type() Type { return TypeOfferIssued }

// WorkerHold is the body of the facts about a worker in the store of the subject:
// a reason of the system, not of a customer, for which it does not send. They
// concern no customer.
type WorkerHold struct {
	Worker string `json:"worker" rule:",required"` // "thank-you"
	Reason string `json:"reason" rule:",required"` // why: paused, smtp_down …; docs/reasons.md explains each
	Detail string `json:"detail,omitempty"`        // for a person
}

// WorkerHeld says that a reason to send nothing began: what falls due waits.
type WorkerHeld struct{ WorkerHold }

// WorkerResumed says that a reason to send nothing ended.
type WorkerResumed struct{ WorkerHold }

func (*WorkerHeld) Type() Type    { return TypeWorkerHeld }
func (*WorkerResumed) Type() Type { return TypeWorkerResumed }

// TemplatesPublished says that a version of the email templates was put in force, in all
// stores. It concerns no customer.
type TemplatesPublished struct {
	Version  int    `json:"version" rule:",required"`
	Author   string `json:"author" rule:",required"` // a name; no address
	Message  string `json:"message,omitempty"`       // what is new, for a person
	Restores int    `json:"restores,omitempty"`      // the version whose files it has again
}

func (*TemplatesPublished) Type() Type { return TypeTemplatesPublished }

// PersonLinked says that an id named a mailbox: an event had both the id and the
// address. It is an entry of the mailbox, whose key it has, and is on the timeline
// before the event that says so.
type PersonLinked struct {
	Customer string `json:"customer" rule:",required"` // the token of the id
}

// PersonMerged says that the shop goes on with another id for the customer whose
// key the entry has.
type PersonMerged struct {
	Into string `json:"into" rule:",required"` // the id that goes on
}

func (*PersonLinked) Type() Type { return TypePersonLinked }
func (*PersonMerged) Type() Type { return TypePersonMerged }
