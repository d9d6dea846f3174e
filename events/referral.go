package events

import "time"

// ReferralRedeemed says that a customer ordered on the recommendation of another one. The
// customer of the event is the friend, who ordered.
type ReferralRedeemed struct {
	Customer `json:"customer"`
	Referral Referral `json:"referral" rule:",required"`
}

// Referral says who recommended the shop to a customer, by the code that the friend used
// or by their id, and which order came of it.
type Referral struct {
	Code     string `json:"code,omitempty" rule:"name"`            // that was issued to them: offer.issued with personal
	Referrer string `json:"referrer,omitempty" rule:"customer_id"` // their id, if the shop knows it; else the code tells
	OrderID  string `json:"order_id" rule:"reference,required"`    // the friend's order
}

// ReferralNoted says of an order of somebody who was referred what became of it. Each of
// the two is told, in an entry of their own.
type ReferralNoted struct {
	Side     string     `json:"side" rule:",required"`  // SideFriend or SideReferrer: which of the two the entry is of
	Other    string     `json:"other" rule:",required"` // the token of the other one
	Order    string     `json:"order" rule:",required"` // the friend's order; told to the referrer, a hash of its id
	Mailbox  string     `json:"mailbox,omitempty"`      // keyed hash of the friend's mailbox, however it is written
	State    string     `json:"state" rule:",required"` // what became of the order: one of ReferralStates
	PlacedAt *time.Time `json:"placed_at,omitempty"`    // when it was placed, or told if that is not known
	GoneAt   *time.Time `json:"gone_at,omitempty"`      // since when nothing is left of it
}

// The sides of a referral.
const (
	SideFriend   = "friend"
	SideReferrer = "referrer"
)

// ReferralStates are the words for what became of the order of somebody who was referred.
// Of two that were said at one time the later one here counts.
var ReferralStates = []string{"unknown", "stands", "again", "returned", "refunded", "cancelled", "self"}

func (*ReferralRedeemed) Type() Type { return TypeReferralRedeemed }
func (*ReferralNoted) Type() Type    { return TypeReferralNoted }
