package rehearsal

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/intake"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/workers"
)

// shardCount is how many shards there are, whatever the machine has: what comes out does
// not depend on that.
const shardCount = 64

// engine is a store or more on virtual time.
type engine struct {
	config *config.Config
	id     *customer.Identity
	stores map[string]*programme.Store
	shards []*shard
	reader *intake.Intake // reads events, and takes none in
	now    time.Time      // what reading takes for now

	calendar *calendar.Calendar
	hand     clock.Hand // of the calendar
	said     []events.Event
	products map[string]*product.Snapshot
	parts    map[string]*product.Parts // what customers add to these, by store
	shop     map[string]*shopWord
	who      *unions
	cores    int

	secretless bool // it has not the installation's secret
	timeline   func(customer.Entry)

	// Of an installation that goes on: when, how much waited then, and what reads its timeline.
	began  time.Time
	waited int
	past   func(ctx context.Context, sequences []uint64) ([]customer.Entry, int, error)
}

// shopWord is what a shop said of its products, and what it sold to nobody.
type shopWord struct{ products, sold []events.Event }

// hear keeps what a shop said. It reports whether that was about a product.
func (w *shopWord) hear(x events.Event) (product bool) {
	if x.Type == events.TypeProductUpdated {
		w.products = append(w.products, x)
		return true
	}
	w.sold = append(w.sold, x)
	return false
}

func newEngine(c *config.Config, id *customer.Identity, now time.Time) (*engine, error) {
	stores, err := programme.Open(c, id)
	if err != nil {
		return nil, err
	}
	e := &engine{config: c, id: id, stores: stores, now: now, products: map[string]*product.Snapshot{}, parts: map[string]*product.Parts{}, shop: map[string]*shopWord{}}
	for store := range stores {
		e.shop[store] = &shopWord{}
	}
	e.reader = e.newIntake(nil, nil, clock.Scale{})
	e.calendar = calendar.New(calendar.Options{
		Stores: e.calendarStores(), Jobs: []calendar.Job{calendar.Products(e.refresh)},
		CatchUp: c.Calendar.CatchUp, DailyLimit: c.Calendar.DailyLimit, Customers: calendarPeople{e}, People: calendarPeople{e},
		Publish: func(_ context.Context, es []events.Event) error {
			e.said = append(e.said, es...)
			return nil
		},
		Scale: clock.ByHand(&e.hand), Log: zap.NewNop(),
	})
	return e, nil
}

// calendarStores says what each store's workers want to be told.
func (e *engine) calendarStores() map[string]calendar.Settings {
	out := map[string]calendar.Settings{}
	for id, s := range e.stores {
		set := calendar.Settings{Zone: s.Zone}
		if lead := s.WantsBirthdays(); lead != nil {
			set.Birthdays = &calendar.Birthdays{Lead: *lead}
		}
		if l := s.WantsLapses(); l != nil {
			set.Lapses = e.lapses(id, *l)
		}
		out[id] = set
	}
	return out
}

// lapses says when a store's customers have lapsed, by what was known of who comes back in
// the night.
func (e *engine) lapses(store string, rule workers.Lapse) *calendar.Lapses {
	return &calendar.Lapses{Soonest: rule.After(foresight.Lapse{}, 1), Rule: func(context.Context) (calendar.LapseRule, error) {
		known := e.products[store].ComesBack()
		return calendar.LapseRule{Latest: rule.Latest(known), After: func(orders int) time.Duration { return rule.After(known, orders) }}, nil
	}}
}

func (e *engine) newIntake(people *people, s *shard, scale clock.Scale) *intake.Intake {
	o := intake.Options{
		Identity: e.id, Stores: programme.StoreNames(e.config), Scopes: programme.Scopes(e.config),
		Business: scale.Business, Confirm: e.config.Confirming(), Unhappy: e.config.Unhappy,
	}
	if people != nil {
		o.Customers, o.Timeline, o.People = people, s, people
	}
	return intake.New(o)
}

func (e *engine) productsOf(store string) *product.Snapshot { return e.products[store] }

// shardOf returns the shard that has a record. One that the history does not name, such as
// the guest of an erased mailbox, is in the first.
func (e *engine) shardOf(k customer.Key) *shard {
	n := e.person(k)
	if n < 0 {
		return e.shards[0]
	}
	return e.shards[e.shardOfPerson(n)]
}

func (e *engine) shardOfPerson(root int32) int {
	return int(customer.ClaimKey(e.who.name[root]) % shardCount)
}

// live lives through a history, up to a time.
func (e *engine) live(ctx context.Context, h *History, end time.Time, progress func(at time.Time)) error {
	h.sort()
	e.who, e.past = &h.who, nil
	if h.taken != nil {
		e.past = h.taken.Recall
	}
	e.shards = make([]*shard, shardCount)
	for i := range e.shards {
		e.shards[i] = newShard(e)
	}
	var common []Told // what concerns all customers
	for i := range h.told {
		t := &h.told[i]
		if t.Entry.Event.Type == events.TypeProductUpdated || t.Entry.Event.OfNobody() {
			common = append(common, *t)
			continue
		}
		s := e.shardOf(t.Entry.Key)
		s.told = append(s.told, t)
	}
	at, _ := h.Span()
	switch {
	case h.taken == nil && len(h.told) == 0:
		return nil
	case h.taken != nil:
		if err := e.takeOver(ctx, h.taken); err != nil {
			return err
		}
	}
	e.hand.Move(at)
	if err := e.sweep(ctx); err != nil {
		return err
	}
	slot := e.calendar.NextSlot(at)
	for at.Before(end) {
		for slot.Before(end) && !e.calendar.Open(slot) {
			slot = e.calendar.NextSlot(slot)
		}
		next := slot
		if end.Before(next) {
			next = end
		}
		if len(common) > 0 && common[0].At.Before(next) {
			next = common[0].At
		}
		if err := e.advance(ctx, next); err != nil {
			return err
		}
		at = next
		common = e.hear(common, at)
		if at.Equal(slot) && slot.Before(end) {
			e.hand.Move(at)
			if err := e.sweep(ctx); err != nil {
				return err
			}
			slot = e.calendar.NextSlot(slot)
		}
		progress(at)
	}
	return nil
}

// advance has all shards live up to a time, several at once.
func (e *engine) advance(ctx context.Context, end time.Time) error {
	return e.eachShard(func(_ int, s *shard) error { return s.until(ctx, end) })
}

// eachShard calls fn with all shards, several at once, and with which of the cores that is.
func (e *engine) eachShard(fn func(core int, s *shard) error) error {
	var next atomic.Int64
	errs := make([]error, len(e.shards))
	work := func(core int) {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(e.shards) {
				return
			}
			errs[i] = fn(core, e.shards[i])
		}
	}
	var wg sync.WaitGroup
	for core := 1; core < e.cores; core++ {
		wg.Go(func() { work(core) })
	}
	work(0)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// hear takes in what concerns all customers, up to a time and what follows at once, and
// returns the rest.
func (e *engine) hear(common []Told, at time.Time) []Told {
	n := 0
	said := map[string][]events.Event{}
	for n < len(common) && !common[n].At.After(at) {
		x := common[n].Entry.Event
		if e.shop[x.Store].hear(x) {
			said[x.Store] = append(said[x.Store], x)
		}
		n++
	}
	for store, all := range said {
		e.products[store] = e.products[store].Hear(all, nil)
	}
	return common[n:]
}

// sweep has the calendar do what is due, and takes in what it says.
func (e *engine) sweep(ctx context.Context) error {
	if _, err := e.calendar.Sweep(ctx); err != nil {
		return err
	}
	said := e.said
	e.said = nil
	for _, x := range said {
		data, err := events.Encode(x)
		if err != nil {
			return err
		}
		entry, err := e.reader.Entry(events.Raw{Subject: events.Subject(x.Store, x.Type), Data: data}, e.hand.Now(), nil)
		if err != nil {
			return fmt.Errorf("the calendar's %s: %w", x.ID, err)
		}
		s := e.shardOf(entry.Key)
		s.hand.Move(e.hand.Now())
		s.said = append(s.said, entry)
		if err := s.take(ctx, entry); err != nil {
			return err
		}
	}
	return nil
}

// refresh computes the product statistics of a store, from what has happened.
func (e *engine) refresh(ctx context.Context, store string, _ time.Time) error {
	at := e.hand.Now().UTC()
	k, segments := product.NewCollector(at, e.products[store]), e.stores[store].InUse()
	if len(segments) > 0 {
		k.Segment(nil, nil) // nobody asks how many are in each
	}
	for _, x := range e.shop[store].products {
		k.Hear(x)
	}
	for _, x := range e.shop[store].sold {
		k.Sold(x)
	}
	parts := e.parts[store]
	if parts == nil || !parts.Later(at) {
		parts = product.NewParts(at)
		e.parts[store] = parts
		for _, s := range e.shards {
			s.people.forgetParts(store)
		}
	}
	counts := make([]nightly, e.cores)
	for i := range counts {
		counts[i] = nightly{Collector: k.Fork(), store: store, at: at, ranked: len(segments) > 0}
	}
	if err := e.eachShard(func(core int, s *shard) error { return counts[core].count(ctx, s.people) }); err != nil {
		return err
	}
	for i := range counts {
		k.Join(counts[i].Collector)
		for _, n := range counts[i].news {
			parts.Replace(n.was, n.is)
		}
	}
	k.AddParts(parts)
	known := k.Snapshot()
	if e.stores[store].Segments.Foresees(segments) {
		k.Worth(known)
	}
	k.Segments(known)
	e.products[store] = known
	return nil
}
