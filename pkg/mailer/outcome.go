package mailer

import (
	"cmp"
	"fmt"
	"strings"

	"homing/pkg/refusal"
)

// A State is what became of one email.
type State int

// The zero State is Unknown: what nobody has set must not look sent, nor look
// safe to send again.
const (
	Unknown  State = iota // the final dot may have left, and no reply to it was read
	Accepted              // a positive reply to the final dot was read
	NotSent               // the relay has certainly not taken the email
)

func (s State) String() string {
	return [...]string{"unknown", "accepted", "not_sent"}[s]
}

// A Phase is a step of the dialogue with the relay.
type Phase int

const (
	PhaseDial    Phase = iota + 1 // the connection itself and the relay's greeting
	PhaseHelo                     // EHLO
	PhaseTLS                      // STARTTLS, or the handshake of smtps://
	PhaseAuth                     // AUTH
	PhaseMail                     // MAIL FROM
	PhaseRcpt                     // RCPT TO
	PhaseData                     // DATA, up to the relay's go-ahead
	PhaseContent                  // the message, and the owner's last word before the dot
	PhaseDot                      // the final dot, and the reply to it
)

func (p Phase) String() string {
	return [...]string{"none", "dial", "helo", "tls", "auth", "mail", "rcpt", "data", "content", "dot"}[p]
}

// An Outcome says what became of one email, and how it is known.
type Outcome struct {
	State    State
	Phase    Phase  // the phase that decided
	Code     int    // the relay's reply code, 0 if there was none
	Enhanced string // its enhanced status code (RFC 3463), "5.1.1", or ""
	Reply    string // all its words, redacted; "" for an accepted email
	said     string // the same with no more than addresses hidden, to be judged by and never shown
	Err      error  // nil if accepted, else a *Failure

	// What the relay's other answers add to this one.
	Barred    bool // it refuses us, or takes nothing now, no matter whom an email is for
	Undecided bool // it refuses this recipient, or us: nothing was accepted since
	Lasts     bool // it has said so for a day, and accepted others
}

// A Failure says where the dialogue with the relay failed. Its text holds the
// relay's words as they were redacted.
type Failure struct {
	Phase    Phase
	Code     int
	Enhanced string
	Reply    string // all the relay's words, redacted
	said     string // as that of Outcome
	Err      error  // what happened if the relay did not say so itself

	alone bool // no connection could be made, and no other is open
	local bool // the relay was not reached: that may be our network's doing
}

func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.Phase.String())
	b.WriteByte(':')
	if f.Code != 0 {
		fmt.Fprintf(&b, " the relay answered %d", f.Code)
		if f.Enhanced != "" {
			b.WriteByte(' ')
			b.WriteString(f.Enhanced)
		}
		if w := words(f.Enhanced, f.Reply); w != "" {
			b.WriteString(": ")
			b.WriteString(w)
		}
	}
	if f.Err != nil {
		b.WriteByte(' ')
		b.WriteString(f.Err.Error())
	}
	return b.String()
}

// Words are the relay's as they were redacted, without the code they begin with, at
// most 200 bytes.
func (o Outcome) Words() string { return words(o.Enhanced, o.Reply) }

func words(enhanced, reply string) string {
	return strings.TrimLeft(strings.TrimPrefix(refusal.Shorten(reply), enhanced), " :;,.")
}

func (f *Failure) Unwrap() error { return f.Err }

// Why is what a person is told about a relay that failed: that there is no connection
// needs no name of a phase.
func (f *Failure) Why() string {
	if f.Phase == PhaseDial && f.Code == 0 && f.Err != nil {
		return f.Err.Error()
	}
	return f.Error()
}

// outcome of an email that failed this way.
func (f *Failure) outcome(s State) Outcome {
	return Outcome{State: s, Phase: f.Phase, Code: f.Code, Enhanced: f.Enhanced, Reply: f.Reply, said: f.said, Err: f}
}

// A Meaning is what an Outcome asks of the sender.
type Meaning int

// The zero Meaning is MeansUnknown, as with State.
const (
	MeansUnknown        Meaning = iota // never send a marketing email again
	MeansAccepted                      // sent
	MeansLater                         // not sent, and worth another try
	MeansBadAddress                    // a hard bounce: the address does not exist
	MeansMessageAtFault                // too big, or its content is not acceptable: stop the template
	MeansSenderAtFault                 // SPF, DKIM, a blocklist, our credentials: pause and alert, suppress nobody
	MeansRefused                       // refused for good, and the code names nothing better
	MeansDoubtful                      // the address may not exist: the words don't say for certain
)

func (m Meaning) String() string {
	return [...]string{"unknown", "accepted", "later", "bad_address", "message_at_fault", "sender_at_fault", "refused", "doubtful"}[m]
}

// noDomain says that a recipient's domain does not exist, as far as the relay can tell
// now (RFC 3463): Postfix says so of a mistyped one until it gives up.
const noDomain = "4.1.2"

// Meaning judges the outcome, by the enhanced status code before the words and by those
// before the reply code: a 5xx alone never makes a bounce, because relays answer 550 to
// a bad reputation as they do to a mailbox that does not exist.
func (o Outcome) Meaning() Meaning {
	switch {
	case o.State == Accepted:
		return MeansAccepted
	case o.State != NotSent:
		return MeansUnknown
	case o.Code/100 != 5:
		return MeansLater // 4xx, or no reply at all: nothing was taken
	case o.Phase <= PhaseMail:
		return o.beforeRecipient()
	}
	return o.refusal()
}

// beforeRecipient judges a refusal before the recipient was named: whatever the
// code, it cannot be about them.
func (o Outcome) beforeRecipient() Meaning {
	// MAIL carries SIZE=, so a 552 here is about it (RFC 1870, section 6.1).
	if o.Phase == PhaseMail && (o.Enhanced == "5.3.4" || o.Enhanced == "" && o.Code == 552) {
		return MeansMessageAtFault
	}
	return MeansSenderAtFault
}

// refusal judges a 5xx to RCPT, DATA or the dot.
func (o Outcome) refusal() Meaning {
	r := refusal.Refusal{Code: o.Code, Enhanced: o.Enhanced, Shown: o.Reply, Said: cmp.Or(o.said, o.Reply), Recipient: o.Phase == PhaseRcpt}
	return map[refusal.Meaning]Meaning{
		refusal.Refused: MeansRefused, refusal.Later: MeansLater, refusal.BadAddress: MeansBadAddress,
		refusal.MessageAtFault: MeansMessageAtFault, refusal.SenderAtFault: MeansSenderAtFault, refusal.Doubtful: MeansDoubtful,
	}[r.Meaning()]
}
