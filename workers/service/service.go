// Package service writes once more to a customer whose complaint was dealt with: to hear
// whether everything is right again, and to make up for it if the shop likes.
//
// Trigger: complaint.closed, a shop's or a help desk's. Step: follow-up, a day later. What
// a customer complained about several times, or in several orders, is one email after the
// last complaint was closed: while another one is open, nothing is sent.
//
// Transactional by default: it is about what the customer asked the shop to do, and
// carries no offer. With an offer there is a second email, a day after the first: step
// present, marketing.
package service

import (
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "service"

// The steps.
const (
	FollowUp = "follow-up"
	Present  = "present"
)

const (
	day     = 24 * time.Hour
	later   = day // from the follow-up to the present
	expires = 7 * day
	// onceIn is how long nobody is written to again, whatever else was closed.
	onceIn = 7 * day
)

// Config is the worker's section of the configuration.
type Config struct {
	workers.Settings `yaml:",inline"`
	After            time.Duration  `yaml:"after"` // from the closing to the email
	Offer            *workers.Offer `yaml:"offer"` // comes with an email of its own; nil: none
}

// Defaults returns the configuration of a worker that the file does not mention.
func Defaults() Config {
	return Config{Settings: workers.Settings{Status: workers.Off, Priority: 75, Class: touch.Transactional}, After: day}
}

func (c Config) validate() error {
	err := errors.Join(c.Settings.Validate(), workers.At("offer", c.Offer.Validate()))
	if c.After < 0 {
		err = errors.Join(err, fmt.Errorf("after: %v is negative; 0s sends at once", c.After))
	}
	return err
}

// Kind makes service workers.
var Kind = workers.Kind{
	Name:     Name,
	Emails:   "emails after a complaint",
	Triggers: []events.Type{events.TypeComplaintClosed},
	Horizon:  expires,
	OfOrder:  true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose}
	}),
}

// worker is the service programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	out := []touch.Step{{Name: FollowUp, Template: Name + "/" + FollowUp, Class: w.config.Class, Expires: expires}}
	if terms := w.config.Offer.Terms(); terms != nil {
		out = append(out, touch.Step{Name: Present, Template: Name + "/" + Present, Class: touch.Marketing, Expires: expires, Offer: terms})
	}
	return out
}

// due returns when an email about what was closed is right.
func (w worker) due(step string, closed time.Time) time.Time {
	if step == Present {
		closed = closed.Add(later)
	}
	return closed.Add(w.config.After)
}

// Plan follows up on what was closed.
func (w worker) Plan(in workers.Input) []touch.Touch {
	d, ok := in.Event.Data.(*events.ComplaintClosed)
	if !ok {
		return nil
	}
	at := customer.StampOf(in.Event).Time()
	var out []touch.Touch
	for _, s := range w.steps() {
		out = append(out, touch.Touch{Worker: Name, Step: s.Name, Occasion: workers.ClosingOf(at), Due: w.due(s.Name, at), Snapshot: &touch.Snapshot{Order: d.Complaint.OrderID}})
	}
	return out
}

// Wanted asks whether all is closed, and nothing was closed later.
func (w worker) Wanted(t touch.Touch, in workers.Input) touch.Verdict {
	return workers.AfterClosing(t, in, onceIn, func(closed time.Time) time.Time { return w.due(t.Step, closed) })
}

// Compose makes the offer of the present.
func (w worker) Compose(t touch.Touch, _ workers.Input) workers.Wording {
	var out workers.Wording
	if t.Step == Present {
		out.Offer = w.config.Offer.Terms()
	}
	if closed, ok := workers.Closing(t); ok {
		out.Detail = "closed " + closed.Format("2006-01-02 15:04 MST")
	}
	return out
}
