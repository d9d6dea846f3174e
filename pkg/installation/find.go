package installation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"homing/pkg/customer"
	"homing/pkg/why"
)

// Found is a person who answers to what was asked for.
type Found struct {
	Key    customer.Key    // of the record under which they are told: the one that was asked for, or their main id's
	Email  string          // of the mailbox, where nobody has it and it is told itself
	Person customer.Person // as all that is known under any of their ids
	Is     []string        // what was asked for is to them; see why.Match
}

// Match says which one it is.
func (f Found) Match() why.Match {
	return why.Match{Store: f.Key.Store, Customer: f.Person.Customer.ID.Value, Token: f.Key.Token, Is: f.Is}
}

// Sure reports whether they are who was asked for. Others only had to do with an
// address: an order of theirs was sent there, or it was theirs once.
func (f Found) Sure() bool {
	return slices.ContainsFunc(f.Is, func(s string) bool {
		return s == why.IsID || s == why.IsToken || s == why.IsAddress || s == why.IsOrder
	})
}

// candidate is a record that answers to what was asked for, or a mailbox.
type candidate struct {
	key   customer.Key
	email string // of a mailbox
	is    string
}

// Find returns the persons who answer to what was asked for, be it an id, an address,
// the number of an order, or a token, as facts and logs have them: in one store, or
// in all if none is named. Those who are sure come first. That nothing is known
// of somebody is not said for as long as Redis knows less than the timeline.
func (i *Installation) Find(ctx context.Context, store, who string) ([]Found, error) {
	found, _, err := i.search(ctx, store, who, true)
	return found, err
}

// search is Find, which looks through all orders, or, where something is somebody's id
// as well, through the latest alone; then it says in which stores there are older ones.
func (i *Installation) search(ctx context.Context, store, who string, all bool) (out []Found, older []string, err error) {
	stores := slices.Sorted(maps.Keys(i.stores))
	if store != "" {
		stores = []string{store}
	}
	for _, s := range stores {
		found, more, err := i.find(ctx, s, who, all)
		if err != nil {
			return nil, nil, err
		}
		if out = append(out, found...); more {
			older = append(older, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Found) int { return cmp.Compare(unsure(a), unsure(b)) })
	if len(out) > 0 {
		return out, older, nil
	}
	return nil, nil, i.unknown(ctx, stores, who)
}

func unsure(f Found) int {
	if f.Sure() {
		return 0
	}
	return 1
}

func (i *Installation) find(ctx context.Context, store, who string, all bool) (found []Found, older bool, err error) {
	keys := i.places(store, who)
	for {
		cs, older, err := i.candidates(ctx, store, who, all)
		if err != nil || len(cs) > 0 {
			found, also := i.persons(ctx, cs)
			return found, older, cmp.Or(err, also)
		}
		if keys == nil {
			return nil, false, nil
		}
		if err := i.caughtUp(ctx, keys...); err != nil {
			return nil, false, err
		}
		keys = nil // and once more, now that Redis knows all
	}
}

// places are where records may be that answer to something.
func (i *Installation) places(store, who string) []customer.Key {
	keys := []customer.Key{i.identity.Key(store, who)}
	if strings.Contains(who, "@") {
		keys = append(keys, i.identity.Key(store, i.identity.Guest(store, who)), i.identity.Mailbox(store, who))
	}
	if k, ok := customer.KeyOfToken(store, who); ok {
		keys = append(keys, k)
	}
	return keys
}

// candidates are the records that answer to something. For orders of that number all
// are looked through, or, where it is somebody's id, perhaps the latest; then older says
// that there are others. A token is a keyed hash, and no order's number.
func (i *Installation) candidates(ctx context.Context, store, who string, all bool) (out []candidate, older bool, err error) {
	keys := i.places(store, who)
	rs, err := i.customers.Load(ctx, keys)
	if err != nil {
		return nil, false, err
	}
	token := false
	for n, r := range rs {
		switch {
		case !r.Found() || !isCustomer(r):
		case n == 0:
			out = append(out, candidate{key: r.Key, is: why.IsID})
		case strings.Contains(who, "@") && r.Customer.Gone():
			out = append(out, candidate{key: r.Key, is: why.IsErased})
		case strings.Contains(who, "@"):
			out = append(out, candidate{key: r.Key, is: why.IsAddress})
		default:
			out, token = append(out, candidate{key: r.Key, is: why.IsToken}), true
		}
	}
	if email := who; strings.Contains(email, "@") {
		more, err := i.atMailbox(ctx, store, email)
		return append(out, more...), false, err
	}
	if k, ok := customer.KeyOfToken(store, who); ok && !token {
		more, err := i.ofMailbox(ctx, k)
		if err != nil {
			return nil, false, err
		}
		out, token = append(out, more...), len(more) > 0
	}
	if token {
		return out, false, nil
	}
	orders, older, err := i.byOrder(ctx, store, who, all || len(out) == 0)
	for _, k := range orders {
		out = append(out, candidate{key: k, is: why.IsOrder})
	}
	return out, older, err
}

// isCustomer tells a customer, erased or not, from what is kept of an address.
func isCustomer(r customer.Record) bool {
	return r.Customer.ID.Value != "" || r.Customer.Erased.At != 0
}

// atMailbox returns those who named an address; if nobody has it who is known, what is
// kept of the address itself comes first.
func (i *Installation) atMailbox(ctx context.Context, store, email string) ([]candidate, error) {
	mailbox := i.identity.Mailbox(store, email)
	p, err := i.people.Read(ctx, []customer.Ask{{Key: mailbox, Email: email}})
	if err != nil {
		return nil, err
	}
	var out []candidate
	for _, r := range p[0].Members {
		out = append(out, candidate{key: r.Key, is: why.IsAddress})
	}
	box := len(p[0].Members) == 0 && (p[0].Crowded || slices.ContainsFunc(p[0].Mailboxes, (*customer.Record).Found))
	if box {
		out = append(out, candidate{mailbox, email, why.IsBox})
	}
	links, _ := customer.LinksOf(p[0].Links, mailbox)
	for _, r := range p[0].Rests {
		if !slices.Contains(links, r.Key) || slices.ContainsFunc(out, func(c candidate) bool { return c.key == r.Key }) {
			continue
		}
		is := why.IsNamed
		switch {
		case r.Customer.Gone():
			is = why.IsErased
		case r.Customer.Once(email):
			is = why.IsEarlier
		}
		if r.Found() {
			out = append(out, candidate{key: r.Key, is: is})
		}
	}
	return out, nil
}

// ofMailbox returns those who named the address that a token may be of.
func (i *Installation) ofMailbox(ctx context.Context, mailbox customer.Key) ([]candidate, error) {
	links, err := i.customers.Links(ctx, []customer.Key{mailbox})
	if err != nil || len(links[0]) == 0 {
		return nil, err
	}
	rs, err := i.customers.Load(ctx, links[0])
	if err != nil {
		return nil, err
	}
	for _, r := range rs {
		for _, a := range r.Customer.Addresses {
			if i.identity.Mailbox(mailbox.Store, a.Email) == mailbox {
				return i.atMailbox(ctx, mailbox.Store, a.Email)
			}
		}
	}
	return nil, nil
}

// persons reads the persons that candidates are of, each once.
func (i *Installation) persons(ctx context.Context, all []candidate) ([]Found, error) {
	asks := make([]customer.Ask, len(all))
	for n, c := range all {
		asks[n] = customer.Ask{Key: c.key, Email: c.email}
	}
	read, err := i.people.Read(ctx, asks)
	if err != nil {
		return nil, err
	}
	var out []Found
	seen := map[customer.Key]int{}
	for n, c := range all {
		p := read[n]
		id := c.key
		if len(p.Members) > 0 {
			id = p.Members[0].Key // the smallest token: the same for whichever id is asked
		}
		at, there := seen[id]
		if !there {
			seen[id] = len(out)
			out = append(out, Found{Key: c.key, Email: c.email, Person: p, Is: []string{c.is}})
			continue
		}
		f := &out[at]
		if !slices.Contains(f.Is, c.is) {
			f.Is = append(f.Is, c.is)
		}
		if f.Is[0] != why.IsID && f.Is[0] != why.IsToken && mainer(c.key, f.Key, p.Members) {
			f.Key, f.Person = c.key, p
		}
	}
	return withoutErased(out), nil
}

// withoutErased leaves out those of whom only the address shows that they were erased,
// where somebody has it now; and all but one of them where nobody has: that of a person
// all ids and the guest were erased.
func withoutErased(all []Found) []Found {
	erased := func(f Found) bool { return len(f.Is) == 1 && f.Is[0] == why.IsErased }
	one := slices.ContainsFunc(all, func(f Found) bool { return !erased(f) })
	return slices.DeleteFunc(all, func(f Found) bool {
		if !erased(f) {
			return false
		}
		drop := one
		one = true
		return drop
	})
}

// mainer reports whether a person is rather told under one id than under another: an
// id of the shop that is still used comes before a guest and one that was merged.
func mainer(a, b customer.Key, of []*customer.Record) bool {
	rank := func(k customer.Key) int {
		for _, r := range of {
			switch {
			case r.Key != k:
			case r.Customer.Gone():
				return 3
			case r.Customer.Merged.Value != "":
				return 2
			case customer.IsGuest(r.Customer.ID.Value):
				return 1
			default:
				return 0
			}
		}
		return 4
	}
	return rank(a) < rank(b)
}

// unknown says that nothing is known about somebody, and whether events that named
// them were rejected.
func (i *Installation) unknown(ctx context.Context, stores []string, who string) error {
	where := "store " + stores[0]
	if len(stores) > 1 {
		where = "stores " + strings.Join(stores, ", ")
	}
	what := "no customer, order or token " + who
	if strings.Contains(who, "@") {
		what = "nobody with that address"
	}
	err := fmt.Errorf("%s: %s: %w", where, what, ErrUnknown)
	var rejected []why.Rejected
	for _, s := range stores {
		some, _, also := i.rejected(ctx, s, nil, who)
		if also != nil {
			return also
		}
		rejected = append(rejected, some...)
	}
	if len(rejected) > 0 {
		return fmt.Errorf("%w; events that named them were rejected, the newest: %s", err, rejected[0].Text())
	}
	return err
}
