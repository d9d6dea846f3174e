package customer

import "errors"

// mostSteps bounds the way to one person: through their mailbox, the other ids there and
// what those were merged into, and so on. Each step is a read.
const mostSteps = 24

// errTooFar says that persons are joined in a chain that has no end in sight.
var errTooFar = errors.New("a person is joined through too many merges")

// A ReadMore adds records, and the links of mailboxes, to a Neighbourhood.
type ReadMore func(records, links []Key) error

// Reach reads what persons rest on, and returns them. It takes two reads where every person
// has one id and mailbox, or one if near tells their mailboxes: what it names is read in the
// first. Mailboxes whose records and links are both read are last among the records.
func (n *Neighbourhood) Reach(asks []Ask, near []Key, read ReadMore) ([]Person, error) {
	var records, links []Key
	for _, a := range asks {
		if a.Email == "" {
			records = append(records, a.Key)
		} else {
			links = append(links, a.Key)
		}
	}
	links = append(links, near...)
	records = append(records, links...)
	for range mostSteps {
		if len(records)+len(links) == 0 {
			out := make([]Person, len(asks))
			for i, a := range asks {
				out[i] = n.Person(a)
			}
			return out, nil
		}
		if err := read(records, links); err != nil {
			return nil, err
		}
		records, links = n.Missing(asks...)
	}
	return nil, errTooFar
}

// ReachThen reads who was one person at a time, ms.
func (n *Neighbourhood) ReachThen(at int64, asks []Ask, read ReadMore) (Then, error) {
	for range mostSteps {
		who := n.Then(at, asks...)
		if len(who.Records)+len(who.Links) == 0 {
			return who, nil
		}
		if err := read(who.Records, who.Links); err != nil {
			return who, err
		}
	}
	return Then{}, errTooFar
}
