package events

// PointsAdjusted says how many points of a customer were given, or taken, for a reason
// that no other event tells: a competition, a mistake, or points that were spent at the
// checkout.
type PointsAdjusted struct {
	Customer   `json:"customer"`
	Adjustment Adjustment `json:"adjustment" rule:",required"`
}

// Adjustment is one entry of the shop's in a customer's ledger of points. What has the
// same id is the same, and counts once, with what was said last.
type Adjustment struct {
	ID     string `json:"id" rule:"own_id,required"`
	Points int    `json:"points" rule:"points,required"` // below 0: they were taken, or spent
	Reason string `json:"reason,omitempty" rule:"prose"` // why, for those who read the ledger
}

// maxPoints bounds the points of one adjustment.
const maxPoints = 10_000_000

// RewardsJoined says that a customer asked to take part in the rewards programme.
type RewardsJoined struct {
	Customer `json:"customer"`
}

func (*PointsAdjusted) Type() Type { return TypePointsAdjusted }
func (*RewardsJoined) Type() Type  { return TypeRewardsJoined }
