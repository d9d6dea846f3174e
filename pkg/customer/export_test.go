package customer

// United is the person as the records around say, also where there is only one.
func (n *Neighbourhood) United(a Ask) Person { return n.united(a) }

// Strike forgets an order as an erasure does that was told after it.
func Strike(c *Customer, order string) { c.strike(hash48(order)) }

// LastTag is the highest tag of a section of a record.
const LastTag = tagAnswers

// The tags of the sections of what a customer asked for, and of what they answered.
const (
	TagAsked   byte = tagAsked
	TagAnswers byte = tagAnswers
)
