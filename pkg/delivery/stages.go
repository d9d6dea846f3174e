package delivery

import (
	"context"
	"errors"
	"time"

	"homing/events"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// An Action is what becomes of a touch.
type Action uint8

// The actions. The zero Action is Send: a stage that has nothing against a touch
// lets it go on to the next.
const (
	Send       Action = iota
	JudgeAgain        // the customer changed: what was decided and composed may be wrong by now
	HoldUntil         // back on the schedule, with a fact that says why
	Drop              // never sent, with a fact that says why
	Settled           // it has an outcome, now or since an earlier attempt: the fact is recorded
	Wait              // for the system: it stays in flight, or is set aside for a while
	HandBack          // to NATS, for whichever replica is next
)

// A Decision is what a stage says becomes of a touch. The zero Decision is Send.
type Decision struct {
	Action Action
	Body   events.FactBody // HoldUntil, Drop: of the fact
	Until  time.Time       // HoldUntil: business time
	Zone   string          // HoldUntil: of the clocks on which Until is a time of day, if it is one
	Moves  bool            // HoldUntil: Until is the touch's due time from now on
	Fact   events.Event    // Settled
	Aside  time.Duration   // Wait: for how long it is put back on the schedule; 0: it stays in flight
	Why    reason.Reason   // Wait: why, if it is put back
	Err    error           // Wait, HandBack: what the loop is told
}

// judgeTries bounds how often a touch is judged while others change its customer.
const judgeTries = 20

// errContended has the loop try again.
var errContended = errors.New("the customer keeps changing")

// A stage looks at a touch, or takes it a step further.
type stage func(ctx context.Context, a *attempt) Decision

// The stages, in their order: those that a touch goes through first, and those that it goes
// through again when what it was judged by has changed.
func (d *Delivery) stages() (first, judged []stage) {
	first = []stage{
		d.recall,                   // was it decided before, and could not be recorded?
		d.timed("read", d.refresh), // was it read too long ago?
		d.doubt,                    // may somebody else have sent it, of which nothing is known here?
	}
	judged = []stage{
		d.timed("judge", d.judge),       // may it be sent now? the gate decides
		d.still,                         // may anything leave at all? nothing is spent on what may not
		d.timed("permit", d.permit),     // does the relay have room? its throughput is shared
		d.timed("word", d.word),         // what does it say? the worker chooses
		d.timed("bind", d.bind),         // which code does it offer?
		d.timed("compose", d.compose),   // the message itself
		d.timed("open", d.open),         // a connection: all that is slow comes before the claim
		d.ask,                           // if it asks for consent: was its mailbox asked too often?
		d.still,                         // may it still, after all that was slow?
		d.timed("claim", d.claim),       // the touch is ours, if nothing changed since the gate judged
		d.timed("transmit", d.transmit), // the message leaves
	}
	return first, judged
}

// decide takes a touch through the stages until one decides what becomes of it. The last
// one always does.
func (d *Delivery) decide(ctx context.Context, a *attempt) Decision {
	decision := through(ctx, a, d.first)
	for tries := 0; decision.Action == Send && tries < judgeTries; tries++ {
		decision = through(ctx, a, d.judged)
		if decision.Action == JudgeAgain {
			decision = Decision{}
		}
	}
	if decision.Action == Send {
		return waitFor(errContended)
	}
	return decision
}

// through asks stages in their order. The first that has something to say decides.
func through(ctx context.Context, a *attempt, stages []stage) Decision {
	for _, s := range stages {
		if decision := s(ctx, a); decision.Action != Send {
			return decision
		}
	}
	return Decision{}
}

var judgeAgain = Decision{Action: JudgeAgain}

// waitFor keeps a touch in flight until a server is back; the loop decides when.
func waitFor(err error) Decision { return Decision{Action: Wait, Err: err} }

// setAside puts a touch back on the schedule for a while, and says nothing of it on the
// timeline.
func setAside(d time.Duration, why reason.Reason) Decision {
	return Decision{Action: Wait, Aside: d, Why: why}
}

func handBack(err error) Decision { return Decision{Action: HandBack, Err: err} }

func settled(f events.Event) Decision { return Decision{Action: Settled, Fact: f} }

// verdict is what the gate's verdict means for a touch.
func (d *Delivery) verdict(a *attempt, v touch.Verdict) Decision {
	switch v.Action {
	case touch.Send:
		return Decision{}
	case touch.Hold:
		return Decision{Action: HoldUntil, Until: v.Until, Zone: v.Zone, Moves: v.Moves, Body: d.body(a, v.Reason, v.Detail)}
	}
	return Decision{Action: Drop, Body: d.body(a, v.Reason, v.Detail)}
}

// holdWhileWorthIt holds a touch, unless it would come too late then.
func holdWhileWorthIt(a *attempt, until time.Time, body events.FactBody) Decision {
	if end := a.touch.Due.Add(a.step.Expires); until.After(end) {
		body.Reason = string(reason.Expired)
		return Decision{Action: Drop, Body: body}
	}
	return Decision{Action: HoldUntil, Until: until, Body: body}
}
