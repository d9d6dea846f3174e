package programme

import (
	"slices"

	"homing/workers"
	"homing/workers/advocacy"
	"homing/workers/announcement"
	"homing/workers/birthday"
	"homing/workers/cartrecovery"
	"homing/workers/digest"
	"homing/workers/optin"
	"homing/workers/referral"
	"homing/workers/replenishment"
	"homing/workers/reviewrequest"
	"homing/workers/rewards"
	"homing/workers/service"
	"homing/workers/subscription"
	"homing/workers/survey"
	"homing/workers/thankyou"
	"homing/workers/welcome"
	"homing/workers/winback"
)

// Kinds is every worker there is, in the order in which people are told of them. A
// new one is a line here.
var Kinds = []workers.Kind{
	welcome.Kind,
	cartrecovery.Kind,
	thankyou.Kind,
	survey.Kind,
	reviewrequest.Kind,
	service.Kind,
	rewards.Kind,
	referral.Kind,
	advocacy.Kind,
	birthday.Kind,
	replenishment.Kind,
	subscription.Kind,
	winback.Kind,
	announcement.Kind,
	optin.Kind,
}

// WorkerNames lists the workers there are.
func WorkerNames() []string {
	out := make([]string, len(Kinds))
	for i, k := range Kinds {
		out[i] = k.Name
	}
	return out
}

// Senders are the names of all that sends: the workers, and what writes to the shop's own
// people.
func Senders() []string { return append(WorkerNames(), digest.Name) }

// ByHand reports whether people make the occasions of a worker.
func ByHand(worker string) bool {
	i := slices.Index(WorkerNames(), worker)
	return i >= 0 && Kinds[i].ByHand
}

// EmailsOf says what people call the emails of a worker, also if this version has no
// such worker any more.
func EmailsOf(worker string) string {
	if i := slices.Index(WorkerNames(), worker); i >= 0 {
		return Kinds[i].Emails
	}
	return "emails of this kind"
}
