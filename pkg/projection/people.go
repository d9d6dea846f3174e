package projection

import (
	"context"
	"errors"

	"homing/pkg/customer"
)

// People reads persons: all records that belong to one, united.
type People struct {
	customers *Customers
	id        *customer.Identity
}

// NewPeople returns a reader of persons.
func NewPeople(c *Customers, id *customer.Identity) *People { return &People{c, id} }

// Identity returns what tells where records are kept.
func (p *People) Identity() *customer.Identity { return p.id }

// mostSteps bounds the round trips to one person: through their mailbox, the other ids
// there and what those were merged into, and so on.
const mostSteps = 24

// errTooFar says that persons are joined in a chain that has no end in sight.
var errTooFar = errors.New("a person is joined through too many merges")

// Read returns the persons that are asked for. It takes two round trips where every
// person has one id and mailbox, or one if near tells their mailboxes: what it names is
// read in the first.
func (p *People) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	n := customer.NewNeighbourhood(p.id)
	records, links := n.Missing(asks...)
	records, links = join(records, near), join(links, near)
	for range mostSteps {
		if len(records)+len(links) == 0 {
			out := make([]customer.Person, len(asks))
			for i, a := range asks {
				out[i] = n.Person(a)
			}
			return out, nil
		}
		if err := p.customers.around(ctx, n, records, links); err != nil {
			return nil, err
		}
		records, links = n.Missing(asks...)
	}
	return nil, errTooFar
}

// join adds those keys that are not among some.
func join(keys, more []customer.Key) []customer.Key {
	has := make(map[customer.Key]bool, len(keys))
	for _, k := range keys {
		has[k] = true
	}
	for _, k := range more {
		if !has[k] {
			has[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// around reads records and links into a neighbourhood.
func (s *Customers) around(ctx context.Context, n *customer.Neighbourhood, records, links []customer.Key) error {
	if len(records) > 0 {
		got, err := s.Load(ctx, records)
		if err != nil {
			return err
		}
		for _, r := range got {
			n.Add(r)
		}
	}
	got, err := s.Links(ctx, links)
	if err != nil {
		return err
	}
	for i, k := range links {
		n.AddLinks(k, got[i])
	}
	return nil
}
