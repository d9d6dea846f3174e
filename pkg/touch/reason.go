package touch

import "slices"

// Reason is why something became of a touch. docs/reasons.md explains each.
type Reason string

// Conditions of the customer: the touch is rescheduled.
const (
	NotYet       Reason = "not_yet"
	QuietHours   Reason = "quiet_hours"
	FrequencyCap Reason = "frequency_cap"
	Yields       Reason = "yields"
	Throughput   Reason = "throughput"
)

// Conditions of the system: what falls due waits, and nothing is lost.
const (
	Paused        Reason = "paused"
	Rebuilding    Reason = "rebuilding"
	SMTPDown      Reason = "smtp_down"
	TemplateError Reason = "template_error"
	NoOfferCode   Reason = "no_offer_code"
)

// Why a touch is never sent.
const (
	Erased           Reason = "erased"
	NoAddress        Reason = "no_address"
	Unsubscribed     Reason = "unsubscribed"
	Bounced          Reason = "bounced"
	Complained       Reason = "complained"
	NoConsent        Reason = "no_consent"
	WorkerOff        Reason = "worker_off"
	StepRemoved      Reason = "step_removed"
	Purchased        Reason = "purchased"
	Recovered        Reason = "recovered"
	Emptied          Reason = "emptied"
	Cancelled        Reason = "cancelled"
	Refunded         Reason = "refunded"
	Reviewed         Reason = "reviewed"
	Repurchased      Reason = "repurchased"
	Bundled          Reason = "bundled"
	Unavailable      Reason = "unavailable"
	InsufficientData Reason = "insufficient_data"
	ComplaintOpen    Reason = "complaint_open"
	Sunset           Reason = "sunset"
	Expired          Reason = "expired"
	Holdout          Reason = "holdout"
	Shadow           Reason = "shadow"
	RejectedByServer Reason = "rejected_by_server"
)

// What became of a touch that was handed to the relay.
const (
	Sent      Reason = "sent"
	Uncertain Reason = "uncertain"
)

// Holds lists the reasons for which a touch is rescheduled.
func Holds() []Reason { return []Reason{NotYet, QuietHours, FrequencyCap, Yields, Throughput} }

// SystemHolds lists the reasons for which a worker, not a touch, waits.
func SystemHolds() []Reason {
	return []Reason{Paused, Rebuilding, SMTPDown, TemplateError, NoOfferCode}
}

// Drops lists the reasons for which a touch is never sent.
func Drops() []Reason {
	return []Reason{
		Erased, NoAddress, Unsubscribed, Bounced, Complained, NoConsent, WorkerOff, StepRemoved,
		Purchased, Recovered, Emptied, Cancelled, Refunded, Reviewed, Repurchased, Bundled, Unavailable, InsufficientData,
		ComplaintOpen, Sunset, Expired, Holdout, Shadow, RejectedByServer,
	}
}

// Ends lists what becomes of a touch that was handed to the relay.
func Ends() []Reason { return []Reason{Sent, Uncertain} }

// Reasons lists every reason there is, in the order of the documentation.
func Reasons() []Reason { return slices.Concat(Holds(), SystemHolds(), Drops(), Ends()) }
