package projection

import (
	"context"
	"fmt"
	"slices"

	"homing/events"
	"homing/pkg/customer"
)

// Appender puts entries on the timeline and sets their sequences.
type Appender interface {
	Append(ctx context.Context, entries []customer.Entry) error
}

// introduction is what an event says about who is who: it names a mailbox that its id
// did not name before, or joins two ids.
type introduction struct {
	entry customer.Entry
	link  Link // its zero value: the event merges two ids
}

// IntroduceTo has ids introduced to mailboxes, and to the ids that they go on for, when
// an event says so that is folded: on a timeline and in Redis, before the event is. It
// is for processes that take events in.
func (s *Customers) IntroduceTo(timeline Appender, id *customer.Identity) {
	s.introductions, s.identity = timeline, id
}

// newcomers returns what an entry says about who is who that the customer, as they are
// kept, does not know.
func (s *Customers) newcomers(c *customer.Customer, e customer.Entry) []introduction {
	if s.introductions == nil {
		return nil
	}
	d, ok := e.Event.Data.(events.CustomerData)
	if !ok {
		return nil
	}
	var out []introduction
	if email := d.Who().Email; email != "" && !c.Named(email) {
		out = append(out, introduction{e, Link{s.identity.Mailbox(e.Key.Store, email), e.Key}})
	}
	if m, ok := d.(*events.CustomerMerged); ok && !c.Absorbs(m.From, customer.StampOf(e.Event)) {
		out = append(out, introduction{entry: e})
	}
	return out
}

// linkSource is the source of the facts that say who is who.
const linkSource = "/homing/intake"

// introduce carries introductions out. First the timeline has them, then Redis: what
// the timeline does not have, Redis would not have after a refold. The event that
// caused them is folded after that, and until it is, it introduces again.
func (s *Customers) introduce(ctx context.Context, all []introduction) error {
	fresh, links, err := s.unknown(ctx, all)
	if err != nil || len(fresh) == 0 {
		return err
	}
	epoch := s.Epoch()
	if err := s.introductions.Append(ctx, fresh); err != nil {
		return fmt.Errorf("introducing ids to mailboxes: %w", err)
	}
	if err := s.Link(ctx, links); err != nil {
		return err
	}
	merges := slices.DeleteFunc(slices.Clone(fresh), func(e customer.Entry) bool { return e.Event.Type != events.TypePersonMerged })
	if err := s.Fold(ctx, merges); err != nil || s.refolds {
		return err // a mark would cover what the refold has yet to come to
	}
	return s.MarkIn(ctx, epoch, fresh)
}

// unknown returns the entries that introductions lead to, without what Redis knows,
// and the links among them.
func (s *Customers) unknown(ctx context.Context, all []introduction) (fresh []customer.Entry, links []Link, err error) {
	var mailboxes []customer.Key
	for _, in := range all {
		if in.link != (Link{}) {
			mailboxes = append(mailboxes, in.link.Mailbox)
		}
	}
	known, err := s.Links(ctx, mailboxes)
	if err != nil {
		return nil, nil, err
	}
	seen := map[Link]bool{}
	for i, of := range known {
		for _, id := range of {
			seen[Link{mailboxes[i], id}] = true
		}
		if len(of) >= keptLinks {
			seen[Link{Mailbox: mailboxes[i]}] = true // full
		}
	}
	for _, in := range all {
		switch {
		case in.link == (Link{}):
			fresh = append(fresh, s.merged(in.entry))
		case !seen[in.link] && !seen[Link{Mailbox: in.link.Mailbox}]:
			seen[in.link] = true
			links = append(links, in.link)
			fresh = append(fresh, linked(in))
		}
	}
	return fresh, links, nil
}

// linked is the fact that an id named a mailbox.
func linked(in introduction) customer.Entry {
	e := events.Event{
		ID: "linked." + in.link.Mailbox.Token + "." + in.link.ID.Token, Source: linkSource, Store: in.entry.Event.Store,
		Time: in.entry.Event.Time, Data: &events.PersonLinked{Customer: in.link.ID.Token},
	}
	e.Type = e.Data.Type()
	return customer.Entry{Key: in.link.Mailbox, Event: e}
}

// merged is the fact, with the id that is no longer used, that another goes on for it.
func (s *Customers) merged(e customer.Entry) customer.Entry {
	m := e.Event.Data.(*events.CustomerMerged)
	from := s.identity.Key(e.Event.Store, m.From)
	out := events.Event{
		ID: "merged." + from.Token + "." + e.Key.Token + "." + fmt.Sprint(e.Event.Time.UnixMilli()), Source: linkSource, Store: e.Event.Store,
		Time: e.Event.Time, Place: e.Event.Place, Data: &events.PersonMerged{Into: m.Who().ID},
	}
	out.Type = out.Data.Type()
	return customer.Entry{Key: from, Event: out}
}

// linksOf returns the links that timeline entries tell of.
func linksOf(entries []customer.Entry) []Link {
	var out []Link
	for _, e := range entries {
		if d, ok := e.Event.Data.(*events.PersonLinked); ok {
			if id, ok := customer.KeyOfToken(e.Key.Store, d.Customer); ok {
				out = append(out, Link{e.Key, id})
			}
		}
	}
	return out
}
