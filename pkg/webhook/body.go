package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/touch"
)

// Type is what every request says that it is.
const Type = "message.due"

// request is the body of a request.
type request struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"` // when the message was made
	Data      data      `json:"data"`
}

// data is who gets the message, and what it says.
type data struct {
	Channel  string            `json:"channel"`
	Store    string            `json:"store"`
	Touch    string            `json:"touch"` // its id
	Worker   string            `json:"worker"`
	Step     string            `json:"step"`
	Variant  string            `json:"variant,omitempty"` // of the wording
	Occasion string            `json:"occasion"`
	Class    touch.Class       `json:"class"`
	Due      time.Time         `json:"due"`
	Customer map[string]string `json:"customer"` // id, and the fields that were asked for
	Language string            `json:"language,omitempty"`
	Subject  string            `json:"subject"`
	// Preheader is a sentence that follows the subject.
	Preheader string          `json:"preheader,omitempty"`
	Text      string          `json:"text"`
	About     *touch.Snapshot `json:"about,omitempty"` // the order, cart or subscription
	Offer     *offer          `json:"offer,omitempty"`
}

// offer is the code that the message carries.
type offer struct {
	Code      string        `json:"code"`
	Percent   int           `json:"percent,omitempty"`
	Amount    *events.Money `json:"amount,omitempty"`
	ExpiresAt *time.Time    `json:"expires_at,omitempty"`
}

// body makes the body of a request.
func (c *Channel) body(in channel.Content, words channel.Words) ([]byte, error) {
	d := data{
		Channel: c.o.Name, Store: c.o.Store, Touch: in.ID, Worker: in.Touch.Worker, Step: in.Touch.Step, Variant: in.Wording.Variant,
		Occasion: in.Touch.Occasion, Class: in.Step.Class, Due: in.Touch.Due.UTC(), Customer: c.who(in),
		Language: words.Copy.Language, Subject: words.Copy.Subject, Preheader: words.Copy.Preheader, Text: words.Copy.Text, About: about(in),
	}
	if o := in.Offer; o != nil {
		d.Offer = &offer{Code: o.Code, Percent: o.Percent}
		if o.Amount.Currency != "" {
			d.Offer.Amount = &o.Amount
		}
		if o.Expires != 0 {
			at := time.UnixMilli(o.Expires).UTC()
			d.Offer.ExpiresAt = &at
		}
	}
	b, err := json.Marshal(request{Type, in.Now.UTC().Truncate(time.Millisecond), d})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", channel.ErrMessage, err)
	}
	return b, nil
}

// who is the customer, as far as the configuration lets the endpoint know.
func (c *Channel) who(in channel.Content) map[string]string {
	known := map[string]string{
		"email": in.To.Address, "first_name": in.To.FirstName, "last_name": in.To.LastName, "locale": in.Customer.Language(),
		"country": in.Customer.Country.Value, "time_zone": in.Customer.Zone(), "birthday": in.Customer.Born(),
	}
	out := map[string]string{}
	for _, f := range c.o.Fields {
		if known[f] != "" {
			out[f] = known[f]
		}
	}
	out["id"] = in.Customer.ID.Value
	return out
}

// about is what the touch carries, with what the worker chose to show of it, and without
// what names the customer.
func about(in channel.Content) *touch.Snapshot {
	if in.Touch.Snapshot == nil && in.Wording.Items == nil {
		return nil
	}
	var s touch.Snapshot
	if in.Touch.Snapshot != nil {
		s = *in.Touch.Snapshot
	}
	s.To, s.FirstName, s.LastName = "", "", ""
	if in.Wording.Items != nil {
		s.Items, s.More = in.Wording.Items, in.Wording.More
	}
	return &s
}
