// Package gate holds the rules between a touch falling due and its being sent,
// one file a rule: what it asks, and its settings in the configuration. The first
// rule that objects decides. The package is pure: the caller brings the customer
// as they are now, and what the caller cannot find out is the caller's error, never
// a "yes" and never a "no".
package gate

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// A Case is one touch that fell due, and all that the rules may know about it.
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
	Now      time.Time

	To        string     // the address it goes to; empty: the account's
	Mailbox   Mailbox    // of that address
	Shared    bool       // more ids have that address than one person has
	Recipient *Recipient // who answers to it, if that is somebody else than the customer

	// Member says whether the customer is in a segment, and what that rests on. Its error
	// says that nobody knows. It is nil where the worker is for all.
	Member func(segment string) (is bool, because string, err error)
}

// Policy is what the configuration says to the rules about one worker in one
// store: the settings of all levels, and what else belongs to the store.
type Policy struct {
	Installation
	Sections
	Pacing
	Own

	// ChannelConsent is Explicit where marketing by Own.Channel needs a yes to that channel.
	ChannelConsent string

	SoftBounces SoftBounces    // of `feedback`, for all stores alike; the zero value: the default
	Zone        *time.Location // of customers whose own is not known; nil: UTC
	Sunset      bool           // customers who did not react to a last email get no more marketing
	// Draw returns the customer's own number, 0 or more and less than 1, and
	// another one for each worker; "" is the one for all. It never changes, so that
	// those held out stay held out while a share grows. Nil where nobody is.
	Draw func(k customer.Key, worker string) float64
}

// The settings of the rules. Each has its type in the file of its rule, with its
// keys, its defaults (SetDefault) and its checks (Validate). Where a setting is in
// the configuration is decided by the struct that its field is in: pkg/config
// embeds these structs as they are, and lays a store's settings over the
// installation's, and a worker's over its store's, key by key.
type (
	// Installation is at the top of the file, for all stores alike.
	Installation struct {
		RecipientsAllow Recipients `yaml:"recipients_allow"`
		Holdout         Share      `yaml:"holdout"` // customers who get no marketing email at all
	}
	// Sections are at the top of the file; a store may have its own.
	Sections struct {
		Consent Consent `yaml:"consent"`
	}
	// Pacing is under `pacing`, at the top of the file; a store may have its own.
	Pacing struct {
		Hours     `yaml:",inline"`
		Frequency Frequency     `yaml:"frequency"`
		PerDay    PerDay        `yaml:"per_day"`
		LookAhead time.Duration `yaml:"look_ahead"`
	}
	// Hours are part of Pacing; a worker may have its own, too.
	Hours struct {
		QuietHours QuietHours `yaml:"quiet_hours"`
		SendDays   SendDays   `yaml:"send_days"`
	}
	// Own is what only a worker's section has.
	Own struct {
		Holdout     Share    `yaml:"holdout"`      // customers who get no email of this worker
		Segments    Segments `yaml:"segments"`     // customers who get its emails; none: all
		NotSegments Segments `yaml:"not_segments"` // customers who don't
		Channel     string   `yaml:"channel"`      // by which its messages go; empty: email
	}
)

// OfWorker returns what a worker's section may set, for decoding it over what the
// policy has from the store.
func (p *Policy) OfWorker() []any { return []any{&p.Hours, &p.Own} }

// A Rule looks at a case. The zero Verdict means that it does not object.
type Rule struct {
	Name    string
	Judge   func(c *Case) touch.Verdict
	Person  bool            // it asks about the customer, not about one email
	Reasons []reason.Reason // that it gives; docs/reasons.md has a heading for each
	Keys    []string        // of the configuration that it reads; under the heading they are named
}

// Rules is the gate, in its order. The claim, which follows, is taken by
// delivery.
var Rules = []Rule{
	{Name: "erased", Judge: erased, Person: true, Reasons: []reason.Reason{reason.Erased}},
	{Name: "address", Judge: address, Person: true, Reasons: []reason.Reason{reason.NoAddress, reason.Bounced, reason.Complained}, Keys: []string{"feedback.soft_bounces"}},
	{Name: "recipients", Judge: recipients, Person: true, Reasons: []reason.Reason{reason.Shadow}, Keys: []string{"recipients_allow"}},
	{Name: "suppression", Judge: suppression, Person: true, Reasons: []reason.Reason{reason.Unsubscribed}, Keys: []string{"channel"}},
	{Name: "shared", Judge: shared, Person: true, Reasons: []reason.Reason{reason.SharedAddress}},
	{Name: "consent", Judge: consent, Person: true, Reasons: []reason.Reason{reason.NoConsent}, Keys: []string{"consent.policy"}},
	{Name: "worker", Judge: live, Reasons: []reason.Reason{reason.WorkerOff, reason.StepRemoved}},
	{Name: "sunset", Judge: sunset, Person: true, Reasons: []reason.Reason{reason.Sunset}},
	{Name: "wanted", Judge: wanted}, // the reasons are the worker's own
	{Name: "expiry", Judge: expiry, Reasons: []reason.Reason{reason.Expired}},
	{Name: "segments", Judge: segments, Reasons: []reason.Reason{reason.NotInSegment, reason.SegmentsUnknown}, Keys: []string{"segments", "not_segments"}},
	{Name: "holdout", Judge: holdout, Person: true, Reasons: []reason.Reason{reason.Holdout}, Keys: []string{"holdout"}},
	{Name: "pause", Judge: pause, Reasons: []reason.Reason{reason.PreferencesPause, reason.Expired}},
	{Name: "quiet", Judge: quiet, Reasons: []reason.Reason{reason.QuietHours, reason.Expired}, Keys: []string{"pacing.quiet_hours", "pacing.send_days"}},
	{Name: "frequency", Judge: frequency, Reasons: []reason.Reason{reason.FrequencyCap, reason.Expired}, Keys: []string{"pacing.frequency", "pacing.per_day"}},
	{Name: "shadow", Judge: shadow, Reasons: []reason.Reason{reason.Shadow}},
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

// Standing asks the rules about the customer alone, the holdout left out: what they drop is
// dropped whenever it falls due, unless the customer changes. So it tells before anything is
// planned who would not get an email.
func Standing(c *Case) touch.Verdict {
	for _, r := range Rules {
		if !r.Person {
			continue
		}
		if v := r.Judge(c); v.Action == touch.Drop && v.Reason != reason.Holdout {
			return v
		}
	}
	return touch.Verdict{}
}

// marketing reports whether the rules for marketing apply.
func (c *Case) marketing() bool { return c.Step.Class.Marketing() }
