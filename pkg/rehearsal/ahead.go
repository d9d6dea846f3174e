package rehearsal

import (
	"context"
	"maps"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/projection"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Ahead is where an installation is, as far as no record of a customer says it. A
// rehearsal that has one goes on from there in the place of living through a history.
type Ahead struct {
	Now      time.Time
	Until    time.Time                    // how long is lived ahead
	Products map[string]*product.Snapshot // by store; of one without there are none yet
	// Shop is what shops said of their products, and sold to nobody, in its order.
	Shop     []events.Event
	Calendar calendar.Progress
	Unread   Unread
	// Paused reports whether a worker is paused in a store: what falls due waits then.
	Paused func(worker, store string) bool
	// Recall reads entries of the timeline, for what an email shows, and tells how many are
	// not there any more. Several call it at once.
	Recall func(ctx context.Context, sequences []uint64) (out []customer.Entry, gone int, err error)
}

// taken is what a rehearsal takes over from an installation.
type taken struct {
	Ahead
	records []*record
	links   map[customer.Key][]customer.Key
	told    []projection.Placed
	waiting []touch.Touch
}

// GoOn has the rehearsal begin where an installation is. It is called once, after the
// installation's customers, links and touches were taken over.
func (r *Rehearsal) GoOn(a Ahead) { r.takes().Ahead, r.o.Until = a, a.Until }

func (h *History) takes() *taken {
	if h.taken == nil {
		h.taken = &taken{links: map[customer.Key][]customer.Key{}}
	}
	return h.taken
}

// TakeWaiting takes touches over that are pending, with what they carry. They are to be
// read before the records: of a touch that is decided in the meantime its record says so.
func (r *Rehearsal) TakeWaiting(ts []touch.Touch) {
	a := r.takes()
	for _, t := range ts {
		if today, changed := t.Today(); changed {
			t = today
		}
		a.waiting = append(a.waiting, t)
		n := r.who.number(t.Customer)
		if t.Address != "" {
			r.who.join(n, r.who.number(r.e.id.AddressKey(t.Customer.Store, t.Address)))
		}
		if t.Snapshot.To != "" {
			r.who.seeAddress(r.e.id, t.Customer, t.Snapshot.To)
		}
	}
}

// TakeRecords takes customers over. They are the rehearsal's from then on.
func (r *Rehearsal) TakeRecords(rs []customer.Record) {
	a := r.takes()
	for i := range rs {
		if rs[i].Version == "" {
			continue
		}
		leaving(&rs[i].Customer)
		a.records = append(a.records, &record{Record: rs[i]})
		r.who.seeRecord(r.e.id, &rs[i])
	}
}

// leaving takes what is being handed over at this moment for sent: so it will be, or it
// will be uncertain, which is not sent again either.
func leaving(c *customer.Customer) {
	for i := range c.Claims {
		switch k := &c.Claims[i]; {
		case k.State != customer.Open:
		case k.At == 0: // another touch's email has its content
			k.State, k.Why = customer.Dropped, string(reason.Bundled)
		default:
			k.State = customer.Sent
		}
	}
}

// TakeLinks takes over which ids named a mailbox, ascending.
func (r *Rehearsal) TakeLinks(mailbox customer.Key, ids []customer.Key) {
	r.takes().links[mailbox] = ids
	n := r.who.number(mailbox)
	for _, id := range ids {
		r.who.join(n, r.who.number(id))
	}
}

// TakeTold takes over whose birthdays were told, and of which year.
func (r *Rehearsal) TakeTold(ps []projection.Placed) { a := r.takes(); a.told = append(a.told, ps...) }

// seeRecord joins whom a record may ever have to do with, as see does for an event.
func (u *unions) seeRecord(id *customer.Identity, r *customer.Record) {
	own, c := u.number(r.Key), &r.Customer
	if u.ids[own] == "" {
		u.ids[own] = c.ID.Value
	}
	if account := c.Account(); account != "" {
		u.seeAddress(id, r.Key, account)
	}
	for i := range c.Addresses {
		u.seeAddress(id, r.Key, c.Addresses[i].Email)
	}
	for _, os := range [][]customer.Order{c.Orders, c.Untold} {
		for i := range os {
			if os[i].To != "" {
				u.seeAddress(id, r.Key, os[i].To)
			}
		}
	}
	if into := c.Merged.Value; into != "" {
		u.join(own, u.number(id.Key(r.Key.Store, into)))
	}
	for _, a := range c.Absorbed {
		u.join(own, u.number(id.Key(r.Key.Store, a.ID)))
	}
	for _, x := range c.Referrals {
		u.seeReferral(r.Key, x.Other)
	}
	for _, k := range c.Claims {
		if to, ok := customer.KeyOfToken(r.Key.Store, k.To); ok {
			u.join(own, u.number(to))
		}
	}
}

// takeOver gives each shard its part of what an installation knows.
func (e *engine) takeOver(ctx context.Context, a *taken) error {
	e.began = a.Now
	for _, r := range a.records {
		e.shardOf(r.Key).people.adopt(r)
	}
	for mailbox, ids := range a.links {
		e.shardOf(mailbox).people.links[mailbox] = ids
	}
	for _, s := range e.shards {
		s.people.past, s.paused = e.past, a.Paused
		s.people.settle()
		s.hand.Move(a.Now)
	}
	if err := (calendarPeople{e}).Tell(ctx, a.told); err != nil {
		return err
	}
	for _, t := range a.waiting {
		if e.stores[t.Customer.Store] != nil && !decided(e.record(t.Customer), t) {
			e.shardOf(t.Customer).board.Put([]touch.Touch{t})
		}
	}
	maps.Copy(e.products, a.Products)
	for _, x := range a.Shop {
		if of := e.shop[x.Store]; of != nil {
			of.hear(x)
		}
	}
	e.calendar.Resume(a.Calendar)
	for _, s := range e.shards {
		e.waited += s.board.Len()
	}
	a.records, a.links, a.told, a.waiting = nil, nil, nil, nil
	return nil
}

// decided reports whether a touch has its outcome already: it was decided while the
// installation was read, or its message is yet to be acknowledged.
func decided(r *record, t touch.Touch) bool {
	if r == nil {
		return false
	}
	k, ok := r.Customer.Claimed(t.ClaimKey())
	return ok && !(k.State == customer.Dropped && reason.Reason(k.Why).Revocable())
}

// adopt takes over a record that was read elsewhere.
func (p *people) adopt(r *record) {
	p.records[r.Key], p.added = r, append(p.added, r)
	p.ordered(r)
	p.changed(r)
}

// park leaves a touch waiting whose worker is paused.
func (s *shard) park(t touch.Touch) {
	if s.parked == nil {
		s.parked = map[string]int{}
	}
	s.parked[t.Worker]++
}

// recalled reads the entries of some records' timelines that an installation has.
func (e *engine) recalled(ctx context.Context, records []*customer.Record) ([]customer.Entry, error) {
	var sequences []uint64
	for _, r := range records {
		sequences = append(sequences, r.Timeline()...)
	}
	slices.Sort(sequences)
	out, _, err := e.past(ctx, slices.Compact(sequences))
	return out, err
}

// recall looks up what a customer of an installation ordered so far: no record says what
// it cost.
func (l *ledger) recall(k customer.Key, who int32) {
	r := l.e.record(k)
	if _, known := l.largest[who]; known || l.e.past == nil || r == nil {
		return
	}
	all, err := l.e.recalled(context.Background(), []*customer.Record{&r.Record})
	if err != nil {
		l.failed = err
		return
	}
	for _, e := range all {
		if o := events.OrderTold(e.Event.Data); o != nil {
			l.ordered(who, o.Total)
		}
	}
}
