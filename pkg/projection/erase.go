package projection

import (
	"context"
	"fmt"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
)

// An erasure comes under one id, or for one address, and concerns the person: each
// record of those who were the same person at its time gets a copy of it, and so does
// the guest of each of their mailboxes, known or not, which is where an event that
// comes late finds it. The records of mailboxes are nobody's: that email to an address
// came back, or was complained about, is to be known after an erasure, too.
//
// The copies are on the timeline, then in force, and only then is the erasure, which
// takes away what led to the others. A process that stops in between finds them again
// when the event comes again.

// Forget deletes what is pending for some customers and goes to an address that is being
// erased, as far as it was caused by a time: it is about orders that named the address.
type Forget func(ctx context.Context, of []customer.Key, email string, until time.Time) error

// ForgetWith has an erasure delete what is pending for other customers and goes to an
// address of who is erased. Their own is deleted by who reads the erasure on the timeline.
func (s *Customers) ForgetWith(f Forget) { s.forget = f }

// erases reports whether an entry is an erasure as the shop told it.
func erases(e customer.Entry) bool { return e.Event.Type == events.TypeCustomerErased && !e.Event.Copy }

// erase folds an erasure, after it has reached the others.
func (s *Customers) erase(ctx context.Context, e customer.Entry) error {
	asks := []customer.Ask{{Key: e.Key}}
	if email := e.Event.Data.(events.CustomerData).Who().Email; email != "" {
		asks = append(asks, s.identity.AskMailbox(e.Key.Store, email))
	}
	return s.reach(ctx, e.Event.Time, asks, e)
}

// reach has an erasure of some time reach all who were the person then, and folds the
// erasure itself at the end, if there is one. A record is erased only as it was when
// it told who the others are.
func (s *Customers) reach(ctx context.Context, at time.Time, asks []customer.Ask, itself ...customer.Entry) error {
	told := map[Link]bool{}
	for range foldTries {
		who, n, err := s.then(ctx, at.UnixMilli(), asks)
		if err != nil {
			return err
		}
		asks = who.AskAll(s.identity, asks)
		var copies []customer.Entry
		for _, k := range slices.Backward(who.Members) {
			if !slices.ContainsFunc(itself, func(e customer.Entry) bool { return e.Key == k }) && n.Record(k).Customer.Erased.At < at.UnixMilli() {
				copies = append(copies, Erased(k, at))
			}
		}
		if err := s.befriend(ctx, at, who, told); err != nil {
			return err
		}
		if len(copies) > 0 {
			// And once more: those who come at this moment are seen then, or see the copies.
			if err := s.spread(ctx, n, copies); err != nil {
				return err
			}
			continue
		}
		if err := s.forgetElsewhere(ctx, at, who, n); err != nil {
			return err
		}
		done, err := s.applied(ctx, n, itself)
		if err == nil && done && s.guests(who, itself) {
			// A planner that puts a plan looks, after that, whether the guest is erased: so what
			// was put before is deleted after.
			err = s.forgetElsewhere(ctx, at, who, n)
		}
		if done || err != nil {
			return err
		}
	}
	return ErrContended
}

// guests reports whether one of some entries is about the guest of a mailbox of the
// person's.
func (s *Customers) guests(who customer.Then, of []customer.Entry) bool {
	for k, email := range who.Mailboxes {
		guest := s.identity.Key(k.Store, s.identity.Guest(k.Store, email))
		if slices.ContainsFunc(of, func(e customer.Entry) bool { return e.Key == guest }) {
			return true
		}
	}
	return false
}

// then reads who was one person at a time, ms.
func (s *Customers) then(ctx context.Context, at int64, asks []customer.Ask) (customer.Then, *customer.Neighbourhood, error) {
	n := customer.NewNeighbourhood(s.identity)
	who, err := n.ReachThen(at, asks, func(records, links []customer.Key) error { return s.around(ctx, n, records, links) })
	return who, n, err
}

// befriend links the guests of mailboxes, so that they are found there. With one Redis the
// timeline may know such a link by the events of the guest alone, and they are deleted
// with the erasure: then it is told, too. told are those that it was.
func (s *Customers) befriend(ctx context.Context, at time.Time, who customer.Then, told map[Link]bool) error {
	var all []introduction
	var facts []customer.Entry
	for k, email := range who.Mailboxes {
		l := Link{k, s.identity.Key(k.Store, s.identity.Guest(k.Store, email))}
		all = append(all, introduction{entry: &customer.Entry{Event: events.Event{Time: at}}, link: l})
		if !told[l] {
			told[l] = true
			facts = append(facts, linked(l, at))
		}
	}
	if !s.nodes {
		return s.announce(ctx, facts)
	}
	_, err := s.introduce(ctx, all)
	return err
}

// forgetElsewhere deletes what is pending for those who are not erased, and only named an
// address of who is.
func (s *Customers) forgetElsewhere(ctx context.Context, at time.Time, who customer.Then, n *customer.Neighbourhood) error {
	if s.forget == nil {
		return nil
	}
	for k, email := range who.Mailboxes {
		others := slices.DeleteFunc(slices.Clone(n.Links(k)), func(id customer.Key) bool { return slices.Contains(who.Members, id) })
		if len(others) == 0 {
			continue
		}
		if err := s.forget(ctx, others, email, at); err != nil {
			return fmt.Errorf("forgetting what is pending for an erased address: %w", err)
		}
	}
	return nil
}

// spread has copies of an erasure in force, up to one whose record was changed since it
// was read.
func (s *Customers) spread(ctx context.Context, n *customer.Neighbourhood, copies []customer.Entry) error {
	epoch := s.Epoch()
	if err := s.introductions.Append(ctx, copies); err != nil {
		return fmt.Errorf("having an erasure reach the person: %w", err)
	}
	if done, err := s.applied(ctx, n, copies); err != nil || !done {
		return err
	}
	return s.MarkIn(ctx, epoch, copies)
}

// applied folds entries into records as they were read, one after the other, and
// reports whether all of them were still so.
func (s *Customers) applied(ctx context.Context, n *customer.Neighbourhood, entries []customer.Entry) (bool, error) {
	for _, e := range entries {
		r := n.Record(e.Key)
		if !customer.Apply(&r.Customer, e.Event) {
			continue
		}
		if ok, err := s.Save(ctx, []*customer.Record{&r}); err != nil || !ok[0] {
			return false, err
		}
	}
	return true, nil
}

// Erased is the copy of an erasure for a record, which is the same whichever process
// makes it.
func Erased(k customer.Key, at time.Time) customer.Entry {
	e := fact(k, fmt.Sprint("erased.", k.Token, ".", at.UnixMilli()), at, &events.CustomerErased{})
	e.Event.Copy = true
	return e
}

// reached has erasures reach those who turn out to have been the person at their time:
// two met by events from before.
func (s *Customers) reached(ctx context.Context, meetings []introduction) error {
	if len(meetings) == 0 || s.refolds {
		return nil
	}
	known, err := s.acquaintances(ctx, meetings)
	if err != nil {
		return err
	}
	var guests []customer.Key
	for _, in := range meetings {
		if in.link != (Link{}) {
			guests = append(guests, s.guest(in))
		}
	}
	records, err := s.Load(ctx, guests)
	if err != nil {
		return err
	}
	for _, r := range records {
		known.records[r.Key] = r
	}
	for _, in := range meetings {
		if err := s.reachedBy(ctx, in, known); err != nil {
			return err
		}
	}
	return nil
}

func (s *Customers) reachedBy(ctx context.Context, in introduction, known *acquaintances) error {
	said, own := in.entry.Event.Time.UnixMilli(), in.of.Erased.At
	me := customer.Ask{Key: in.entry.Key}
	if in.link == (Link{}) {
		from := known.records[mergedFrom(s.identity, in.entry)]
		switch theirs := from.Customer.Erased.At; {
		case theirs >= said && theirs > own:
			return s.reach(ctx, time.UnixMilli(theirs), []customer.Ask{me})
		case own >= said && own > theirs:
			return s.reach(ctx, time.UnixMilli(own), []customer.Ask{{Key: from.Key}})
		}
		return nil
	}
	email := in.entry.Event.Data.(events.CustomerData).Who().Email
	there := s.identity.AskMailbox(in.entry.Key.Store, email)
	theirs := known.records[s.guest(in)].Customer.Erased.At
	switch {
	case theirs >= said && theirs > own && in.of.HomeAt(email, theirs):
		return s.reach(ctx, time.UnixMilli(theirs), []customer.Ask{there, me})
	case own >= said && own > theirs && customer.AboutCustomer(in.entry.Event.Type):
		// What an erased customer's order was sent to was their home only perhaps.
		return s.reach(ctx, time.UnixMilli(own), []customer.Ask{there})
	}
	return nil
}

// guest returns the guest of the mailbox that an introduction is to.
func (s *Customers) guest(in introduction) customer.Key {
	store := in.entry.Key.Store
	return s.identity.Key(store, s.identity.Guest(store, in.entry.Event.Data.(events.CustomerData).Who().Email))
}
