package projection

import (
	"context"
	"fmt"
	"slices"
	"time"

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
	link  Link               // its zero value: the event merges two ids
	of    *customer.Customer // once the event is folded in
}

// late reports whether what is said was so before an erasure.
func (in introduction) late() bool {
	return in.of != nil && in.of.Erased.At != 0 && in.entry.Event.Time.UnixMilli() <= in.of.Erased.At
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
	if email := d.Who().Email; email != "" && c.Tells(e.Event.Type, email, e.Event.Time.UnixMilli()) {
		out = append(out, introduction{e, Link{s.identity.Mailbox(e.Key.Store, email), e.Key}, c})
	}
	if m, ok := d.(*events.CustomerMerged); ok && !c.Absorbs(m.From, customer.StampOf(e.Event)) {
		out = append(out, introduction{entry: e, of: c})
	}
	return out
}

// linkSource is the source of the facts that say who is who.
const linkSource = "/homing/intake"

// introduce carries introductions out. First the timeline has them, then Redis: what
// the timeline does not have, Redis would not have after a refold. The event that
// caused them is folded after that, and until it is, it introduces again.
// It returns those that led to a mailbox, or an id, where others are known.
func (s *Customers) introduce(ctx context.Context, all []introduction) (meetings []introduction, err error) {
	if len(all) == 0 {
		return nil, nil
	}
	known, err := s.acquaintances(ctx, all)
	if err != nil {
		return nil, err
	}
	fresh, meetings := known.sort(all)
	if len(fresh) > 0 {
		err = s.announce(ctx, fresh)
	}
	return meetings, err
}

// announce appends entries that say who is who, and has them in force. Their marks
// travel with those of the events that caused them.
func (s *Customers) announce(ctx context.Context, fresh []customer.Entry) error {
	epoch := s.Epoch()
	if err := s.introductions.Append(ctx, fresh); err != nil {
		return fmt.Errorf("introducing ids to mailboxes: %w", err)
	}
	if err := s.fold(ctx, fresh); err != nil || s.refolds {
		return err // a mark would cover what the refold has yet to come to
	}
	s.unmarked.add(epoch, fresh)
	return nil
}

// acquaintances are what Redis knows about those whom introductions are about.
type acquaintances struct {
	s       *Customers
	links   map[customer.Key][]customer.Key
	records map[customer.Key]customer.Record // of ids that were merged into others
}

func (s *Customers) acquaintances(ctx context.Context, all []introduction) (*acquaintances, error) {
	var mailboxes, from []customer.Key
	k := &acquaintances{s, map[customer.Key][]customer.Key{}, map[customer.Key]customer.Record{}}
	for _, in := range all {
		if in.link != (Link{}) {
			mailboxes = append(mailboxes, in.link.Mailbox)
		} else {
			from = append(from, s.from(in.entry))
		}
	}
	records, links, err := s.loadWith(ctx, from, mailboxes)
	for i, r := range records {
		k.records[from[i]] = r
	}
	for i, ids := range links {
		k.links[mailboxes[i]] = ids
	}
	return k, err
}

// sort returns the entries that introductions lead to, without what is known, and
// those that have two meet.
func (k *acquaintances) sort(all []introduction) (fresh []customer.Entry, meetings []introduction) {
	seen := map[Link]bool{}
	for _, in := range all {
		if in.link == (Link{}) {
			meetings = append(meetings, in)
			e, from := k.s.merged(in.entry), k.records[k.s.from(in.entry)]
			if c := from.Customer; customer.Apply(&c, e.Event) {
				fresh = append(fresh, e)
			}
			continue
		}
		ids := k.links[in.link.Mailbox]
		if len(ids) > 1 || len(ids) == 1 && ids[0] != in.link.ID || in.late() {
			meetings = append(meetings, in)
		}
		if !seen[in.link] && len(ids) < keptLinks && !slices.Contains(ids, in.link.ID) {
			seen[in.link] = true
			fresh = append(fresh, linked(in.link, in.entry.Event.Time))
		}
	}
	return fresh, meetings
}

// linked is the fact that an id named a mailbox.
func linked(l Link, at time.Time) customer.Entry {
	return fact(l.Mailbox, "linked."+l.Mailbox.Token+"."+l.ID.Token, at, &events.PersonLinked{Customer: l.ID.Token})
}

// merged is the fact, with the id that is no longer used, that another goes on for it.
func (s *Customers) merged(e customer.Entry) customer.Entry {
	m, from := e.Event.Data.(*events.CustomerMerged), s.from(e)
	out := fact(from, fmt.Sprint("merged.", from.Token, ".", e.Key.Token, ".", e.Event.Time.UnixMilli()), e.Event.Time, &events.PersonMerged{Into: m.Who().ID})
	out.Event.Place = e.Event.Place
	return out
}

// from returns the id that is no longer used.
func (s *Customers) from(e customer.Entry) customer.Key {
	return s.identity.Key(e.Event.Store, e.Event.Data.(*events.CustomerMerged).From)
}

func fact(k customer.Key, id string, at time.Time, d events.Data) customer.Entry {
	return customer.Entry{Key: k, Event: events.Event{ID: id, Source: linkSource, Type: d.Type(), Store: k.Store, Time: at, Data: d}}
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
