package segment

// Group is the named group of a customer. Everybody with an order that counts is in
// exactly one.
type Group string

// The groups.
const (
	None     Group = "none" // no order that counts
	New      Group = "new"
	Active   Group = "active"
	Loyal    Group = "loyal"
	Champion Group = "champion"
	AtRisk   Group = "at_risk"
	Lost     Group = "lost"
)

// Groups lists the groups of those who ordered.
func Groups() []Group { return []Group{New, Active, Loyal, Champion, AtRisk, Lost} }

// Level is high, mid or low, compared with the store's other customers.
type Level string

// The levels.
const (
	High    Level = "high"
	Mid     Level = "mid"
	Low     Level = "low"
	Unknown Level = "unknown" // too little is known, or there is no order
)

// Levels lists the levels, but for Unknown.
func Levels() []Level { return []Level{High, Mid, Low} }

// groupOf returns the group of a customer with some orders, by the scores of recency,
// frequency and money, 1 to 5 each. Where nobody knows what the orders cost (0), the
// frequency alone counts. docs/segments.md has this as a table.
func groupOf(orders, r, f, m int) Group {
	if m == 0 {
		m = f
	}
	switch {
	case orders == 0:
		return None
	case r <= 1:
		return Lost
	case r == 2:
		return AtRisk
	case orders == 1 && r >= 4:
		return New
	case r >= 4 && f >= 4 && m >= 4:
		return Champion
	case f >= 4:
		return Loyal
	}
	return Active
}
