package delivery

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"homing/events"
	"homing/pkg/mailer"
	"homing/pkg/touch"
)

// compose renders and builds the mail, and names its template with the variant.
func (d *Delivery) compose(a *attempt) (*mailer.Message, string, error) {
	now, c, w := d.o.Scale.Now(), &a.record.Customer, a.wording
	data := d.data(a)
	template := a.step.Template
	mail, err := d.o.Templates.Render(template, data)
	if err != nil {
		return nil, "", err
	}
	if w.Variant != "" {
		template += "#" + w.Variant
	}
	a.to = c.Email.Value
	m, err := mailer.Build(mailer.Mail{
		From: a.store.From, ReplyTo: a.store.ReplyTo,
		To: c.Email.Value, ToName: strings.TrimSpace(c.FirstName.Value + " " + c.LastName.Value),
		Subject: mail.Subject, HTML: mail.HTML, Text: mail.Text,
		MessageID: messageID(a), Date: now, UnsubscribeURL: data.UnsubscribeURL, DKIM: a.route.DKIM,
	})
	return m, template, err
}

var lower = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// messageID derives the Message-ID from the touch id, so that a mail sent once
// more can be recognised.
func messageID(a *attempt) string {
	h := sha256.Sum256([]byte(a.touch.Customer.Store + "\x00" + a.id))
	return lower.EncodeToString(h[:20]) + "@" + a.store.Domain
}

// body returns the parts that all facts about the touch share.
func (d *Delivery) body(a *attempt, why touch.Reason, detail string) events.Email {
	due := a.touch.Due.UTC()
	return events.Email{
		Touch: a.id, Worker: a.touch.Worker, Step: a.touch.Step, Customer: a.touch.Customer.Token, Occasion: a.touch.Occasion,
		Class: string(a.step.Class), Reason: string(why), Detail: detail, Due: &due,
	}
}

// fact returns an event of our own. Its id is the touch and what became of it,
// so that saying it twice is saying it once.
func (d *Delivery) fact(a *attempt, data events.Data) events.Event {
	return events.Event{
		ID: a.id + "." + string(data.Type())[len("email."):], Source: "/homing/delivery",
		Type: data.Type(), Store: a.touch.Customer.Store, Time: d.o.Scale.Now().UTC().Truncate(1e6), Data: data,
	}
}
