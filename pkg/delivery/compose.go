package delivery

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"homing/pkg/channel"
	"homing/pkg/reason"
)

// compose is the stage that makes the message. A template that fails is the
// system's fault, and all that use it wait; a message that cannot be made is this
// touch's alone.
func (d *Delivery) compose(ctx context.Context, a *attempt) Decision {
	a.discard()
	now := d.o.Scale.Now()
	var err error
	a.message, err = a.route.Channel.Compose(channel.Content{
		ID: a.id, Touch: a.touch, Step: a.step, Customer: &a.person.Customer, To: a.recipient(),
		Wording: a.wording, Shared: a.shared, Offer: a.offer, Now: now,
	})
	detail := "template " + a.step.Template
	switch {
	case errors.Is(err, channel.ErrMessage):
		d.o.Log.Error("a message cannot be built", zap.String("touch", a.id), zap.Error(err))
		return Decision{Action: HoldUntil, Until: now.Add(15 * time.Minute), Body: d.body(a, reason.TemplateError, "the message could not be built")}
	case errors.Is(err, channel.ErrUnread):
		return waitFor(err)
	case err != nil:
		return d.held(ctx, a, reason.TemplateError, detail, err)
	}
	d.works(ctx, a, reason.TemplateError, detail)
	return Decision{}
}

// recipient is whom the message is for. Where that is an address that isn't the
// person's, links in the message are for what is known about the address itself, so
// that a no by them stops what goes there, and nothing else.
func (a *attempt) recipient() channel.Recipient {
	to := channel.Recipient{Address: a.to, Record: a.touch.Customer}
	if a.other != nil {
		to.Record = a.mailbox
		to.FirstName, to.LastName = a.touch.Names(&a.other.Customer)
	} else {
		to.FirstName, to.LastName = a.touch.Names(&a.record.Customer, &a.person.Customer)
	}
	return to
}

// open is the stage that takes a connection, so that nothing slow comes between
// the claim and the message. Waiting for one may have taken time.
func (d *Delivery) open(ctx context.Context, a *attempt) Decision {
	if a.conn == nil {
		var err error
		if a.conn, err = a.route.Channel.Open(ctx, a.message); err != nil {
			a.conn = nil
			return d.down(ctx, a, err)
		}
	}
	switch {
	case d.paused(a):
		return d.pause(a)
	case d.o.Scale.Now().Sub(a.judged) > fresh: // the quiet hours may have begun
		return judgeAgain
	}
	return Decision{}
}

// down is what becomes of a touch that the channel cannot take now.
func (d *Delivery) down(ctx context.Context, a *attempt, err error) Decision {
	if !errors.Is(err, channel.ErrDown) { // we are stopping
		return waitFor(err)
	}
	var detail string
	if down, ok := errors.AsType[*channel.DownError](err); ok {
		detail = down.Detail
	}
	return d.held(ctx, a, a.down(), detail, err)
}
