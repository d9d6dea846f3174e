// Package programme is one store as the engine runs it: what its emails and pages
// say of it, its workers with their settings, and the policy that the gate holds
// each of them to. It also puts a touch to the gate: delivery does so when it falls
// due, and `homing why` when somebody asks what would become of it, and both get
// the same answer. It is pure, and knows nothing of relays and their throughput.
package programme

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/points"
	"homing/pkg/render"
	"homing/pkg/segment"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/digest"
)

// Store is one store.
type Store struct {
	ID        string
	View      render.Store   // what emails and pages say of it
	Zone      *time.Location // of customers whose own is not known
	From      string         // "Example Shop <hello@shop.example>"
	ReplyTo   string         // may be empty
	Domain    string         // of Message-IDs
	Offers    OfferCap
	LookAhead time.Duration // a touch lets one of a higher priority go first that falls due so much later
	Workers   []*Worker     // in the order in which people are told of them
	Digest    *Digest       // for the people of the shop
	Segments  *segment.Set
	// HeldOut reports whether a person gets no marketing email at all.
	HeldOut func(c *customer.Customer) bool
}

// OfferCap is how many offers one customer is made at most: Limit in any Window;
// 0 is no cap.
type OfferCap struct {
	Limit  int
	Window time.Duration
}

// Worker is one worker in one store.
type Worker struct {
	workers.Kind
	workers.Worker
	Policy gate.Policy

	store *Store // nil in tests of one worker alone
}

// Goes returns the address that a touch of the worker goes to: where that isn't by email,
// the one of the account, which what is known about the customer belongs to.
func (w *Worker) Goes(t touch.Touch, own, person *customer.Customer) string {
	if w == nil || w.Policy.Channel == "" {
		return t.To(own, person)
	}
	return person.Account()
}

// Concerned reports whether an event may lead to an email of the worker. One of nobody
// and a copy of one that is planned elsewhere lead to nothing.
func (w *Worker) Concerned(e events.Event) bool {
	return !e.OfNobody() && !e.Copy && slices.Contains(w.Triggers, e.Type) && (w.Concerns == nil || w.Concerns(e))
}

// Touches returns what an event leads to; see workers.Worker.Plan. What was brought over
// leads to nothing about itself, and to no occasion that began before it was received.
func (w *Worker) Touches(in workers.Input) []touch.Touch {
	if !w.Ahead && ofThePast(in) {
		return nil
	}
	in.Ledger = w.store.ledger(in)
	plan := w.Plan(in)
	if !in.Event.Historical {
		return plan
	}
	over := map[string]bool{}
	for _, t := range plan {
		over[t.Occasion] = over[t.Occasion] || !t.Due.After(in.Event.Received)
	}
	return slices.DeleteFunc(plan, func(t touch.Touch) bool { return over[t.Occasion] })
}

// ofThePast reports whether an event was brought over, or changes an order that was.
func ofThePast(in workers.Input) bool {
	if d, ok := in.Event.Data.(*events.OrderUpdated); ok && !in.Event.Historical {
		o, known := in.Customer.Order(d.Order.ID)
		return known && o.Imported()
	}
	return in.Event.Historical
}

// Worker returns the store's worker of a name; nil if there is none.
func (s *Store) Worker(name string) *Worker {
	if name == digest.Name && s.Digest != nil {
		return s.Digest.Worker
	}
	for _, w := range s.Workers {
		if w.Name == name {
			return w
		}
	}
	return nil
}

// Above returns the live workers that may have a touch of a higher priority: an email of
// theirs that falls due within LookAhead goes first where there is room for only one. What
// is made by hand may have any priority.
func (s *Store) Above(w *Worker, t touch.Touch) []*Worker {
	var out []*Worker
	for _, o := range s.Workers {
		if (o.ByHand || o.Settings.Priority > w.PriorityOf(t)) && o.Settings.Status == workers.Live {
			out = append(out, o)
		}
	}
	return out
}

// ledger returns what works out the points of a customer in the store's rewards programme,
// for workers that ask; nil: there is none that is switched on.
func (s *Store) ledger(in workers.Input) func() points.Ledger {
	if s == nil {
		return nil
	}
	for _, w := range s.Workers {
		if w.Ledger != nil && w.Settings.Status != workers.Off {
			return func() points.Ledger { return w.Ledger(in) }
		}
	}
	return nil
}

// GoesBefore returns what the other live workers say of a touch that is wanted; see
// workers.Worker.
func (s *Store) GoesBefore(t touch.Touch, in workers.Input) touch.Verdict {
	for _, o := range s.Workers {
		if o.GoesBefore == nil || o.Name == t.Worker || o.Settings.Status != workers.Live {
			continue
		}
		if v := o.GoesBefore(t, in); v.Action != touch.Send {
			return v
		}
	}
	return touch.Verdict{}
}

// Planning returns those workers of a name that plan, and the zones of their stores, by
// store.
func Planning(stores map[string]*Store, name string) (map[string]*Worker, map[string]*time.Location) {
	of, zones := map[string]*Worker{}, map[string]*time.Location{}
	for id, s := range stores {
		if w := s.Worker(name); w.Settings.Status != workers.Off {
			of[id], zones[id] = w, s.Zone
		}
	}
	return of, zones
}

// WantsBirthdays returns how long before it a worker wants to be told of a birthday, the longest
// if several do; nil: none wants to.
func (s *Store) WantsBirthdays() *time.Duration {
	var out *time.Duration
	for _, w := range s.Workers {
		if w.Settings.Status != workers.Off && w.Birthdays != nil && (out == nil || *w.Birthdays > *out) {
			out = w.Birthdays
		}
	}
	return out
}

// WantsLapses returns when customers lapse whom a worker wants to be told of; nil: none
// wants to.
func (s *Store) WantsLapses() *workers.Lapse {
	for _, w := range slices.Backward(s.Workers) {
		if w.Settings.Status != workers.Off && w.Lapse != nil {
			return w.Lapse
		}
	}
	return nil
}

// Marketing returns the workers that send marketing, and are not switched off.
func (s *Store) Marketing() []*Worker {
	var out []*Worker
	for _, w := range s.Workers {
		if w.Settings.Status != workers.Off && slices.ContainsFunc(w.Emails(), func(s touch.Step) bool { return s.Class.Marketing() }) {
			out = append(out, w)
		}
	}
	return out
}

// unlisted is for how long after it was due a touch is looked at whose step was
// removed.
const unlisted = 365 * 24 * time.Hour

// Emails returns the worker's steps. Of one whose steps are the templates in its folder,
// it is what all of them have.
func (w *Worker) Emails() []touch.Step {
	if w.Any != nil {
		return []touch.Step{*w.Any}
	}
	return w.Steps
}

// Step returns the worker's step that a touch is of. Of a step that was removed it
// returns what the gate takes it for, and false.
func (w *Worker) Step(t touch.Touch) (touch.Step, bool) {
	if w.Any != nil {
		s := *w.Any
		s.Name, s.Template = t.Step, w.Name+"/"+t.Step
		if t.Own != nil && t.Own.Expires > 0 {
			s.Expires = t.Own.Expires
		}
		return s, true
	}
	for _, s := range w.Steps {
		if s.Name == t.Step {
			return s, true
		}
	}
	return touch.Step{Name: t.Step, Class: w.Settings.Class, Expires: unlisted}, false
}

// PriorityOf returns the priority of a touch of the worker.
func (w *Worker) PriorityOf(t touch.Touch) int {
	if t.Own != nil && t.Own.Priority != nil {
		return *t.Own.Priority
	}
	return w.Settings.Priority
}

// Gathers names the touches, without what they display, that t would take over if
// it were sent now; none with most workers.
func (w *Worker) Gathers(t touch.Touch, in workers.Input) []touch.Touch {
	if w.Worker.Gathers == nil {
		return nil
	}
	return w.Worker.Gathers(t, in)
}
