// Package workers is the contract of the programmes of email that Homing
// sends: what a worker may know, what it is asked, and what all of them share
// in the configuration. Each worker is a package of its own below this one.
//
// A worker is pure. It never sends, sleeps, acknowledges or does I/O, and asks
// no clock: all it may know is in its Input. That is why the same code decides
// live, in a rebuild and over history.
package workers

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/localtime"
	"homing/pkg/offer"
	"homing/pkg/points"
	"homing/pkg/product"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// Input is all a worker may know: what happened, the customer as of it, the time.
type Input struct {
	Event    events.Event       // Plan: the event that triggered it; Wanted and Compose: the zero Event
	Customer *customer.Customer // is not changed
	Key      customer.Key       // Plan: whose; with it what became of a touch is found among the claims
	Products *product.Snapshot  // of the store; nil: nothing is known
	Zone     *time.Location     // of the store; see Location
	// Wanted and Compose, of an email about an order that goes to somebody else's mailbox:
	// its token (see customer.Claim.To), and who answers to it. What they said about the
	// customer's orders is in Customer.
	To        string
	Recipient *customer.Customer // nil: the customer
	Gathered  []touch.Touch      // Compose: what Gathers named and was still pending, with what it displays
	Now       time.Time

	// Ledger returns the customer's points and tiers in the rewards programme of the store;
	// nil: there is none. See Standing.
	Ledger func() points.Ledger
	// KnownHabits returns what is known of a customer's habits already; nil: nothing is.
	// See Habits.
	KnownHabits func(c *customer.Customer) *product.Habits
}

// Habits returns what the customer bought and kept.
func (in *Input) Habits() *product.Habits {
	if in.KnownHabits != nil {
		return in.KnownHabits(in.Customer)
	}
	return product.HabitsOf(in.Customer)
}

// Location returns the zone whose clocks count: the customer's, or else the store's.
func (in Input) Location() *time.Location {
	return in.Customer.Location(cmp.Or(in.Zone, time.UTC))
}

// Wording is what an email says, as far as it is decided only when it is made.
type Wording struct {
	Variant string // "first", "repeat", "milestone"; empty if the template has one wording
	Ordinal int    // which order of the customer's the email is about; 0: none
	Orders  int    // how many orders the customer placed that stand

	// Items, if not nil, is shown instead of what the touch carries, and
	// More is how many more lines there are.
	Items []events.Item
	More  int
	Also  []string // ids of the other orders that share the email

	Link     string       // where the email leads, as the configuration says; empty: to the shop
	Promise  *offer.Terms // what the customer is promised, as far as an email says it; nil: nothing. No code is bound
	Points   *Points      // how the customer stands in a rewards programme; nil: it is not about that
	Offer    *offer.Terms // what the email offers; a code is bound before it is sent
	OfferOf  string       // id of the touch whose offer it shows again; if none was bound to it, none is shown
	Digest   bool         // it shows how the week went
	Confirms bool         // it asks whether its address is theirs, by a link
	Bundles  []string     // ids of the touches that end as bundled when the email is sent
	Detail   string       // what the email rests on, for the fact; no address, no name
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

// Settings are the keys that every worker has in the configuration, in addition to those
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
		errs = append(errs, fmt.Errorf("status: %q is not one of live, paused, off, shadow", s.Status))
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

// A Kind is one worker as all stores have it: a row of programme.Kinds.
type Kind struct {
	Name     string        // of streams and consumers, config key, metric label
	Emails   string        // what the unsubscribe page calls them: "reminders about your basket"
	Triggers []events.Type // that may lead to an email
	Horizon  time.Duration // how old an event may be and still lead to an email
	OfOrder  bool          // its emails are about one order, and go to the address that came with it
	// Ahead: its emails are about what is to come, such as a run-out or a birthday, and
	// not about what the event says. A historical event leads to those whose time comes
	// after it was received; of other workers it leads to none.
	Ahead       bool
	Products    bool // it rests on the product statistics, and waits until they are there
	Recalls     bool // its emails show the order or the subscription that a touch names, of which their event does not say all: planning looks it up
	DoubleOptIn bool // it is for stores with consent.double_opt_in, and off in others
	// ByHand: people make its occasions, and no event does. Each template in its folder is
	// one of its emails; see Worker.Any.
	ByHand bool
	// Concerns reports whether an event of one of the triggers may lead to an email;
	// nil: each may. Where most do not, they cost next to nothing this way.
	Concerns func(e events.Event) bool
	// Overlooks reports, by its JSON, that an event is one of many that do not
	// concern the worker: what would take long to see is left to Concerns; nil: none.
	Overlooks func(t events.Type, data []byte) bool
	// New returns the worker of one store. decode fills a struct that holds the
	// defaults from the worker's section of the configuration, and refuses unknown
	// keys.
	New func(decode func(into any) error) (Worker, error)
}

// A Worker decides which emails an event leads to, and whether each is still
// wanted when it falls due, in one store.
type Worker struct {
	Settings Settings
	Steps    []touch.Step // its emails, as they are configured now
	// Any is what all emails of a worker have whose steps are the templates in its folder,
	// without their names; nil: its steps are Steps.
	Any *touch.Step
	// Plan returns the touches that the customer's state leads to, now that the
	// event has been folded into it. Dates come from the customer, not from the
	// one event, and planning twice gives the same touches.
	Plan func(in Input) []touch.Touch
	// Wanted says, when a touch falls due, whether it still makes sense: the
	// zero Verdict, a hold (not_yet) or a drop.
	Wanted func(t touch.Touch, in Input) touch.Verdict
	// Compose says which wording of the step's template the email gets.
	Compose func(t touch.Touch, in Input) Wording

	// The rest is nil with a worker that has no such thing.

	// GoesBefore says what this worker has to say of a touch of another one that is wanted
	// otherwise, because an email of its own goes first or takes its place: the zero
	// Verdict, a hold or a drop. It is asked only while this worker is live.
	GoesBefore func(t touch.Touch, in Input) touch.Verdict

	// Gathers names the touches, without what they display, that t would take over
	// if it were sent now.
	Gathers func(t touch.Touch, in Input) []touch.Touch
	// Silence says why nothing is planned for a customer; an empty reason: there is
	// nothing to say.
	Silence func(in Input) (reason.Reason, string)
	// Ledger returns the customer's points: those of a rewards programme.
	Ledger    func(in Input) points.Ledger
	Tiers     []string         // names of the tiers of its ledgers, the lowest first
	SendsAt   *localtime.Clock // when its emails leave that would be too late the day after
	Birthdays *time.Duration   // it wants to be told of birthdays, so long before
	Lapse     *Lapse           // it wants to be told who stays away
}

// Lapse says when a customer stays away: some days after the last order, once it is
// unlikely enough that they come back by themselves.
type Lapse struct {
	Days      int     `yaml:"days"`
	MaxChance float64 `yaml:"max_chance"` // of an order within the next 90 days; 1: the days alone
	// TimesOwnInterval is what max_chance has replaced: it changed next to nobody's lapse.
	TimesOwnInterval any `yaml:"times_own_interval"`
}

// longestLapse is how many times as long as Days the chance may put off a lapse.
const longestLapse = 3

// Validate reports what is wrong, each problem by its key.
func (l Lapse) Validate() error {
	var errs []error
	if l.Days < 1 || l.Days > 3650 {
		errs = append(errs, fmt.Errorf("days: %d is not between 1 and 3650", l.Days))
	}
	if !(l.MaxChance > 0 && l.MaxChance <= 1) {
		errs = append(errs, fmt.Errorf("max_chance: %v is not above 0 and up to 1; 1 leaves it to the days", l.MaxChance))
	}
	if l.TimesOwnInterval != nil {
		errs = append(errs, errors.New("times_own_interval: is no longer used; remove it, and write max_chance: the chance of an order within the next 90 days up to which a customer counts as lapsed, for example 0.3"))
	}
	return errors.Join(errs...)
}

// After returns how long after the last order a customer of so many orders has lapsed, by
// what is known of who comes back. That puts it off, and only so far.
func (l Lapse) After(known foresight.Lapse, orders int) time.Duration {
	days := float64(l.Days)
	days = min(max(days, math.Ceil(known.Silent(l.MaxChance, orders))), longestLapse*days)
	return time.Duration(days) * 24 * time.Hour
}

// Latest returns the longest that After may return.
func (l Lapse) Latest(known foresight.Lapse) time.Duration {
	if !known.Known() || l.MaxChance >= 1 {
		return l.After(known, 1)
	}
	return time.Duration(longestLapse*l.Days) * 24 * time.Hour
}

// From returns what makes the workers of a Kind from the defaults of their section,
// what checks it, and what a worker is with a section that is right.
func From[C any](defaults func() C, validate func(C) error, worker func(C) Worker) func(decode func(into any) error) (Worker, error) {
	return func(decode func(into any) error) (Worker, error) {
		c := defaults()
		err := decode(&c)
		if err == nil {
			err = validate(c)
		}
		if err != nil {
			return Worker{}, err
		}
		return worker(c), nil
	}
}
