package programme

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/product"
	"homing/pkg/touch"
	"homing/workers"
)

// Person is one person, all of their ids as one customer, and what is known around
// them.
type Person struct {
	Store    *Store
	Customer *customer.Customer
	Products *product.Snapshot // of the store; nil: nothing is known
	Address  func(email string) string
	Habits   func(c *customer.Customer) *product.Habits // that are known already; may be nil

	To        string          // the address in question; empty: their account's
	Mailbox   gate.Mailbox    // of that address
	Shared    bool            // more ids have that address than one person has
	Recipient *gate.Recipient // who answers to it, if somebody else does
}

// Input is what a worker may know of the person, and of who answers to the address in
// question, if somebody else does: what they say about the person's orders counts.
func (p *Person) Input(now time.Time) workers.Input {
	in := workers.Input{Customer: p.Customer, Products: p.Products, Zone: p.Store.Zone, Now: now, KnownHabits: p.Habits}
	if r := p.Recipient; r != nil {
		in.Customer, in.Recipient, in.To = new(p.Customer.ToldBy(r.Customer)), r.Customer, r.Mailbox
	}
	in.Ledger = p.Store.ledger(in)
	return in
}

// Case makes the case of a touch that is looked at at some time, with the
// customer and the configuration as they are.
func (p *Person) Case(w *Worker, t touch.Touch, now time.Time) *gate.Case {
	out := new(gate.Case)
	p.CaseIn(out, w, t, now)
	return out
}

// CaseIn is Case for one that is used again and again.
func (p *Person) CaseIn(out *gate.Case, w *Worker, t touch.Touch, now time.Time) {
	step, listed := w.Step(t)
	*out = gate.Case{
		Touch: t, Step: step, Listed: listed, Customer: p.Customer,
		Off: w.Settings.Status == workers.Off, Shadow: w.Settings.Status == workers.Shadow,
		Wanted: func() touch.Verdict {
			in := p.Input(now)
			if v := w.Wanted(out.Touch, in); v.Action != touch.Send {
				return v
			}
			return p.Store.GoesBefore(out.Touch, in)
		},
		Policy: w.Policy, Address: p.Address, Now: now,
		To: p.To, Mailbox: p.Mailbox, Shared: p.Shared, Recipient: p.Recipient,
	}
	if w.Policy.Own.Segmented() {
		out.Member = p.member(now)
	}
}

// Rival says whether another of the person's touches, which waits with a worker
// that is not paused by an operator, would be sent within the store's LookAhead, as
// far as is known now, and when. Transactional mail is never a rival: the caps do not
// hold it, and nobody need make room for it.
func (p *Person) Rival(t touch.Touch, now time.Time) (gate.Rival, bool) {
	w, when, last := p.Store.Worker(t.Worker), t.Wake, now.Add(p.Store.LookAhead)
	if when.Before(now) {
		when = now
	}
	_, claimed := t.ClaimIn(p.Customer)
	if claimed || w == nil || w.Settings.Status != workers.Live || when.After(last) {
		return gate.Rival{}, false
	}
	if step, listed := w.Step(t); !listed || step.Class == touch.Transactional {
		return gate.Rival{}, false
	}
	out := gate.Rival{Touch: t, Priority: w.PriorityOf(t), At: when}
	switch v := gate.Judge(p.Case(w, t, when)); v.Action {
	case touch.Send:
		return out, true
	case touch.Hold:
		out.At = v.Until
		return out, !v.Until.After(last)
	}
	return gate.Rival{}, false
}
