package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/mailer"
	"homing/pkg/touch"
)

// errContended has the loop try again.
var errContended = errors.New("the customer keeps changing")

// claimTries bounds how often a claim is tried while others change the customer.
const claimTries = 20

// fresh is how long what the gate decided holds: making the mail and waiting for
// a connection may take longer.
const fresh = 5 * time.Second

// send passes by a relay in trouble before anything is spent on the mail. It takes
// leave of the throughput, so that no code is taken for a mail that
// has to wait, then renders and takes a connection, so that nothing slow stands
// between the claim and the relay; then it claims, and sends at once.
func (d *Delivery) send(ctx context.Context, a *attempt) error {
	end, ok := d.mayTry(a)
	if !ok {
		return d.park(ctx, a)
	}
	defer end()
	if passed, answer := d.leave(ctx, a); !passed {
		return answer
	}
	m, template, verdict, done, err := d.prepare(ctx, a)
	if m == nil {
		return d.turn(ctx, a, verdict, done, err)
	}
	conn, err := a.route.Relay.Acquire(ctx)
	switch {
	case errors.Is(err, mailer.ErrRelayDown):
		return d.held(ctx, a, touch.SMTPDown, "", err)
	case err != nil: // we are stopping
		return err
	}
	defer conn.Release()
	if d.o.Holds.Paused(a.touch.Worker, a.touch.Customer.Store) { // since it was taken up
		return d.waits(ctx, a)
	}
	if d.o.Scale.Now().Sub(a.judged) > fresh { // the quiet hours may have begun
		if verdict, done, err := d.decide(a); err != nil || done != nil || verdict.Action != touch.Send {
			conn.Release()
			return d.turn(ctx, a, verdict, done, err)
		}
	}
	for range claimTries {
		verdict, done, moved, err := d.claim(ctx, a)
		if err != nil || done != nil || verdict.Action != touch.Send {
			conn.Release() // what follows may take its time
			return d.turn(ctx, a, verdict, done, err)
		}
		if !moved {
			return d.hand(ctx, a, conn, m, template)
		}
		// Someone else wrote the customer since the mail was made: it may be to an
		// old address, or say what is no longer so.
		if m, template, verdict, done, err = d.prepare(ctx, a); m == nil {
			conn.Release()
			return d.turn(ctx, a, verdict, done, err)
		}
	}
	return errContended
}

// unmadeError says that a mail could not be made.
type unmadeError struct{ err error }

func (e *unmadeError) Error() string { return "making the mail: " + e.err.Error() }
func (e *unmadeError) Unwrap() error { return e.err }

// prepare makes the mail of a touch that the gate lets pass: the worker words
// it, its offer is bound, then it is rendered. Binding changes the customer; if
// someone else did before, the gate judges anew. It returns no message when
// something else became of the touch.
func (d *Delivery) prepare(ctx context.Context, a *attempt) (m *mailer.Message, template string, v touch.Verdict, done *events.Event, err error) {
	for range claimTries {
		if err = d.word(ctx, a); err != nil {
			return nil, "", v, nil, err
		}
		moved, err := d.bind(ctx, a)
		if err != nil {
			return nil, "", v, nil, err
		}
		if !moved {
			if m, template, err = d.compose(a); err != nil {
				return nil, "", v, nil, &unmadeError{err}
			}
			d.works(ctx, a, touch.TemplateError, templateOf(a))
			return m, template, v, nil, nil
		}
		if v, done, err = d.decide(a); err != nil || done != nil || v.Action != touch.Send {
			d.unneeded(a)
			return nil, "", v, done, err
		}
	}
	return nil, "", v, nil, errContended
}

// unmade says what becomes of a touch whose mail cannot be made. A template that
// fails is the system's fault, and all wait; a message that cannot be built is
// this touch's alone.
func (d *Delivery) unmade(ctx context.Context, a *attempt, err error) error {
	if errors.Is(err, mailer.ErrMessage) {
		d.o.Log.Error("a mail cannot be built", zap.String("touch", a.id), zap.Error(err))
		return d.hold(ctx, a, d.o.Scale.Now().Add(15*time.Minute), d.body(a, touch.TemplateError, "the message could not be built"))
	}
	return d.held(ctx, a, touch.TemplateError, templateOf(a), err)
}

// templateOf says which template a mail is made of, to a person.
func templateOf(a *attempt) string { return "template " + a.step.Template }

// hand gives the relay the mail of a touch that has just been claimed.
func (d *Delivery) hand(ctx context.Context, a *attempt, conn *mailer.Conn, m *mailer.Message, template string) error {
	lease := d.startLease(a)
	// From here on the mail may be on its way: shutting down waits for the answer.
	out := conn.Send(context.WithoutCancel(ctx), m, lease)
	lease.stop()
	conn.Release()
	m.Release()
	switch {
	case out.State == mailer.NotSent && (errors.Is(out.Err, errLeaseLost) || errors.Is(out.Err, mailer.ErrLeaseEnded)):
		return d.giveUp(ctx, a)
	case out.State == mailer.NotSent && out.Phase < mailer.PhaseMail:
		if err := d.release(context.WithoutCancel(ctx), a); err != nil {
			return err
		}
		return d.held(ctx, a, touch.SMTPDown, "", out.Err)
	}
	err := d.answer(ctx, a, out, template)
	d.works(ctx, a, touch.SMTPDown, "") // nothing stands between the answer and its record
	return err
}

// turn carries out what was decided anew because the claim did not come off.
func (d *Delivery) turn(ctx context.Context, a *attempt, v touch.Verdict, done *events.Event, err error) error {
	if unmade, ok := errors.AsType[*unmadeError](err); ok {
		return d.unmade(ctx, a, unmade.err)
	}
	if empty, ok := errors.AsType[*noCodeError](err); ok {
		d.failed(ctx, a.touch.Customer.Store, touch.NoOfferCode, empty.detail(), err)
		return d.park(ctx, a)
	}
	switch {
	case errors.Is(err, errRanOut):
		return d.conclude(ctx, a, d.fact(a, &events.EmailDropped{Email: d.body(a, touch.Expired, err.Error())}))
	case err != nil:
		return err
	case done != nil:
		return d.conclude(ctx, a, *done)
	case v.Action == touch.Hold:
		if v.Moves {
			a.touch.Due = v.Until
		}
		return d.hold(ctx, a, v.Until, d.body(a, v.Reason, v.Detail))
	}
	return d.conclude(ctx, a, d.fact(a, &events.EmailDropped{Email: d.body(a, v.Reason, v.Detail)}))
}

// claim takes the touch and a place in the caps, in one step with the check that
// nothing changed since the gate judged, neither with the customer nor with their
// address. If something did, the gate judges anew; moved says that it still lets
// the touch pass, and nothing is claimed yet.
func (d *Delivery) claim(ctx context.Context, a *attempt) (v touch.Verdict, done *events.Event, moved bool, err error) {
	b := *a
	b.record.Customer.Claims = slices.Clone(a.record.Customer.Claims)
	b.claimOthers(d.open(a))
	b.record.Customer.SetClaim(d.open(a))
	ok, same, err := d.o.Customers.SaveBeside(ctx, &b.record, a.mailbox)
	if err == nil && ok && same {
		d.unsent.forget(a.id)
		a.record = b.record
		return v, nil, false, nil
	}
	// The claim may stand all the same: beside an address that is no longer what it
	// was, or since the answer to it was lost and the client wrote a second time. What
	// it was taken for may be wrong by now.
	if gone := d.release(context.WithoutCancel(ctx), a); err == nil {
		err = gone
	}
	if err != nil {
		return v, nil, false, err
	}
	v, done, err = d.decide(a)
	return v, done, true, err
}

// answer does what follows from the relay's answer.
func (d *Delivery) answer(ctx context.Context, a *attempt, out mailer.Outcome, template string) error {
	said := relaySaid(out)
	body := func(r touch.Reason) events.Email {
		b := d.body(a, r, said)
		b.Template, b.MessageID = template, messageID(a)
		b.ServerCode, b.ServerEnhanced = out.Code, out.Enhanced
		return b
	}
	switch out.Meaning() {
	case mailer.MeansAccepted:
		b := body(touch.Sent)
		b.Detail = a.wording.Detail
		d.addFolded(a, &b)
		return d.conclude(ctx, a, d.fact(a, &events.EmailSent{Email: b}))
	case mailer.MeansUnknown:
		if a.step.Class == touch.Transactional && a.touch.Tries < unknownTries {
			return d.later(ctx, a, body(touch.Throughput))
		}
		b := body(touch.Uncertain)
		d.addFolded(a, &b)
		return d.conclude(ctx, a, d.fact(a, &events.EmailUncertain{Email: b}))
	case mailer.MeansBadAddress:
		b := body(touch.Bounced)
		b.Bounced = d.o.Address(a.touch.Customer.Store, a.to)
		return d.conclude(ctx, a, d.fact(a, &events.EmailDropped{Email: b}))
	case mailer.MeansMessageAtFault, mailer.MeansRefused:
		d.o.Log.Error("the relay refused a mail for good", zap.String("touch", a.id), zap.String("template", template), zap.Error(out.Err))
		return d.conclude(ctx, a, d.fact(a, &events.EmailDropped{Email: body(touch.RejectedByServer)}))
	case mailer.MeansSenderAtFault:
		d.o.Log.Error("the relay refuses us as a sender: check SPF, DKIM, blocklists and credentials", zap.String("touch", a.id), zap.Error(out.Err))
	}
	return d.later(ctx, a, body(touch.Throughput))
}

// unknownTries is how often a transactional mail is sent once more when the
// relay's answer did not come.
const unknownTries = 2

// later releases the claim and its place, puts the touch on the schedule, and
// is done with it, in that order.
func (d *Delivery) later(ctx context.Context, a *attempt, body events.Email) error {
	ctx = context.WithoutCancel(ctx)
	if err := d.release(ctx, a); err != nil {
		return err
	}
	now := d.o.Scale.Now()
	wait := min(time.Hour, time.Minute<<min(a.touch.Tries, 10))
	if body.ServerCode/100 == 5 {
		wait = 15 * time.Minute
	}
	a.touch.Tries++
	until := now.Add(wait)
	return d.holdWhileWorthIt(ctx, a, until, body)
}

// holdWhileWorthIt holds the touch, unless it would come too late then.
func (d *Delivery) holdWhileWorthIt(ctx context.Context, a *attempt, until time.Time, body events.Email) error {
	if end := a.touch.Due.Add(a.step.Expires); until.After(end) {
		body.Reason = string(touch.Expired)
		return d.conclude(ctx, a, d.fact(a, &events.EmailDropped{Email: body}))
	}
	return d.hold(ctx, a, until, body)
}

// relaySaid describes an answer to a person: codes only, since relays quote
// addresses.
func relaySaid(out mailer.Outcome) string {
	switch {
	case out.Code != 0 && out.Enhanced != "":
		return fmt.Sprintf("the relay answered %d %s to %s", out.Code, out.Enhanced, out.Phase)
	case out.Code != 0:
		return fmt.Sprintf("the relay answered %d to %s", out.Code, out.Phase)
	}
	return "the connection to the relay ended at " + out.Phase.String()
}
