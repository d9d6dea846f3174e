// Package email is the email channel: it renders a template, builds the message
// and hands it to the store's SMTP relay. What a reply of the relay means is
// mailer's knowledge; what becomes of the touch is delivery's decision.
package email

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"

	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/render"
)

// Renderer makes an email's texts from a template and data.
type Renderer interface {
	Render(name string, d render.Data) (render.Mail, error)
}

// Options are what the emails of one store are made of and sent through.
type Options struct {
	Store     *programme.Store
	DKIM      *mailer.DKIM // nil: unsigned
	Relay     *mailer.Relay
	Templates Renderer
	// Unsubscribe returns the link by which a customer leaves a worker's emails; no
	// marketing email goes out without it.
	Unsubscribe func(k customer.Key, worker string) string
	// Answer returns the link by which a customer answers a question; "" if question
	// or answer are more than plain words (a-z, - and _). It may be nil.
	Answer func(k customer.Key, worker, question, answer string) string
}

// Channel sends the emails of one store. It implements channel.Channel.
type Channel struct{ o Options }

// New returns the email channel of a store.
func New(o Options) *Channel { return &Channel{o} }

// Name implements channel.Channel.
func (*Channel) Name() string { return "email" }

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// MessageID implements channel.Channel.
func (c *Channel) MessageID(touchID string) string {
	h := sha256.Sum256([]byte(c.o.Store.ID + "\x00" + touchID))
	return lower.EncodeToString(h[:20]) + "@" + c.o.Store.Domain
}

// Compose implements channel.Channel.
func (c *Channel) Compose(content channel.Content) (channel.Message, error) {
	data := c.data(content)
	template := content.Step.Template
	mail, err := c.o.Templates.Render(template, data)
	if err != nil {
		return nil, err
	}
	if v := content.Wording.Variant; v != "" {
		template += "#" + v
	}
	to := content.To
	built, err := mailer.Build(mailer.Mail{
		From: c.o.Store.From, ReplyTo: c.o.Store.ReplyTo,
		To: to.Address, ToName: render.DisplayName(to.FirstName, to.LastName),
		Subject: mail.Subject, HTML: mail.HTML, Text: mail.Text,
		MessageID: c.MessageID(content.ID), Date: content.Now, UnsubscribeURL: data.UnsubscribeURL, DKIM: c.o.DKIM,
	})
	switch {
	case errors.Is(err, mailer.ErrMessage):
		return nil, fmt.Errorf("%w: %w", channel.ErrMessage, err)
	case err != nil:
		return nil, err
	}
	return &message{built, template}, nil
}

// message is a built email, and the template it was made from.
type message struct {
	built    *mailer.Message
	template string
}

func (m *message) Template() string { return m.template }

func (m *message) Release() { m.built.Release() }

// Open implements channel.Channel.
func (c *Channel) Open(ctx context.Context) (channel.Conn, error) {
	conn, err := c.o.Relay.Acquire(ctx)
	switch {
	case errors.Is(err, mailer.ErrRelayDown):
		return nil, fmt.Errorf("%w: %w", channel.ErrDown, err)
	case err != nil:
		return nil, err
	}
	return relayConn{conn}, nil
}

// relayConn is a connection to the relay.
type relayConn struct{ *mailer.Conn }

// Send implements channel.Conn.
func (c relayConn) Send(ctx context.Context, m channel.Message, l channel.Lease) channel.Outcome {
	out := c.Conn.Send(ctx, m.(*message).built, lease{l})
	answer := channel.Outcome{Meaning: meaning(out), Code: out.Code, Enhanced: out.Enhanced, Err: out.Err}
	if answer.Meaning != channel.Accepted {
		answer.Detail = detail(out)
	}
	return answer
}

// lease is a channel.Lease in mailer's words.
type lease struct{ channel.Lease }

func (l lease) BeforeDot() error { return l.Confirm() }

// meaning puts mailer's judgement of an outcome into the words of all channels.
func meaning(out mailer.Outcome) channel.Meaning {
	switch {
	case out.State == mailer.NotSent && (errors.Is(out.Err, channel.ErrLeaseLost) || errors.Is(out.Err, mailer.ErrLeaseEnded)):
		return channel.LeaseEnded
	case out.State == mailer.NotSent && out.Phase < mailer.PhaseMail:
		return channel.Unreachable
	}
	return meanings[out.Meaning()]
}

var meanings = map[mailer.Meaning]channel.Meaning{
	mailer.MeansUnknown: channel.Unknown, mailer.MeansAccepted: channel.Accepted, mailer.MeansLater: channel.Later, mailer.MeansBadAddress: channel.BadAddress,
	mailer.MeansMessageAtFault: channel.ContentAtFault, mailer.MeansSenderAtFault: channel.SenderAtFault, mailer.MeansRefused: channel.Refused,
}

// detail describes a reply to a person: with codes only, since relays quote
// addresses.
func detail(out mailer.Outcome) string {
	switch {
	case out.Code != 0 && out.Enhanced != "":
		return fmt.Sprintf("the relay answered %d %s to %s", out.Code, out.Enhanced, out.Phase)
	case out.Code != 0:
		return fmt.Sprintf("the relay answered %d to %s", out.Code, out.Phase)
	}
	return "the connection to the relay ended at " + out.Phase.String()
}
