package intake

import (
	"context"
	"sync"
	"time"

	"homing/events"
	"homing/pkg/clock"
	"homing/pkg/customer"
)

// People reads who somebody is, all their ids together.
type People interface {
	Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error)
}

const (
	// strayAfter is how long what happened to an order may come before the order itself
	// does: a shop's services publish without waiting for each other.
	strayAfter = 2 * time.Minute
	// strayEvery is how often those are looked at that have waited so long.
	strayEvery = 10 * time.Second
	// maxStrays is how many wait. What comes when so many do is not looked at: a warning
	// is about what a shop's program does all the time.
	maxStrays = 1000
	// strayTries is how often somebody is read who cannot be read.
	strayTries = 5
)

// Strays find what was told of an order to a person who does not have it: a refund that
// names another customer than the order did is in force for nobody. They wait, so as not
// to speak of an order that was on its way, and look once. What waits when the process
// ends is not looked at.
type Strays struct {
	people People
	warned func(customer.Entry)
	now    func() time.Time

	bell    clock.Bell
	mu      sync.Mutex
	waiting []stray // the oldest first
}

type stray struct {
	entry customer.Entry
	order string
	due   time.Time
	tries int
}

// NewStrays returns what calls warned with an entry that has a warning.
func NewStrays(people People, warned func(customer.Entry)) *Strays {
	return &Strays{people: people, warned: warned, now: time.Now}
}

// changes returns the order that an event tells something of that happened to it.
func changes(d events.Data) string {
	switch d := d.(type) {
	case *events.OrderUpdated:
		return d.Order.ID
	case *events.OrderFulfilled:
		return d.Order.ID
	case *events.OrderDelivered:
		return d.Order.ID
	}
	return customer.Undoes(d)
}

// add has the events about orders looked at later.
func (s *Strays) add(entries []customer.Entry) {
	var due time.Time
	for _, e := range entries {
		order := changes(e.Event.Data)
		if order == "" {
			continue
		}
		if due.IsZero() {
			due = s.now().Add(strayAfter)
		}
		x := e.Event
		x.Data, x.Warnings = nil, nil
		s.put(stray{entry: customer.Entry{Key: e.Key, Event: x}, order: order, due: due})
	}
}

func (s *Strays) put(x stray) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) < maxStrays {
		s.waiting = append(s.waiting, x)
	}
	s.bell.Ring()
}

// Run looks at what has waited long enough, until ctx ends.
func (s *Strays) Run(ctx context.Context) {
	s.bell.Run(ctx, strayEvery, func() bool {
		s.look(ctx)
		return s.wait()
	})
}

// wait reports whether some wait.
func (s *Strays) wait() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) > 0
}

func (s *Strays) look(ctx context.Context) {
	due := s.due()
	if len(due) == 0 {
		return
	}
	asks := make([]customer.Ask, len(due))
	for i, x := range due {
		asks[i] = customer.Ask{Key: x.entry.Key}
	}
	persons, err := s.people.Read(ctx, asks)
	for i, x := range due {
		switch {
		case err != nil:
			if x.tries++; x.tries < strayTries {
				x.due = s.now().Add(strayAfter)
				s.put(x)
			}
		case !knows(&persons[i].Customer, x.order, x.entry.Event.Type):
			x.entry.Event.Warnings = []events.Warning{{Reason: events.WarnUnknownOrder, Field: "order.id", Detail: "this customer placed no such order, so nothing follows from the event; send it with the id, or the address, of the customer that order.placed had"}}
			s.warned(x.entry)
		}
	}
}

// due takes out what has waited long enough, a batch of it.
func (s *Strays) due() []stray {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.waiting) && n < 100 && !s.waiting[n].due.After(s.now()) {
		n++
	}
	due := append([]stray(nil), s.waiting[:n]...)
	s.waiting = append([]stray(nil), s.waiting[n:]...)
	return due
}

// knows reports whether somebody placed an order. That it was changed does not say so,
// but for what happened to it since. Of who was erased it is not known any more.
func knows(c *customer.Customer, order string, t events.Type) bool {
	if c.Erased.At != 0 {
		return true
	}
	if o, ok := c.Order(order); ok {
		return t != events.TypeOrderUpdated || o.WasPlaced()
	}
	_, ok := c.PlacedAt(order)
	return ok
}
