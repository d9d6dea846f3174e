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
	"time"

	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/mailer"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/touch"
)

// Renderer makes an email's texts from a template and data.
type Renderer interface {
	Render(name string, d render.Data) (render.Mail, error)
}

// Options are what the emails of one store are made of and sent through.
type Options struct {
	Store *programme.Store
	DKIM  *mailer.DKIM // nil: unsigned
	Relay *mailer.Relay
	// Templates returns the templates that are in force, and their name. It is called
	// once for an email, which is made from these even if others are in force since.
	Templates func() (templates Renderer, version string)
	// Unsubscribe returns the link by which a customer leaves a worker's emails; no
	// marketing email goes out without it.
	Unsubscribe func(k customer.Key, worker string) string
	// Preferences returns the link to a customer's preferences; "" for none. It may be nil.
	Preferences func(k customer.Key, worker string) string
	// Confirm returns the link by which somebody says that an address is theirs, from an
	// email that is sent to it then. It may be nil.
	Confirm func(k customer.Key, worker, address string, now time.Time) string
	// View returns the link that shows a touch's email in a browser; "" if it cannot be
	// shown. It may be nil.
	View func(k customer.Key, worker, touchID string) string
	// Answer returns the link by which a customer answers a question; "" if there is none
	// to such an answer. It may be nil: nothing is asked.
	Answer func(k customer.Key, worker string, a Answer) string
	// Shop returns what is known about the store's products, for what an email recommends
	// and quotes. It may be nil: nothing is.
	Shop func() Shop
	// Leads returns where the links of an email lead; nil: as its template says.
	Leads func(content channel.Content) Leads
	// Digest returns how the week went that ended before a time, for the people of the shop.
	// It may be nil: no email shows that.
	Digest func(now time.Time) (*render.Digest, []mailer.Picture, error)
	// ReturnPath returns the address to which a touch's email comes back from an address;
	// "" for the store's. It may be nil: the store's.
	ReturnPath func(k customer.Key, touchID, to string) string
	// Report returns the header by which the relay's provider names a touch's email in its
	// reports; "" for none. It may be nil: the provider doesn't report.
	Report func(k customer.Key, touchID, to string) (name, value string)
	// Answered is told what became of each email that was handed over, or was to be. It may be nil.
	Answered func(channel.Outcome)
}

// An Answer is one that an email has a link for: a choice, or a score on a scale.
type Answer struct {
	Survey, Question string // Survey may be empty
	Choice           string
	Scale            string
	Score            int
	Order            string // that it is about; may be empty
}

// Leads says where the links of one email lead instead. Any of it may be nil or empty.
type Leads struct {
	HTML, Text func(url string) string
	Picture    string // that nobody sees
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

// Write returns what an email would say, for another channel to say it: it needs no relay.
func (c *Channel) Write(content channel.Content) (channel.Words, error) {
	w, err := c.write(content)
	return w.Words, err
}

// written is what an email says, and what is only in the one that leaves.
type written struct {
	channel.Words
	sent           string // HTML; see lead
	pictures       []mailer.Picture
	unsubscribeURL string
}

func (c *Channel) write(content channel.Content) (written, error) {
	data := c.data(content)
	if content.Wording.Confirms && data.ConfirmURL == "" {
		return written{}, fmt.Errorf("%w: there is no link to confirm by: http.public_url is empty", channel.ErrMessage)
	}
	var pictures []mailer.Picture
	if content.Wording.Digest {
		var err error
		if data.Digest, pictures, err = c.o.Digest(content.Now); err != nil {
			return written{}, fmt.Errorf("%w: %w", channel.ErrUnread, err)
		}
	}
	template := content.Step.Template
	templates, version := c.o.Templates()
	mail, err := templates.Render(template, data)
	if err != nil {
		return written{}, err
	}
	if v := content.Wording.Variant; v != "" {
		template += "#" + v
	}
	sent := c.lead(content, &mail)
	copied := channel.Copy{Subject: mail.Subject, Preheader: mail.Preheader, HTML: mail.HTML, Text: mail.Text, Language: mail.Lang}
	return written{channel.Words{Template: template, Version: version, SubjectArm: mail.SubjectArm, Copy: copied}, sent, pictures, data.UnsubscribeURL}, nil
}

// Compose implements channel.Channel.
func (c *Channel) Compose(content channel.Content) (channel.Message, error) {
	w, err := c.write(content)
	if err != nil {
		return nil, err
	}
	to, envelope := content.To, ""
	if c.o.ReturnPath != nil {
		envelope = c.o.ReturnPath(content.Touch.Customer, content.ID, to.Address)
	}
	var headers map[string]string
	if c.o.Report != nil {
		if name, value := c.o.Report(content.Touch.Customer, content.ID, to.Address); name != "" {
			headers = map[string]string{name: value}
		}
	}
	built, err := mailer.Build(mailer.Mail{
		From: c.o.Store.From, ReplyTo: c.o.Store.ReplyTo,
		To: to.Address, ToName: render.DisplayName(to.FirstName, to.LastName),
		Subject: w.Copy.Subject, HTML: w.sent, Text: w.Copy.Text, Pictures: w.pictures, Envelope: envelope,
		MessageID: c.MessageID(content.ID), Date: content.Now, UnsubscribeURL: w.unsubscribeURL, DKIM: c.o.DKIM,
		Headers: headers, Urgent: content.Step.Class == touch.Transactional,
	})
	switch {
	case errors.Is(err, mailer.ErrMessage):
		return nil, fmt.Errorf("%w: %w", channel.ErrMessage, err)
	case err != nil:
		return nil, err
	}
	return &message{built, w.Words}, nil
}

// message is a built email, and what it was made from.
type message struct {
	built *mailer.Message
	words channel.Words
}

// Words implements channel.Message.
func (m *message) Words() channel.Words { return m.words }

func (m *message) Release() { m.built.Release() }

// Open implements channel.Channel.
func (c *Channel) Open(ctx context.Context, m channel.Message) (channel.Conn, error) {
	conn, err := c.o.Relay.AcquireFor(ctx, m.(*message).built)
	if err != nil {
		return nil, down(err)
	}
	return relayConn{conn, c.o.Answered}, nil
}

// Ready implements channel.Channel.
func (c *Channel) Ready(address string, urgent bool) error {
	return down(c.o.Relay.Ready(address, urgent))
}

// down puts an error of the relay into the words of all channels.
func down(err error) error {
	if errors.Is(err, mailer.ErrRelayDown) {
		return &channel.DownError{Detail: why(err), Err: err}
	}
	return err
}

// relayConn is a connection to the relay.
type relayConn struct {
	*mailer.Conn
	answered func(channel.Outcome) // may be nil
}

// Send implements channel.Conn.
func (c relayConn) Send(ctx context.Context, m channel.Message, l channel.Lease) channel.Outcome {
	out := c.Conn.Send(ctx, m.(*message).built, lease{l})
	answer := channel.Outcome{Meaning: meaning(out), Code: out.Code, Enhanced: out.Enhanced, Err: out.Err, Lasts: out.Lasts, ForGood: out.Code/100 == 5}
	if answer.Meaning != channel.Accepted {
		answer.Detail = detail(out)
	}
	if c.answered != nil {
		c.answered(answer)
	}
	return answer
}

// why is what a person is told about a relay that is down: the same of the email that was
// tried, in this process or another one, and of those that were not.
func why(err error) string {
	if paused, ok := errors.AsType[*mailer.PausedError](err); ok {
		err = paused.Why
	}
	if f, ok := errors.AsType[*mailer.Failure](err); ok {
		return f.Why()
	}
	return err.Error()
}

// lease is a channel.Lease in mailer's words.
type lease struct{ channel.Lease }

func (l lease) BeforeDot() error { return l.Confirm() }

// meaning puts mailer's judgement of an outcome into the words of all channels.
func meaning(out mailer.Outcome) channel.Meaning {
	switch {
	case out.State == mailer.NotSent && (errors.Is(out.Err, channel.ErrLeaseLost) || errors.Is(out.Err, mailer.ErrLeaseEnded)):
		return channel.LeaseEnded
	case out.State == mailer.NotSent && (out.Phase < mailer.PhaseMail || out.Barred || out.Phase == mailer.PhaseMail && out.Code/100 == 4):
		return channel.Unreachable
	case out.Undecided:
		return channel.Undecided
	}
	return meanings[out.Meaning()]
}

var meanings = map[mailer.Meaning]channel.Meaning{
	mailer.MeansUnknown: channel.Unknown, mailer.MeansAccepted: channel.Accepted, mailer.MeansLater: channel.Later, mailer.MeansBadAddress: channel.BadAddress,
	mailer.MeansMessageAtFault: channel.ContentAtFault, mailer.MeansSenderAtFault: channel.SenderAtFault, mailer.MeansRefused: channel.Refused,
	mailer.MeansDoubtful: channel.Doubtful,
}

// detail describes a reply to a person: its codes, and its words as they were redacted.
func detail(out mailer.Outcome) string {
	if out.Code == 0 {
		return "the connection to the relay ended at " + out.Phase.String()
	}
	text := fmt.Sprintf("the relay answered %d", out.Code)
	if out.Enhanced != "" {
		text += " " + out.Enhanced
	}
	text += " to " + out.Phase.String()
	if words := out.Words(); words != "" {
		text += ": " + words
	}
	return text
}
