package delivery

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
)

// A memo is what this process knows about a touch, and nobody else does.
type memo struct {
	outcome *outcome // what became of it, not recorded yet: another attempt must not have to guess
	held    *held    // the claim under which its message may have left
	// unsent are the owners of claims under which certainly nothing went out, and of
	// which Redis did not say that they are gone: writing or releasing them had no
	// answer.
	unsent   []uint64
	customer customer.Key // whose record those claims are in
	key      uint64       // of them
	missing  *uint64      // the epoch in which its customer was not found: one who is missing after a refold doesn't exist
	code     *taken       // taken from a list, and not known to be bound: the next attempt binds the same
	issued   bool         // its offer is on the timeline
	aside    bool         // it waits in flight and lets others pass
}

// outcome is what became of a touch, and under whose claim.
type outcome struct {
	fact  events.Event
	owner uint64
	left  *channel.Copy // what it showed; nil: nothing left
}

// thatLeft is the outcome if its message left, perhaps; nil: it did not, or there is no
// outcome yet.
func (o *outcome) thatLeft() *outcome {
	if o == nil || o.fact.Type.Action() == events.ActionDropped {
		return nil
	}
	return o
}

// memory holds what this process knows about the touches that it has in flight.
// There is one rule: finish forgets a touch when it leaves this process, and not
// before.
type memory struct {
	mu       sync.Mutex
	of       map[string]*memo
	aside    int                 // how many of them are aside
	round    <-chan struct{}     // closed when the round of the loop ends, see during
	sending  context.Context     // ends a while after the round
	underWay map[string]struct{} // touches with an attempt
}

// enter begins an attempt at a touch, and reports whether it is the only one.
func (m *memory) enter(id string) (only bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, is := m.underWay[id]; is {
		return false
	}
	if m.underWay == nil {
		m.underWay = map[string]struct{}{}
	}
	m.underWay[id] = struct{}{}
	return true
}

// leave ends the attempt.
func (m *memory) leave(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.underWay, id)
}

// recall returns what is known about a touch.
func (m *memory) recall(id string) memo {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.of[id]; known != nil {
		return *known
	}
	return memo{}
}

// knows reports whether anything is known about a touch.
func (m *memory) knows(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[id] != nil
}

// note remembers something about a touch.
func (m *memory) note(id string, change func(*memo)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known := m.of[id]
	if known == nil {
		if m.of == nil {
			m.of = map[string]*memo{}
		}
		known = &memo{}
		m.of[id] = known
	}
	was := known.aside
	change(known)
	m.count(was, known.aside)
}

// forget is for a touch that leaves this process.
func (m *memory) forget(id string) {
	m.mu.Lock()
	known := m.of[id]
	if known != nil {
		m.count(known.aside, false)
		delete(m.of, id)
	}
	m.mu.Unlock()
	if known != nil {
		known.held.end()
	}
}

func (m *memory) count(was, is bool) {
	switch {
	case is && !was:
		m.aside++
	case was && !is:
		m.aside--
	}
}

// during notes in which round of the loop touches come, by its context. When it ends,
// for a pause or for good, what is aside goes back to NATS with everything else.
func (m *memory) during(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.round == ctx.Done() {
		return
	}
	m.round = ctx.Done()
	sending, end := context.WithCancelCause(context.WithoutCancel(ctx))
	m.sending = sending
	context.AfterFunc(ctx, func() {
		time.AfterFunc(linger, func() { end(errStopping) })
		m.mu.Lock()
		defer m.mu.Unlock()
		for id, known := range m.of {
			m.count(known.aside, false)
			if known.aside = false; known.empty() {
				delete(m.of, id)
			}
		}
	})
}

// lingering is the context of messages that are handed over in this round of the loop;
// without a round it never ends.
func (m *memory) lingering(ctx context.Context) context.Context {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sending == nil {
		return context.WithoutCancel(ctx)
	}
	return m.sending
}

// open returns the ids of touches that have an attempt.
func (m *memory) open() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.underWay))
}

// empty reports whether there is nothing to remember.
func (m *memo) empty() bool {
	return m.outcome == nil && m.held == nil && len(m.unsent) == 0 && m.missing == nil && m.code == nil && !m.issued && !m.aside
}

// crowded reports whether no more touches may step aside.
func (m *memory) crowded() bool { return m.asideNow() >= mostAside }

// asideNow returns how many touches are aside.
func (m *memory) asideNow() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.aside
}

// unsentBy notes that nothing went out under an attempt's claim.
func (m *memory) unsentBy(a *attempt) {
	var was *held
	m.note(a.id, func(known *memo) {
		if !slices.Contains(known.unsent, a.owner) {
			known.unsent = append(known.unsent, a.owner)
		}
		known.customer, known.key = a.touch.Customer, a.key
		was, known.held = known.held, nil
	})
	was.end()
}

// idle reports whether a claim is this process's, and certainly nothing went out
// under it.
func (d *Delivery) idle(a *attempt, k customer.Claim) bool {
	return slices.Contains(d.memory.recall(a.id).unsent, k.Owner)
}

// recall is the first stage: an outcome that could not be recorded before is
// recorded now, whatever else may be in the way.
func (d *Delivery) recall(_ context.Context, a *attempt) Decision {
	known := d.memory.recall(a.id)
	if known.aside {
		a.letPass = true
		d.memory.note(a.id, func(m *memo) { m.aside = false })
	}
	if known.outcome == nil {
		return Decision{}
	}
	a.owner, a.left = known.outcome.owner, known.outcome.left
	return settled(known.outcome.fact)
}

// forget is the end of a touch in this process. A code that was taken for it, and
// certainly not bound, is for others.
func (d *Delivery) forget(a *attempt) {
	if code := d.memory.recall(a.id).code; code != nil {
		if _, bound := a.record.Customer.OfferOf(a.key); !bound {
			d.o.Codes.GiveBack(a.touch.Customer.Store, code.list, code.code)
		}
	}
	d.memory.forget(a.id)
}
