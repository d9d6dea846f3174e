package why

import "homing/events"

// referral says what became of the order of somebody who was referred.
func referral(d *events.ReferralNoted) string {
	became := map[string]string{
		"unknown": "is not known yet", "stands": "stands", "again": "stands, and was not their first on a recommendation",
		"returned": "came back", "refunded": "was refunded", "cancelled": "was cancelled",
		"self": "was placed by who recommended the shop: the same person, or the same mailbox",
	}[d.State]
	if d.Side == events.SideReferrer {
		return "the order of a friend to whom they recommended the shop " + became
	}
	return "was recommended the shop; order " + d.Order + " " + became
}
