package delivery

import (
	"homing/events"
	"homing/pkg/trace"
)

// trace begins the span of an attempt, in a trace of its own with a link to the one in
// which the touch was planned, days ago perhaps. A touch that is put back has the link
// again.
func (d *Delivery) trace(a *attempt) {
	if d.o.Trace == nil {
		return
	}
	h := trace.Of(a.msg.Headers())
	a.touch.Trace = h
	a.span = d.o.Trace.Later("deliver", a.began, h, "worker", a.touch.Worker, "step", a.touch.Step,
		"store", a.touch.Customer.Store, "touch", a.id)
}

// What becomes of an attempt that leads to no fact.
const (
	putAside   = "set_aside"
	waits      = "waits"
	handedBack = "handed_back"
)

// decided says in the attempt's span what becomes of the touch. Details are not said: they
// may have what a relay answered.
func (a *attempt) decided(decision Decision) {
	switch decision.Action {
	case Drop:
		a.span.Say("outcome", events.ActionDropped, "reason", decision.Body.Reason)
	case HoldUntil:
		a.span.Say("outcome", events.ActionHeld, "reason", decision.Body.Reason)
	case Settled:
		a.span.Say("outcome", decision.Fact.Type.Action())
		if f, ok := decision.Fact.Data.(events.Fact); ok {
			a.span.Say("reason", f.Body().Reason)
		}
	case HandBack:
		a.span.Say("outcome", handedBack)
	default:
		if decision.Aside > 0 {
			a.span.Say("outcome", putAside)
		} else {
			a.span.Say("outcome", waits)
		}
	}
}

// traced ends the attempt's span.
func (a *attempt) traced(err error) {
	if err != nil {
		a.span.Fail("not done with yet")
	}
	a.span.End()
}
