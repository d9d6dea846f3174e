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
	entry *customer.Entry
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

// newcomers adds what an entry says about who is who that the customer, as they are
// kept, does not know.
func (s *Customers) newcomers(all []introduction, c *customer.Customer, e *customer.Entry) []introduction {
	if s.introductions == nil {
		return all
	}
	d, ok := e.Event.Data.(events.CustomerData)
	if !ok {
		return all
	}
	if email := d.Who().Email; email != "" && !s.relinks() && c.Tells(e.Event.Type, email, e.Event.Time.UnixMilli()) {
		all = append(all, introduction{e, Link{s.identity.Mailbox(e.Key.Store, email), e.Key}, c})
	}
	if m, ok := d.(*events.CustomerMerged); ok && !c.Absorbs(m.From, customer.StampOf(e.Event)) {
		all = append(all, introduction{entry: e, of: c})
	}
	return all
}

// linkSource is the source of the facts that say who is who.
const linkSource = "/homing/intake"

// introduce carries introductions out. The event that caused them is folded after that,
// and until it is, it introduces again.
//
// On a cluster the timeline has them before Redis does: the node of the mailbox may lose
// what it was told while that of the customer does not. On one Redis the events that
// named the mailbox are enough: who loses a link loses the fold that came after it, and
// the refold of the one makes the other again; see named.
// It returns those that led to a mailbox, or an id, where others are known.
func (s *Customers) introduce(ctx context.Context, all []introduction) (meetings []introduction, err error) {
	if !s.nodes {
		if all, err = s.first(ctx, all); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	known, err := s.acquaintances(ctx, all)
	if err != nil {
		return nil, err
	}
	links, facts, meetings := known.sort(all)
	if s.nodes {
		told := make([]customer.Entry, 0, len(links)+len(facts))
		for _, l := range links {
			told = append(told, linked(l.Link, l.at))
		}
		facts = append(told, facts...)
	} else if err := s.Link(ctx, linksNamed(links)); err != nil {
		return meetings, err
	}
	return meetings, s.announce(ctx, facts)
}

// announce appends entries that say who is who, and has them in force: what the timeline
// does not have, Redis would not have after a refold. Their marks travel with those of
// the events that caused them.
func (s *Customers) announce(ctx context.Context, facts []customer.Entry) error {
	if len(facts) == 0 {
		return nil
	}
	epoch := s.Epoch()
	if err := s.introductions.Append(ctx, facts); err != nil {
		return fmt.Errorf("introducing ids: %w", err)
	}
	if err := s.fold(ctx, facts); err != nil || s.refolds {
		return err // a mark would cover what the refold has yet to come to
	}
	s.unmarked.add(epoch, facts)
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
			from = append(from, mergedFrom(s.identity, in.entry))
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

// timedLink is a link, and when it was named.
type timedLink struct {
	Link
	at time.Time
}

func linksNamed(all []timedLink) []Link {
	out := make([]Link, len(all))
	for i, l := range all {
		out[i] = l.Link
	}
	return out
}

// sort returns the links and the facts that introductions lead to, without what is
// known, and those that have two meet.
func (k *acquaintances) sort(all []introduction) (links []timedLink, facts []customer.Entry, meetings []introduction) {
	seen := map[Link]bool{}
	for _, in := range all {
		if in.link == (Link{}) {
			meetings = append(meetings, in)
			e, from := Merged(k.s.identity, in.entry), k.records[mergedFrom(k.s.identity, in.entry)]
			if c := from.Customer; customer.Apply(&c, e.Event) {
				facts = append(facts, e)
			}
			continue
		}
		ids := k.links[in.link.Mailbox]
		if len(ids) > 1 || len(ids) == 1 && ids[0] != in.link.ID || in.late() {
			meetings = append(meetings, in)
		}
		if !seen[in.link] && len(ids) < KeptLinks && !slices.Contains(ids, in.link.ID) {
			seen[in.link] = true
			links = append(links, timedLink{in.link, in.entry.Event.Time})
		}
	}
	return links, facts, meetings
}

// linked is the fact that an id named a mailbox.
func linked(l Link, at time.Time) customer.Entry {
	return fact(l.Mailbox, "linked."+l.Mailbox.Token+"."+l.ID.Token, at, &events.PersonLinked{Customer: l.ID.Token})
}

// Merged is the fact, with the id that is no longer used, that another goes on for it; e
// says so.
func Merged(id *customer.Identity, e *customer.Entry) customer.Entry {
	m, from := e.Event.Data.(*events.CustomerMerged), mergedFrom(id, e)
	out := fact(from, fmt.Sprint("merged.", from.Token, ".", e.Key.Token, ".", e.Event.Time.UnixMilli()), e.Event.Time, &events.PersonMerged{Into: m.Who().ID})
	out.Event.Place = e.Event.Place
	return out
}

// mergedFrom returns the id that is no longer used.
func mergedFrom(id *customer.Identity, e *customer.Entry) customer.Key {
	return id.Key(e.Event.Store, e.Event.Data.(*events.CustomerMerged).From)
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

// relinks reports whether links are made of all that a refold reads, see named, and not
// only of what changes a customer.
func (s *Customers) relinks() bool { return s.refolds && !s.nodes }

// named returns the links that entries tell of by naming an id and an address. With one
// Redis, nothing else may tell of them. Where a bucket of mailboxes is lost, those who
// named them may be in buckets that are not: so it reads the entries of all.
func (s *Customers) named(entries []customer.Entry) []Link {
	type pair struct {
		of    customer.Key
		email string
	}
	seen := map[pair]bool{}
	var out []Link
	for _, e := range entries {
		d, ok := e.Event.Data.(events.CustomerData)
		if !ok || !customer.Folds(e.Event.Type) || e.Event.OfNobody() || d.Who().Email == "" {
			continue
		}
		if p := (pair{e.Key, d.Who().Email}); !seen[p] {
			seen[p] = true
			out = append(out, Link{s.identity.Mailbox(e.Key.Store, p.email), e.Key})
		}
	}
	return out
}
