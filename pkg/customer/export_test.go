package customer

// United is the person as the records around say, also where there is only one.
func (n *Neighbourhood) United(a Ask) Person { return n.united(a) }

// Strike forgets an order as an erasure does that was told after it.
func Strike(c *Customer, order string) { c.strike(hash48(order)) }

// LastTag is the highest tag of a section of a record.
const LastTag = tagReferrals

// The tags of the sections of what a customer asked for, of what they answered, and of
// what their orders cost.
const (
	TagAsked   byte = tagAsked
	TagAnswers byte = tagAnswers
	TagTotals  byte = tagTotals

	TagRenewals byte = tagRenewals
	TagPoints   byte = tagPoints

	TagReferrals byte = tagReferrals
)
