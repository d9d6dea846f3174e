package rehearsal

import (
	"context"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/product"
)

// people are the customers of a shard, kept in this process. It does for intake,
// planners, delivery and calendar what the projection does in Redis, for one goroutine.
type people struct {
	id      *customer.Identity
	records map[customer.Key]*record
	links   map[customer.Key][]customer.Key // of mailboxes
	moved   []*record                       // whose place in the indexes may be another
	byOrder map[*customer.Order]*record     // by where the orders of a record are kept
	listed  []*record                       // by key
	added   []*record                       // since they were listed
	index   index
	// Of who was erased, what is pending is deleted, and what is pending for others and
	// goes to their address.
	forget   func(k customer.Key, until time.Time)
	forgetTo func(of []customer.Key, email string, until time.Time)
	tell     func(entries []customer.Entry)               // of others; see customer.ApplyTelling
	orders   func(sequence uint64) (customer.Entry, bool) // of the timeline
	// past reads the timeline of an installation that goes on; nil: there is only the history.
	past func(ctx context.Context, sequences []uint64) ([]customer.Entry, int, error)
}

// record is a customer as they are kept here.
type record struct {
	customer.Record
	place customer.Place // in the indexes
	told  int            // the year whose birthday was told
	quiet bool           // the lapse was told, or there is none to tell
	moved bool

	orders *customer.Order // where the first one is kept; nil: there is none
	habits *product.Habits // nil: they are to be looked at again
	part   *product.Part   // what they add to the statistics; nil: likewise
	put    *product.Part   // what was added to those of a night
	night  time.Time       // the last at which they were counted by that

	home    customer.Key     // the mailbox of the account
	nothing *customer.Record // of that mailbox, of which nothing is known; nil: it was not asked for
	email   string           // the account that it is of
}

func newPeople(id *customer.Identity) *people {
	return &people{id: id, records: map[customer.Key]*record{}, links: map[customer.Key][]customer.Key{}, byOrder: map[*customer.Order]*record{}, index: newIndex()}
}

func (p *people) at(k customer.Key) *record {
	r := p.records[k]
	if r == nil {
		r = &record{Record: customer.Record{Key: k}}
		p.records[k], p.added = r, append(p.added, r)
	}
	return r
}

// changed notes that a record says something else than before.
func (p *people) changed(r *record) {
	r.Version = found
	if !r.moved {
		r.moved, p.moved = true, append(p.moved, r)
	}
}

// found is the version of records that say anything. Nobody else writes them.
const found = "1"

// Epoch implements the customers of intake and delivery: nothing is ever lost here.
func (p *people) Epoch() uint64 { return 1 }

// Suspect is for who misses a customer, which cannot be.
func (p *people) Suspect() {}

// MarkIn notes the entries that tell of orders: planning looks them up.
func (p *people) MarkIn(_ context.Context, _ uint64, entries []customer.Entry) error {
	for i := range entries {
		if e := &entries[i]; events.OrderTold(e.Event.Data) != nil && !e.Event.OfNobody() {
			p.at(e.Key).note(e.Sequence)
		}
	}
	return nil
}

// note adds a sequence, and leaves out the oldest where there are too many.
func (r *record) note(sequence uint64) {
	b := make([]byte, customer.SequenceBytes)
	for i := range b {
		b[len(b)-1-i] = byte(sequence >> (8 * i))
	}
	all := r.Entries + string(b)
	if over := len(all) - customer.KeptEntries*customer.SequenceBytes; over > 0 {
		all = all[over:]
	}
	r.Entries = all
}

// Load implements delivery's customers.
func (p *people) Load(_ context.Context, keys []customer.Key) ([]customer.Record, error) {
	out := make([]customer.Record, len(keys))
	for i, k := range keys {
		if out[i].Key = k; p.records[k] != nil {
			out[i] = p.records[k].Record
		}
	}
	return out, nil
}

// Save implements delivery's customers.
func (p *people) Save(_ context.Context, records []*customer.Record) ([]bool, error) {
	out := make([]bool, len(records))
	for i, r := range records {
		kept := p.at(r.Key)
		kept.Customer, out[i] = r.Customer, true
		p.ordered(kept)
		p.changed(kept)
	}
	return out, nil
}

// SaveAgainst implements delivery's customers: nobody changes others at the same time.
func (p *people) SaveAgainst(ctx context.Context, r *customer.Record, _ []*customer.Record, _ []customer.Links) (saved, same bool, err error) {
	_, err = p.Save(ctx, []*customer.Record{r})
	return err == nil, true, err
}

// Read returns persons; see projection.People.
func (p *people) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	if len(asks) == 1 {
		out := make([]customer.Person, 1)
		var ok bool
		if out[0], ok = p.alone(asks[0]); ok {
			return out, nil
		}
	}
	n := customer.NewNeighbourhood(p.id)
	return n.Reach(asks, near, p.around(ctx, n))
}

// alone returns the person of one id and one mailbox, as most are.
func (p *people) alone(a customer.Ask) (customer.Person, bool) {
	r := p.records[a.Key]
	if a.Email != "" || r == nil {
		return customer.Person{}, false
	}
	home, ok := p.homeOf(r)
	if !ok {
		return customer.Person{}, false
	}
	mailbox := p.records[home]
	if mailbox == nil {
		if r.nothing == nil || r.nothing.Key != home {
			r.nothing = &customer.Record{Key: home}
		}
		return customer.Alone(&r.Record, r.nothing, p.links[home])
	}
	return customer.Alone(&r.Record, &mailbox.Record, p.links[home])
}

// homeOf returns the mailbox of a record's account; false: it has none.
func (p *people) homeOf(r *record) (customer.Key, bool) {
	account := r.Customer.Account()
	if account != "" && r.email != account {
		r.email, r.home = account, p.id.Mailbox(r.Key.Store, account)
	}
	return r.home, account != ""
}

// around reads records and links into a neighbourhood.
func (p *people) around(ctx context.Context, n *customer.Neighbourhood) customer.ReadMore {
	return func(records, links []customer.Key) error {
		got, err := p.Load(ctx, records)
		n.Add(got)
		for _, k := range links {
			n.AddLinks(k, p.links[k])
		}
		return err
	}
}

// Same implements the people of planners: nobody moves in the meantime.
func (p *people) Same(_ context.Context, persons []customer.Person) ([]bool, error) {
	return slices.Repeat([]bool{true}, len(persons)), nil
}

// Named implements the people of the statistics.
func (p *people) Named(_ context.Context, records []customer.Record) ([]int, error) {
	out := make([]int, len(records))
	for i := range records {
		out[i] = p.named(p.at(records[i].Key))
	}
	return out, nil
}

func (p *people) named(r *record) int {
	home, _ := p.homeOf(r)
	return len(p.links[home])
}

// After implements the planner's timeline: nothing overtakes anything here.
func (p *people) After(context.Context, string, []customer.Key, uint64) ([]customer.Entry, error) {
	return nil, nil
}

// Get implements the planner's timeline, for the entries that tell of orders.
func (p *people) Get(ctx context.Context, sequences []uint64) (out []customer.Entry, gone int, err error) {
	if p.past != nil {
		return p.past(ctx, sequences)
	}
	for _, seq := range sequences {
		if e, ok := p.orders(seq); ok {
			out = append(out, e)
		} else {
			gone++
		}
	}
	return out, gone, nil
}
