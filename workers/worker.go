// Package workers is the contract of the programmes of email that Homing
// sends: what a worker may know, what it is asked, and what all of them share
// in the configuration. Each worker is a package of its own beside this one.
//
// A worker is pure. It never sends, sleeps, acknowledges or does I/O, and asks
// no clock: all it may know is in its Input. That is why the same code decides
// live, in a rebuild and over history.
package workers

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/product"
	"homing/pkg/touch"
)

// Input is all a worker may know: what happened, the customer as of it, the time.
type Input struct {
	Event    events.Event // Plan: the event that triggered it; Wanted and Compose: the zero Event
	Customer customer.Customer
	Key      customer.Key      // Plan: whose; with it what became of a touch is found among the claims
	Products *product.Snapshot // of the store; nil: nothing is known
	Zone     *time.Location    // of the store; see Location
	Gathered []touch.Touch     // Compose: what Gathers named and was still pending, with what it displays
	Now      time.Time
}

// Location returns the zone whose clocks count: the customer's, or else the store's.
func (in Input) Location() *time.Location {
	return in.Customer.Location(cmp.Or(in.Zone, time.UTC))
}

// A Worker decides which emails an event leads to, and whether each is still
// wanted when it falls due.
type Worker interface {
	// Name is the worker's durable name, config key and metric label.
	Name() string
	// Triggers lists the types of event that may lead to an email.
	Triggers() []events.Type
	// Steps lists the emails of the worker, as they are configured now.
	Steps() []touch.Step
	// Plan returns the touches that the customer's state leads to, now that the
	// event has been folded into it. Dates come from the customer, not from the
	// one event, and planning twice gives the same touches.
	Plan(in Input) []touch.Touch
	// Wanted says, when a touch falls due, whether it still makes sense: the
	// zero Verdict, a hold (not_yet) or a drop.
	Wanted(t touch.Touch, in Input) touch.Verdict
	// Compose says which wording of the step's template the mail gets.
	Compose(t touch.Touch, in Input) Wording
}

// A Chooser is a Worker that most events of some of its triggers do not concern.
// It tells by the event alone, so that they cost next to nothing.
type Chooser interface {
	// Concerns reports whether an event of one of the triggers may lead to an email.
	Concerns(e events.Event) bool
	// Overlooks reports, by its JSON, that an event is one of many that do not
	// concern the worker: what would take long to see is left to Concerns.
	Overlooks(t events.Type, data []byte) bool
}

// Concerns reports whether an event of one of the triggers of w may lead to an email.
func Concerns(w Worker, e events.Event) bool {
	c, ok := w.(Chooser)
	return !ok || c.Concerns(e)
}

// A Gatherer is a Worker some of whose mails take over the content of others
// that are pending.
type Gatherer interface {
	// Gathers names the touches, without what they display, that t would take
	// over if it were sent now.
	Gathers(t touch.Touch, in Input) []touch.Touch
}

// An Explainer is a Worker that can say why it has nothing planned for a customer.
type Explainer interface {
	// Silence returns a reason and its inputs; an empty reason: there is nothing to say.
	Silence(in Input) (touch.Reason, string)
}

// Wording is what a mail says, as far as it is decided only when it is made.
type Wording struct {
	Variant string // "first", "repeat", "milestone"; empty if the template has one wording
	Ordinal int    // which order of the customer's the mail is about; 0: none
	Orders  int    // how many orders the customer placed that stand

	// Items, if not nil, is shown in the place of what the touch carries, and
	// More is how many lines there are besides.
	Items []events.Item
	More  int
	Also  []string // ids of the other orders that share the mail

	Offer   *offer.Terms // what the mail offers; a code is bound before it is sent
	OfferOf string       // id of the touch whose offer it shows again; if none was bound to it, none is shown
	Bundles []string     // ids of the touches that end as bundled when the mail is sent
	Detail  string       // what the mail rests on, for the fact; no address, no name
}

// Status says what a worker does at the moment.
type Status string

// The statuses of a worker.
const (
	Live   Status = "live"
	Paused Status = "paused" // what falls due waits
	Off    Status = "off"    // plans nothing, and drops what falls due
	Shadow Status = "shadow" // decides and records, never sends
)

// Settings are the keys that every worker has in the configuration, besides those
// of the rules (gate.Policy.OfWorker). A worker's own struct embeds them.
type Settings struct {
	Status   Status      `yaml:"status"`
	Priority int         `yaml:"priority"` // 0 to 100: who gets the budget when there is no room for two
	Class    touch.Class `yaml:"class"`
}

// Validate reports what is wrong with the settings, each problem by its key.
func (s Settings) Validate() error {
	var errs []error
	switch s.Status {
	case Live, Paused, Off, Shadow:
	default:
		errs = append(errs, fmt.Errorf("status: %q is none of live, paused, off, shadow", s.Status))
	}
	if s.Priority < 0 || s.Priority > 100 {
		errs = append(errs, fmt.Errorf("priority: %d is not between 0 and 100", s.Priority))
	}
	switch s.Class {
	case touch.Marketing, touch.Transactional:
	default:
		errs = append(errs, fmt.Errorf("class: %q is neither marketing nor transactional", s.Class))
	}
	return errors.Join(errs...)
}

// A Kind makes the workers of one name, one for each store.
type Kind struct {
	Name     string
	Triggers []events.Type
	Horizon  time.Duration // how old an event may be and still lead to an email
	// New returns a worker. decode fills a struct that holds the defaults from
	// the worker's section of the configuration, and refuses unknown keys.
	New func(decode func(into any) error) (Worker, Settings, error)
}
