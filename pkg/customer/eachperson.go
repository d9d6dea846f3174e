package customer

import "context"

// People are customers' records, joined to persons.
type People interface {
	Read(ctx context.Context, asks []Ask, near ...Key) ([]Person, error)
	// Named returns, for each record, how many ids ever named the mailbox of its
	// account, that one included; 0: it has none.
	Named(ctx context.Context, records []Record) ([]int, error)
}

// EachPerson calls fn with the persons of some records that have an id: each once, wherever
// their other records are, under the smallest token of their ids that are known. Most are
// alone at their mailbox, which one round trip for the batch tells; the others are read as
// persons.
func EachPerson(ctx context.Context, people People, batch []Record, fn func(k Key, who *Customer) error) error {
	named, err := people.Named(ctx, batch)
	if err != nil {
		return err
	}
	var asks []Ask
	for i := range batch {
		r := &batch[i]
		switch {
		case r.Several(named[i]):
			asks = append(asks, Ask{Key: r.Key})
		case r.Customer.ID.Value != "":
			if err := fn(r.Key, &r.Customer); err != nil {
				return err
			}
		}
	}
	if len(asks) == 0 {
		return nil
	}
	persons, err := people.Read(ctx, asks)
	if err != nil {
		return err
	}
	for i := range persons {
		if persons[i].counts() != asks[i].Key {
			continue
		}
		if err := fn(asks[i].Key, &persons[i].Customer); err != nil {
			return err
		}
	}
	return nil
}

// Several reports whether the record may be one of several of a person, given how many ids
// ever named the mailbox of its account.
func (r *Record) Several(named int) bool {
	return r.Customer.Merged.Value != "" || len(r.Customer.Absorbed) > 0 ||
		named > 1 && named <= MaxPerson // a mailbox of more is nobody's
}

// counts is the member under whom a person is counted.
func (p *Person) counts() Key {
	for _, r := range p.Members {
		if r.Found() && r.Customer.ID.Value != "" {
			return r.Key
		}
	}
	return Key{}
}
