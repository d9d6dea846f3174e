// Package reason says in one word why something became of a touch. A reason is one
// row here: its word, what it does to the touch, and the number by which a
// customer's record keeps it. docs/reasons.md explains each. The package is pure.
package reason

// Reason is the word. It is written to the timeline, and never changes.
type Reason string

// Kind is what a reason does to a touch.
type Kind uint8

// The kinds, in the order of the documentation.
const (
	Hold       Kind = iota // the touch is rescheduled
	SystemHold             // the worker waits, not the touch; nothing is lost
	Drop                   // the touch is never sent
	End                    // the touch was handed to the relay
)

// row is one reason.
type row struct {
	word   Reason
	kind   Kind
	number byte // 0: not kept
}

// rows are all reasons, in the order in which they are declared below.
var rows []row

func add(word Reason, k Kind, number byte) Reason {
	rows = append(rows, row{word, k, number})
	return word
}

// hold, system and end add reasons that end no claim, so that no record keeps them.
func hold(word Reason) Reason   { return add(word, Hold, 0) }
func system(word Reason) Reason { return add(word, SystemHold, 0) }
func end(word Reason) Reason    { return add(word, End, 0) }

// drop adds a reason that a customer's record keeps with the claim, by a number
// that never changes: the next free one is for the next reason.
func drop(word Reason, number byte) Reason { return add(word, Drop, number) }

// Conditions of the customer.
var (
	NotYet       = hold("not_yet")
	QuietHours   = hold("quiet_hours")
	FrequencyCap = hold("frequency_cap")
	Yields       = hold("yields")

	PreferencesPause = hold("preferences_pause")
	SegmentsUnknown  = hold("segments_unknown")

	Throughput = hold("throughput")
)

// Conditions of the system.
var (
	Paused        = system("paused")
	Rebuilding    = system("rebuilding")
	SMTPDown      = system("smtp_down")
	ChannelDown   = system("channel_down") // what SMTPDown is to email
	TemplateError = system("template_error")
	NoOfferCode   = system("no_offer_code")

	// Of a whole process, which sends nothing then.
	ControlsUnknown = system("controls_unknown")
	TimelineFull    = system("timeline_full")
	ClockSkew       = system("clock_skew")
	Forbidden       = system("forbidden")
	NoTemplates     = system("no_templates")
	Unadopted       = system("unadopted")
)

// Why a touch is never sent.
var (
	Erased           = drop("erased", 1)
	NoAddress        = drop("no_address", 2)
	Unsubscribed     = drop("unsubscribed", 3)
	Bounced          = drop("bounced", 4)
	Complained       = drop("complained", 5)
	NoConsent        = drop("no_consent", 6)
	WorkerOff        = drop("worker_off", 7)
	StepRemoved      = drop("step_removed", 8)
	Purchased        = drop("purchased", 9)
	Recovered        = drop("recovered", 10)
	Emptied          = drop("emptied", 11)
	Cancelled        = drop("cancelled", 12)
	Refunded         = drop("refunded", 13)
	Reviewed         = drop("reviewed", 14)
	Repurchased      = drop("repurchased", 15)
	Bundled          = drop("bundled", 16)
	Unavailable      = drop("unavailable", 17)
	InsufficientData = drop("insufficient_data", 18)
	ComplaintOpen    = drop("complaint_open", 19)
	Sunset           = drop("sunset", 20)
	Expired          = drop("expired", 21)
	Holdout          = drop("holdout", 22)
	Shadow           = drop("shadow", 23)
	RejectedByServer = drop("rejected_by_server", 24)
	SharedAddress    = drop("shared_address", 25)
	AlreadyAsked     = drop("already_asked", 26)
	Confirmed        = drop("confirmed", 27)
	Unlikely         = drop("unlikely", 28)
	NotNew           = drop("not_new", 29)
	NotRenewing      = drop("not_renewing", 30)
	Paid             = drop("paid", 31)
	NotInSegment     = drop("not_in_segment", 32)
	CalledOff        = drop("called_off", 33)
	PointsChanged    = drop("points_changed", 34)
	Unhappy          = drop("unhappy", 35)
	Answered         = drop("answered", 36)
	SelfReferral     = drop("self_referral", 37)
	ReferredBefore   = drop("referred_before", 38)
	ReferralLimit    = drop("referral_limit", 39)
	AskedLately      = drop("asked_lately", 40)
)

// What became of a touch that was handed to the relay.
var (
	Sent      = end("sent")
	Uncertain = end("uncertain")
)

// Revocable reports whether the shop can take a reason for a drop back: an order
// that was cancelled or refunded stands again when it is placed again, and so does the
// consent that rests on it; a subscription goes on that was paused. A touch that was dropped for it may be planned again, if it
// is wanted by then.
func (r Reason) Revocable() bool {
	return r == Cancelled || r == Refunded || r == NoConsent || r == NotRenewing
}

// All lists every reason, in the order of the documentation.
func All() []Reason {
	out := make([]Reason, len(rows))
	for i, r := range rows {
		out[i] = r.word
	}
	return out
}

// Of lists the reasons of a kind.
func Of(k Kind) []Reason {
	var out []Reason
	for _, r := range rows {
		if r.kind == k {
			out = append(out, r.word)
		}
	}
	return out
}

// Number returns the number by which a record keeps a reason; 0 if it keeps none,
// as of a word that this version does not know.
func Number(word Reason) byte {
	for _, r := range rows {
		if r.word == word {
			return r.number
		}
	}
	return 0
}

// Numbered returns the reason that is kept by a number; empty if there is none.
func Numbered(n byte) Reason {
	for _, r := range rows {
		if n != 0 && r.number == n {
			return r.word
		}
	}
	return ""
}
