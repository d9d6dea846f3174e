package projection

import (
	"cmp"
	"context"
	"slices"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// People reads persons: all records that belong to one, united.
type People struct {
	customers *Customers
	id        *customer.Identity
	unhurried bool
}

// NewPeople returns a reader of persons.
func NewPeople(c *Customers, id *customer.Identity) *People { return &People{customers: c, id: id} }

// Unhurried returns the reader for callers who can wait a little; see Customers.Unhurried.
func (p *People) Unhurried() *People { return &People{p.customers, p.id, true} }

// Identity returns what tells where records are kept.
func (p *People) Identity() *customer.Identity { return p.id }

// Read returns the persons that are asked for. It takes two round trips where every
// person has one id and mailbox, or one if near tells their mailboxes: what it names is
// read in the first.
func (p *People) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	n := customer.NewNeighbourhood(p.id)
	return n.Reach(asks, near, func(records, links []customer.Key) error { return p.customers.around(ctx, n, records, links) })
}

// Named returns, for each record, how many ids ever named the mailbox of its account,
// that one included; 0: it has none. It takes one round trip, and a second where very
// many did.
func (p *People) Named(ctx context.Context, records []customer.Record) ([]int, error) {
	var mailboxes []customer.Key
	var at []int
	for i := range records {
		if account := records[i].Customer.Account(); account != "" {
			mailboxes, at = append(mailboxes, p.id.Mailbox(records[i].Key.Store, account)), append(at, i)
		}
	}
	links, err := p.customers.Links(ctx, mailboxes)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(records))
	for n, i := range at {
		out[i] = len(links[n])
	}
	return out, nil
}

// around reads records and links into a neighbourhood, in one round trip.
func (s *Customers) around(ctx context.Context, n *customer.Neighbourhood, records, links []customer.Key) error {
	got, ids, err := s.loadWith(ctx, records, links)
	if err != nil {
		return err
	}
	n.Add(got)
	for i, k := range links {
		n.AddLinks(k, ids[i])
	}
	return nil
}

// loadWith reads records, and the links of mailboxes, in one round trip.
func (s *Customers) loadWith(ctx context.Context, records, mailboxes []customer.Key) ([]customer.Record, [][]customer.Key, error) {
	l := loading{raw: make([]stored, len(records)), reqs: make([]load, 0, len(records)+len(mailboxes))}
	for i, k := range records {
		l.reqs = append(l.reqs, load{key: k, out: &l.raw[i]})
	}
	ids := make([][]customer.Key, len(mailboxes))
	last := len(records) - len(mailboxes)
	both := last >= 0 && slices.Equal(records[last:], mailboxes) // asked for together
	for i, k := range mailboxes {
		if both {
			l.reqs[last+i].ids = &ids[i]
		} else {
			l.reqs = append(l.reqs, load{key: k, ids: &ids[i]})
		}
	}
	got, err := l.do(ctx, s, records)
	return got, ids, err
}

// Same reports of persons that were read whether all that they rest on is as it was,
// in one round trip. What is known about a mailbox itself is not looked at.
func (p *People) Same(ctx context.Context, persons []customer.Person) ([]bool, error) {
	s, looks, commands := p.customers, make([]against, len(persons)), 0
	for i := range persons {
		looks[i] = restsOf(&persons[i])
		commands += len(looks[i].records) + len(looks[i].links)
	}
	if commands == 0 {
		return make([]bool, len(persons)), s.guard.Ready()
	}
	board := func(ctx context.Context, pipe redis.Pipeliner) (arrive func() error) {
		for i := range looks {
			looks[i].ask(ctx, pipe)
		}
		return func() error {
			var err error
			for i := range looks {
				err = cmp.Or(err, looks[i].answer())
			}
			return err
		}
	}
	var err error
	if p.unhurried && commands <= fewRiders {
		err = s.ride.wait(ctx, s, board)
	} else if err = s.guard.Ready(); err == nil {
		pipe := s.rdb.Pipeline()
		arrive := board(ctx, pipe)
		carryOut(ctx, pipe)
		err = arrive()
	}
	out := make([]bool, len(persons))
	for i := range looks {
		out[i] = err == nil && looks[i].same
	}
	return out, err
}

// restsOf is what a person rests on.
func restsOf(p *customer.Person) against {
	var l against
	for _, r := range p.Rests {
		if _, mailbox := customer.LinksOf(p.Links, r.Key); !mailbox {
			l.records = append(l.records, r)
		}
	}
	l.links = p.Links
	return l
}
