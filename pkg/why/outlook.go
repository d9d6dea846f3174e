package why

import (
	"slices"
	"time"

	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// Outcome is how an email ends that is held when it is looked at first, if nothing
// changes.
type Outcome struct {
	Action string    `json:"action"` // send or drop
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
	Detail string    `json:"detail,omitempty"`
}

// foreseen is what becomes of a pending email if nothing changes but what the other
// pending emails change.
type foreseen struct {
	first Verdict  // when it is looked at first
	end   *Outcome // if that is later, and it ends at all
}

// sending is an email that goes out in an outlook.
type sending struct {
	name  string // "thank-you/thanks"
	touch string
	at    time.Time
}

// mostLooks bounds how often one pending email is looked at, on average: one that is
// held again and again, for a reason that does not pass by itself, has no end. Orders that
// share an email look a dozen times whether another leads it.
const mostLooks = 64

// outlook plays what is pending, by the time at which it is looked at: what is sent
// takes a place in the caps, and lets what waits for it be sent. It leaves the customer
// as they are.
func (t *teller) outlook() map[string]*foreseen {
	f := t.rehearsal()
	waiting := slices.Clone(f.Pending)
	for i := range waiting {
		if waiting[i].Touch.Wake.Before(t.Now) {
			waiting[i].Touch.Wake = t.Now
		}
	}
	out := map[string]*foreseen{}
	for range mostLooks * len(waiting) {
		if len(waiting) == 0 {
			break
		}
		slices.SortStableFunc(waiting, func(a, b Pending) int { return a.Touch.Wake.Compare(b.Touch.Wake) })
		x, at := waiting[0].Touch, waiting[0].Touch.Wake
		w := t.Store.Worker(x.Worker)
		if w == nil {
			waiting = waiting[1:]
			continue
		}
		v := f.judge(w, x, at)
		if by, is := f.takenBy(x); is {
			v = Verdict{Action: "drop", Reason: string(reason.Bundled), Detail: "it is a part of " + by.name + " of " + gate.Moment(by.at, t.zone)}
			at = by.at
		}
		seen := out[x.ID()]
		if seen == nil {
			seen = &foreseen{first: v}
			out[x.ID()] = seen
		} else if v.Action == "send" || v.Action == "drop" {
			seen.end = &Outcome{v.Action, at.UTC(), v.Reason, v.Detail}
		}
		if v.Action == "hold" && v.Until.After(at) {
			waiting[0].Touch.Wake = v.Until
			continue
		}
		f.settle(w, x, v, at)
		waiting = slices.DeleteFunc(waiting, func(p Pending) bool { return p.Touch.ID() == x.ID() })
		f.Pending = waiting
	}
	return out
}

// rehearsal is a copy of the teller in which touches may be settled.
func (t *teller) rehearsal() *teller {
	f := *t
	f.Person.Customer.Claims = slices.Clone(f.Person.Customer.Claims)
	who := *t.who
	who.Customer, f.who = &f.Person.Customer, &who
	f.Judged, f.taken = map[string]*programme.Person{}, map[uint64]sending{}
	for id, p := range t.Judged {
		own := *p
		c := *p.Customer
		c.Claims = slices.Clone(c.Claims)
		own.Customer = &c
		if p.Recipient != nil {
			r := gate.Recipient{Customer: new(customer.Customer), Erased: p.Recipient.Erased}
			*r.Customer = *p.Recipient.Customer
			r.Customer.Claims = slices.Clone(r.Customer.Claims)
			own.Recipient = &r
		}
		f.Judged[id] = &own
	}
	return &f
}

// takenBy returns the email that a touch is a part of, or that leaves instead of it
// because it was planned under another id of the person. It ends when that one leaves.
func (f *teller) takenBy(x touch.Touch) (by sending, taken bool) {
	by, taken = f.taken[x.ClaimKey()]
	if twin, _, is := x.TwinIn(&f.Person.Customer); is && !taken {
		by, taken = f.taken[twin.ClaimKey()]
	}
	return by, taken && by.touch != x.ID()
}

// settle has a touch, and those that it takes over, end as a verdict says.
func (f *teller) settle(w *programme.Worker, x touch.Touch, v Verdict, at time.Time) {
	switch v.Action {
	case "send":
		leaves := sending{x.Worker + "/" + x.Step, x.ID(), at}
		in := f.judgedBy(x).Input(at)
		f.gather(w, x, &in)
		for _, id := range w.Compose(x, in).Bundles {
			f.claim(id, "", customer.Claim{State: customer.Dropped, At: at.UnixMilli(), Why: string(reason.Bundled)})
			f.taken[customer.ClaimKey(id)] = leaves
		}
		to := ""
		if p := f.judgedBy(x); p.Recipient != nil {
			to = p.To
		}
		f.foreseen = append(f.foreseen, leaves)
		f.taken[x.ClaimKey()] = leaves
		f.claim(x.ID(), to, customer.Claim{State: customer.Sent, At: at.UnixMilli()})
	case "drop":
		f.claim(x.ID(), "", customer.Claim{State: customer.Dropped, At: at.UnixMilli(), Why: v.Reason})
	}
}

// gather shows a worker the other pending touches whose content its email may take over,
// as delivery does: what goes to another address is sent by itself.
func (f *teller) gather(w *programme.Worker, x touch.Touch, in *workers.Input) {
	to := f.judgedBy(x).To
	for _, named := range w.Gathers(x, *in) {
		for _, p := range f.Pending {
			o := p.Touch
			if o.Worker != named.Worker || o.Step != named.Step || o.Occasion != named.Occasion || o.ID() == x.ID() {
				continue
			}
			if _, claimed := o.ClaimIn(in.Customer); claimed {
				continue
			}
			its := f.judgedBy(o).To
			if (its == to || customer.SameAddress(its, to)) && f.judgedBy(x).Store.GoesBefore(o, *in).Action == touch.Send {
				in.Gathered = append(in.Gathered, o)
				break // it may be pending under two ids
			}
			o.Customer = x.Customer
			in.Customer = in.Customer.With(customer.Claim{Touch: o.ClaimKey(), State: customer.Dropped, At: in.Now.UnixMilli()})
		}
	}
}

// claim settles a touch for all who are judged; to is the address of somebody else
// that the email went to.
func (f *teller) claim(id, to string, k customer.Claim) {
	k.Touch, k.Elsewhere = customer.ClaimKey(id), to != ""
	f.Person.Customer.SetClaim(k)
	for _, p := range f.Judged {
		p.Customer.SetClaim(k)
		if p.Recipient != nil && to != "" && customer.SameAddress(p.To, to) {
			here := k
			here.Elsewhere = false
			p.Recipient.Customer.SetClaim(here)
		}
	}
}
