// Package judge puts a touch to the gate: one customer's, with one worker of
// their store. Delivery does so when it falls due, and `homing why` when somebody
// asks what would become of it: both get the same answer. It is pure.
package judge

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/product"
	"homing/pkg/touch"
	"homing/workers"
)

// Post is one worker in one store.
type Post struct {
	Worker   workers.Worker
	Settings workers.Settings
	Policy   gate.Policy
}

// unlisted is for how long after it was due a touch of a step that is no more is
// looked at.
const unlisted = 365 * 24 * time.Hour

// Step returns the worker's step of that name. Of one that is no more it returns
// what the gate takes it for, and false.
func (p Post) Step(name string) (touch.Step, bool) {
	for _, s := range p.Worker.Steps() {
		if s.Name == name {
			return s, true
		}
	}
	return touch.Step{Name: name, Class: p.Settings.Class, Expires: unlisted}, false
}

// Person is one customer, and what is known around them.
type Person struct {
	Customer *customer.Customer
	Mailbox  gate.Mailbox      // of their address
	Products *product.Snapshot // of the store; nil: nothing is known
	Zone     *time.Location    // of the store
	Address  func(email string) string
}

// Input is what a worker may know of the person.
func (p *Person) Input(now time.Time) workers.Input {
	return workers.Input{Customer: *p.Customer, Products: p.Products, Zone: p.Zone, Now: now}
}

// Case makes the case of a touch that is looked at at some time, with the
// customer and the configuration as they are.
func (p *Person) Case(at Post, t touch.Touch, now time.Time) *gate.Case {
	step, listed := at.Step(t.Step)
	return &gate.Case{
		Touch: t, Step: step, Listed: listed, Customer: p.Customer,
		Off: at.Settings.Status == workers.Off, Shadow: at.Settings.Status == workers.Shadow,
		Wanted: func() touch.Verdict { return at.Worker.Wanted(t, p.Input(now)) },
		Policy: at.Policy, Address: p.Address, Mailbox: p.Mailbox, Now: now,
	}
}

// Rival says whether another of the person's touches, which waits with a worker
// that is not held, would be sent within lookAhead, as far as is known now, and
// when. Transactional mail is not: the caps do not hold it, and nobody need make
// room for it.
func (p *Person) Rival(at Post, t touch.Touch, now time.Time, lookAhead time.Duration) (gate.Rival, bool) {
	when, last := t.Wake, now.Add(lookAhead)
	if when.Before(now) {
		when = now
	}
	step, listed := at.Step(t.Step)
	_, claimed := p.Customer.Claimed(customer.ClaimKey(t.ID()))
	if claimed || !listed || step.Class == touch.Transactional || at.Settings.Status != workers.Live || when.After(last) {
		return gate.Rival{}, false
	}
	out := gate.Rival{Touch: t, Priority: at.Settings.Priority, At: when}
	switch v := gate.Judge(p.Case(at, t, when)); v.Action {
	case touch.Send:
		return out, true
	case touch.Hold:
		out.At = v.Until
		return out, !v.Until.After(last)
	}
	return gate.Rival{}, false
}
