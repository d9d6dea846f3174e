package delivery

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/channel"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// transmit is the last stage: it hands over the message of a touch that has just
// been claimed, and says what follows from the answer.
func (d *Delivery) transmit(ctx context.Context, a *attempt) Decision {
	out := a.conn.Send(d.memory.lingering(ctx), a.message, d.startLease(a))
	if errors.Is(out.Err, errStopping) {
		d.memory.unsentBy(a)
		return handBack(bus.ErrShutdown)
	}
	a.handed = true
	switch out.Meaning {
	case channel.LeaseEnded: // the process that has the claim now has the touch
		d.memory.unsentBy(a)
		return handBack(bus.Later(leaseFor))
	case channel.Unreachable:
		d.memory.unsentBy(a)
		return d.held(ctx, a, a.down(), out.Detail, out.Err)
	}
	a.answered = true
	return d.answer(a, out)
}

// linger is for how long the relay may go on answering a message that it is being told
// when the loop stops. If it has not been given all of it by then, the message has
// certainly not left, and goes to another process. One that it has been given is
// waited for: nobody else can know what became of it.
const linger = 10 * time.Second

// errStopping ends a message that had not left when the loop stopped.
var errStopping = errors.New("stopping: the message had not left")

// unknownTries is how often a transactional message is sent again when the answer
// did not come.
const unknownTries = 2

// answer says what follows from an answer, or from there being none.
func (d *Delivery) answer(a *attempt, out channel.Outcome) Decision {
	words := a.message.Words()
	body := func(r reason.Reason) events.FactBody {
		b := d.body(a, r, out.Detail)
		b.Template, b.TemplateVersion, b.MessageID = words.Template, words.Version, a.route.Channel.MessageID(a.id)
		b.SubjectArm, b.Language = words.SubjectArm, words.Copy.Language
		b.ServerCode, b.ServerEnhanced = out.Code, out.Enhanced
		return b
	}
	// left is the body of a message that left, perhaps, with all that is folded with it.
	left := func(r reason.Reason) events.FactBody {
		b := body(r)
		b.Bundles, b.Sunset = a.wording.Bundles, a.step.Sunset
		a.left = &words.Copy
		return b
	}
	switch out.Meaning {
	case channel.Accepted:
		b := left(reason.Sent)
		b.Detail = a.wording.Detail
		return settled(d.fact(a, events.ActionSent, b))
	case channel.Unknown:
		if a.step.Class == touch.Transactional && a.touch.Tries < unknownTries {
			return d.later(a, body(reason.Throughput), out)
		}
		return settled(d.fact(a, events.ActionUncertain, left(reason.Uncertain)))
	case channel.BadAddress:
		return Decision{Action: Drop, Body: d.unreachable(a, body)}
	case channel.Undecided:
		d.o.Log.Warn("refused, and it is not known yet whether that is about the recipient or about us", zap.String("touch", a.id), zap.Error(out.Err))
	case channel.ContentAtFault, channel.Refused, channel.Doubtful:
		a.doubted = out.Meaning == channel.Doubtful
		d.o.Log.Error("a message was refused for good", zap.String("touch", a.id), zap.String("template", words.Template), zap.Error(out.Err))
		return Decision{Action: Drop, Body: body(reason.RejectedByServer)}
	case channel.SenderAtFault:
		d.o.Log.Error("refused as a sender: check SPF, DKIM, blocklists and credentials, or the address and secret of the channel", zap.String("touch", a.id), zap.Error(out.Err))
	}
	decision := d.later(a, body(reason.Throughput), out)
	if decision.Action == Drop && out.Lasts {
		decision.Body = d.unreachable(a, body)
	}
	return decision
}

// unreachable is the body of a fact that says that the address cannot be used; or, of a
// channel that goes to no address, that it cannot reach the customer, which counts as their
// no to that channel and concerns no other.
func (d *Delivery) unreachable(a *attempt, body func(reason.Reason) events.FactBody) events.FactBody {
	if a.by() != "" {
		b := body(reason.Unsubscribed)
		b.Refuses = events.ScopeChannel + a.by()
		return b
	}
	b := body(reason.Bounced)
	b.Bounced = d.o.Address(a.touch.Customer.Store, a.to)
	return b
}

// What is refused for good, and not because of its recipient, is tried again after the
// first and then each time after twice as long, up to the longest: each try has a fact.
const (
	firstRefused   = 15 * time.Minute
	longestRefused = 6 * time.Hour
)

// later holds a touch that is worth another try, each time for longer, and for as long as
// the server asks. What is refused for good, and not because of its recipient, is tried
// again after somebody may have looked at it.
func (d *Delivery) later(a *attempt, body events.FactBody, out channel.Outcome) Decision {
	d.memory.unsentBy(a)
	wait := min(time.Hour, time.Minute<<min(a.touch.Tries, 10))
	if out.ForGood && out.Meaning != channel.Undecided {
		wait = min(longestRefused, firstRefused<<min(a.touch.Tries, 10))
	}
	wait = max(wait, out.After)
	a.touch.Tries++
	return holdWhileWorthIt(a, d.o.Scale.Now().Add(wait), body)
}
