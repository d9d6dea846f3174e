// Package gate holds the rules between a touch falling due and its being sent,
// one file a rule. The first rule that objects decides. The package is pure:
// whoever asks brings the customer as they are now, and an answer the gate
// cannot get is the caller's error, never a "yes" and never a "no".
package gate

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// A Case is one touch that fell due, and all that the rules may know of it.
type Case struct {
	Touch    touch.Touch
	Step     touch.Step
	Listed   bool // the worker still has the step
	Customer *customer.Customer
	Off      bool                 // the worker is switched off
	Shadow   bool                 // the worker decides, but does not send
	Wanted   func() touch.Verdict // asks the worker
	Policy   Policy
	Address  func(email string) string // keyed hash of an address
	Mailbox  Mailbox                   // of the customer's address
	Now      time.Time
}

// Policy is what the store's configuration says to the rules.
type Policy struct {
	Frequency  []Window
	PerDay     int // mails on one day of the customer's calendar; 0: no limit
	Quiet      Quiet
	Holdout    Holdout
	Zone       *time.Location // of customers whose own is not known; nil: UTC
	Consent    string         // soft_opt_in or explicit
	Recipients []string       // addresses and @domains that may be mailed; none: all
	Sunset     bool           // who got a last mail and did not react gets no marketing any more
}

// Window is one frequency cap: at most Limit mails in any Length of time.
type Window struct {
	Limit  int
	Length time.Duration
}

// A Rule looks at a case. The zero Verdict means that it has nothing against it.
type Rule struct {
	Name  string
	Judge func(c *Case) touch.Verdict
}

// Rules is the gate, in its order. The claim, which follows, is taken by
// delivery: it is not a question but an act.
var Rules = []Rule{
	{"erased", erased},
	{"address", address},
	{"recipients", recipients},
	{"suppression", suppression},
	{"consent", consent},
	{"worker", live},
	{"sunset", sunset},
	{"wanted", wanted},
	{"expiry", expiry},
	{"holdout", holdout},
	{"quiet", quiet},
	{"frequency", frequency},
	{"shadow", shadow},
}

// Judge asks the rules in their order.
func Judge(c *Case) touch.Verdict {
	for _, r := range Rules {
		if v := r.Judge(c); v.Action != touch.Send {
			return v
		}
	}
	return touch.Verdict{}
}

// marketing reports whether the rules for marketing apply.
func (c *Case) marketing() bool { return c.Step.Class != touch.Transactional }
