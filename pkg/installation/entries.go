package installation

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/schedule"
)

// mostEntries is how many timeline entries about one person are read at most, unless
// all are asked for: the newest.
const mostEntries = 1000

// keys are where a person's ids are kept; of what is known of an address alone, where
// that is.
func (f Found) keys() []customer.Key {
	var out []customer.Key
	for _, r := range f.Person.Members {
		out = append(out, r.Key)
	}
	if len(out) == 0 {
		out = append(out, f.Key)
	}
	return out
}

// mailboxes are those of a person's addresses.
func (i *Installation) mailboxes(f Found) map[customer.Key]string {
	out := map[customer.Key]string{}
	for _, r := range f.Person.Members {
		for _, email := range append(r.Customer.Homes(), f.Person.Customer.Account()) {
			if email != "" {
				out[i.identity.Mailbox(f.Key.Store, email)] = email
			}
		}
	}
	if f.Email != "" {
		out[f.Key] = f.Email
	}
	return out
}

// sentHere are the records of others under which email went to an address of the
// person's: about an order that named it.
func (f Found) sentHere(mailboxes map[customer.Key]string) (out []*customer.Record) {
	tokens := map[string]bool{}
	for k := range mailboxes {
		tokens[k.Token] = true
	}
	for _, r := range f.Person.Rests {
		if slices.ContainsFunc(f.Person.Members, func(m *customer.Record) bool { return m.Key == r.Key }) {
			continue
		}
		if slices.ContainsFunc(r.Customer.Claims, func(c customer.Claim) bool { return tokens[c.To] }) {
			out = append(out, r)
		}
	}
	return out
}

// Entries returns the timeline entries about a person, under all their ids and about
// their addresses, and what became of others' emails to an address of theirs; and whether
// there may be older ones. They are the latest, by the places that the records have, or
// all, which reads all of the buckets.
func (i *Installation) Entries(ctx context.Context, f Found, all bool) (out []customer.Entry, older bool, err error) {
	mailboxes := i.mailboxes(f)
	others := f.sentHere(mailboxes)
	records := slices.Concat(f.Person.Members, f.Person.Mailboxes)
	if all {
		out, err = i.allEntries(ctx, slices.Concat(records, others), mailboxes)
	} else {
		var places []uint64
		for _, r := range slices.Concat(records, others) {
			places = append(places, r.Timeline()...)
			older = older || r.Truncated()
		}
		slices.Sort(places)
		if places = slices.Compact(places); len(places) > mostEntries {
			places, older = places[len(places)-mostEntries:], true
		}
		out, _, err = i.timeline.Get(ctx, places)
	}
	return ofPerson(out, others, mailboxes), older, err
}

func (i *Installation) allEntries(ctx context.Context, records []*customer.Record, mailboxes map[customer.Key]string) (out []customer.Entry, err error) {
	buckets := map[uint8]map[string]bool{} // a bucket is read once, however many of it there are
	add := func(k customer.Key) {
		if buckets[k.Bucket] == nil {
			buckets[k.Bucket] = map[string]bool{}
		}
		buckets[k.Bucket][k.Token] = true
	}
	var store string
	for _, r := range records {
		store = r.Key.Store
		add(r.Key)
	}
	for k := range mailboxes {
		store = k.Store
		add(k)
	}
	for bucket, tokens := range buckets {
		err := i.timeline.ReadBucket(ctx, store, bucket, tokens, func(batch []customer.Entry) error {
			out = append(out, batch...)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ofPerson leaves out of others' entries all but what became of emails to an address of
// the person's.
func ofPerson(all []customer.Entry, others []*customer.Record, mailboxes map[customer.Key]string) []customer.Entry {
	foreign := map[customer.Key]bool{}
	for _, r := range others {
		foreign[r.Key] = true
	}
	tokens := map[string]bool{}
	for k := range mailboxes {
		tokens[k.Token] = true
	}
	return slices.DeleteFunc(all, func(e customer.Entry) bool {
		f, ok := e.Event.Data.(events.Fact)
		return foreign[e.Key] && !(ok && tokens[f.Body().To])
	})
}

// Pending returns the pending touches for some customers, worker by worker.
func (i *Installation) Pending(ctx context.Context, keys ...customer.Key) ([]schedule.PendingTouch, error) {
	found := make([][]schedule.PendingTouch, len(programme.Kinds))
	var g errgroup.Group
	for n, kind := range programme.Kinds {
		g.Go(func() error {
			for _, k := range keys {
				some, err := i.schedule.OfCustomer(ctx, kind.Name, k)
				if err != nil {
					return err
				}
				found[n] = append(found[n], some...)
			}
			return nil
		})
	}
	err := g.Wait()
	return slices.Concat(found...), err
}
