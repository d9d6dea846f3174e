package rehearsal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.uber.org/zap"

	"homing/pkg/asked"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/delivery"
	"homing/pkg/intake"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/pkg/touch"
)

// A shard is some of the customers, all ids of a person among them, with the engine that
// decides about them: intake, planners and delivery as they are live, on a clock of its
// own that is moved to whatever comes next. One goroutine at a time works on it.
type shard struct {
	e        *engine
	hand     clock.Hand
	people   *people
	board    *schedule.Memory
	intake   *intake.Intake
	planners []*schedule.Planner
	delivery *delivery.Delivery

	paused func(worker, store string) bool // nil: nobody paused anything
	parked map[string]int                  // by worker, what fell due while that was paused

	told   []*Told          // its part of the history, by time
	said   []customer.Entry // what the calendar said
	next   int              // of what was told
	fresh  []customer.Entry // on the timeline, and not planned for yet
	codes  int
	asks   map[customer.Key][]ask
	ledger ledger
}

// ask is a question to a mailbox whether it wants email.
type ask struct {
	id string
	at time.Time
}

func newShard(e *engine) *shard {
	s := &shard{e: e, people: newPeople(e.id), board: schedule.NewMemory(), asks: map[customer.Key][]ask{}}
	scale := clock.ByHand(&s.hand)
	s.people.forget, s.people.forgetTo, s.people.orders = s.forget, s.forgetTo, s.entry
	s.people.tell = s.tell
	s.ledger.e = e
	s.intake = e.newIntake(s.people, s, scale)
	for _, k := range programme.Kinds {
		p := &schedule.Planner{
			People: s.people, Schedule: s.board, Timeline: s.people, Address: e.id.Address, Mailbox: e.id.AddressKey,
			Scale: scale, Products: e.productsOf, Habits: s.people.habits,
		}
		p.Workers, p.Zones = programme.Planning(e.stores, k.Name)
		s.planners = append(s.planners, p)
	}
	s.delivery = delivery.New(delivery.Options{
		Stores: e.stores, Routes: s.routes(), Others: s.others(), Customers: s.people, People: s.people, Timeline: s, Schedule: s.board, Codes: codes{s},
		Products: e.productsOf, Habits: s.people.habits, Address: e.id.Address, Mailbox: e.id.AddressKey, Code: e.id.Code, Take: s.intake.Take,
		Scale: scale, Log: zap.NewNop(), Asked: questions{s}, Alone: true,
	})
	return s
}

func (s *shard) routes() map[string]delivery.Route {
	out := map[string]delivery.Route{}
	for id := range s.e.stores {
		out[id] = s.route("")
	}
	return out
}

// others are the routes of workers that do not go by email.
func (s *shard) others() map[delivery.Way]delivery.Route {
	out := map[delivery.Way]delivery.Route{}
	for id, store := range s.e.stores {
		for _, w := range store.Workers {
			if by := w.Policy.Channel; by != "" {
				out[delivery.Way{Store: id, Worker: w.Name}] = s.route(by)
			}
		}
	}
	return out
}

func (s *shard) route(channel string) delivery.Route {
	return delivery.Route{Channel: accepts{entity(channel), s.ledger.composed}, Connections: 1, Rate: unlimited{}}
}

// until lives through all that comes before a time.
func (s *shard) until(ctx context.Context, end time.Time) error {
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		wake, due := s.board.NextAt()
		if due && wake.Before(s.hand.Now()) {
			wake = s.hand.Now()
		}
		var err error
		switch tells := s.next < len(s.told); {
		case tells && s.told[s.next].At.Before(end) && !(due && wake.Before(s.told[s.next].At)):
			t := s.told[s.next]
			s.next++
			s.hand.Move(t.At)
			err = s.take(ctx, t.Entry)
		case due && wake.Before(end):
			s.hand.Move(wake)
			err = s.deliver(ctx)
		default:
			s.hand.Move(end)
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// take takes an event in, and plans what it leads to.
func (s *shard) take(ctx context.Context, e customer.Entry) error {
	if err := s.intake.Take(ctx, []customer.Entry{e}); err != nil {
		return fmt.Errorf("taking in %s %s: %w", e.Event.Type, e.Event.ID, err)
	}
	return s.plan(ctx)
}

// deliver decides about the touch that is due.
func (s *shard) deliver(ctx context.Context) error {
	t, sequence := s.board.Take()
	if s.paused != nil && s.paused(t.Worker, t.Customer.Store) {
		s.park(t)
		return nil
	}
	if err := s.delivery.Deliver(ctx, t, sequence); err != nil {
		return fmt.Errorf("touch %s: %w", t.ID(), err)
	}
	s.board.Done(t, sequence)
	return s.plan(ctx)
}

// plan has the planners see what came to the timeline.
func (s *shard) plan(ctx context.Context) error {
	for len(s.fresh) > 0 {
		batch := s.fresh
		s.fresh = nil
		if err := schedule.Together(ctx, s.planners, batch); err != nil {
			return fmt.Errorf("planning: %w", err)
		}
	}
	return nil
}

// beyond is the sequence of entries that nobody looks up: the history's have their place
// in it.
const beyond = 1<<40 - 1

// Append implements the timelines of intake and delivery.
func (s *shard) Append(_ context.Context, entries []customer.Entry) error {
	for i := range entries {
		e := &entries[i]
		if e.Sequence = beyond; s.next > 0 && s.told[s.next-1].Entry.Event.Data == e.Event.Data {
			e.Sequence = uint64(s.next)
		}
		s.ledger.read(e)
		if s.e.timeline != nil {
			s.e.timeline(*e)
		}
		s.fresh = append(s.fresh, *e)
	}
	return nil
}

// tell folds what others are told of, and has it planned.
func (s *shard) tell(entries []customer.Entry) {
	for i := range entries {
		s.people.fold(&entries[i])
	}
	_ = s.Append(context.Background(), entries) // in memory nothing can go wrong
}

// entry returns an entry of the history, by its sequence on the shard's timeline.
func (s *shard) entry(sequence uint64) (customer.Entry, bool) {
	if sequence < 1 || sequence > uint64(len(s.told)) {
		return customer.Entry{}, false
	}
	return s.told[sequence-1].Entry, true
}

func (s *shard) forget(k customer.Key, until time.Time) {
	for _, w := range programme.WorkerNames() {
		_, _ = s.board.Forget(context.Background(), w, k, until) // in memory nothing can go wrong
	}
}

func (s *shard) forgetTo(of []customer.Key, email string, until time.Time) {
	for _, w := range programme.WorkerNames() {
		for _, k := range of {
			_, _ = s.board.ForgetTo(context.Background(), w, k, email, until)
		}
	}
}

// codeOf makes up the next code of a list.
func (s *shard) codeOf(list string) string {
	s.codes++
	return list + "-" + strconv.Itoa(s.codes)
}

// unlimited is the rate of a relay that takes any number. What the real one would have
// made wait is counted afterwards.
type unlimited struct{}

// Wait implements delivery.Rate.
func (unlimited) Wait(context.Context, string, bool, bool) (time.Duration, string, error) {
	return 0, "", nil
}

// GiveBack implements delivery.Rate.
func (unlimited) GiveBack(context.Context, time.Time) error { return nil }

// codes implements delivery.Codes.
type codes struct{ *shard }

// Take implements delivery.Codes: each list has as many as are asked for.
func (c codes) Take(_ context.Context, _, list string) (string, error) { return c.codeOf(list), nil }

// GiveBack implements delivery.Codes.
func (codes) GiveBack(string, string, string) {}

// questions implements delivery.Asked; see package asked.
type questions struct{ *shard }

// Take implements delivery.Asked.
func (q questions) Take(_ context.Context, store, address, id string, now time.Time) (string, error) {
	mailbox := q.e.id.Mailbox(store, customer.OneMailbox(address))
	all := q.asks[mailbox]
	for _, l := range touch.AskLimits {
		n := 0
		for _, a := range all {
			if a.id == id {
				return "", nil
			}
			if a.at.After(now.Add(-l.Over)) {
				n++
			}
		}
		if n >= l.Most {
			return asked.TooOften(n, l), nil
		}
	}
	q.asks[mailbox] = append(all, ask{id, now})
	return "", nil
}
