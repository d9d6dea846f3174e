// Package why answers every "why" about one customer: why an email was sent, why
// one was not, what is still to come, and why a worker has nothing to say. It
// makes a Report of what others read for it, and asks the workers and the gate
// the questions that planner and delivery ask them, with the same code. It is
// pure: no I/O, no clock.
package why

import (
	"math"
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/touch"
	"homing/workers"
)

// Hold is a condition of the system, or an operator's word, for which a worker
// sends nothing.
type Hold struct {
	Reason string
	Detail string
}

// Pending is a touch that has no outcome yet.
type Pending struct {
	Touch touch.Touch
	Due   bool // it fell due, and is not decided yet
}

// Input is all that a Report is made of.
type Input struct {
	Asked string       // what was asked for: an id, or what they are known by instead
	Key   customer.Key // of the record that was found: the person is told under it
	// Person is who it is about, with all that is known under any of their ids.
	Person  customer.Person
	Entries []customer.Entry // of the timeline, in any order, copies included: of all ids
	Older   bool             // there may be more on the timeline
	Pending []Pending
	Copies  []ExportCopy // of what emails showed; for an export
	Store   *programme.Store
	// Occasions says what people decided about what they made; nil: they made nothing.
	Occasions touch.Occasions
	Holds     map[string][]Hold // by worker: for which what falls due waits
	// Products is what the workers know of the store's products; nil: nothing.
	Products *product.Snapshot
	Address  func(email string) string // keyed hash of an address
	Mailbox  gate.Mailbox              // of the customer's address
	Now      time.Time
	Rejected []Rejected // events that named them and could not be taken in
	// Judged are, by touch id, whom pending touches are judged by, as delivery has it:
	// under the id that each is planned for, and with who answers to its order's address.
	Judged map[string]*programme.Person
	// Mailboxes are those of the person's addresses.
	Mailboxes map[customer.Key]string

	Since time.Time // the story begins here; the zero time: at its beginning
	Limit int       // the story has at most so many lines, the newest; 0: all
	Notes []string  // what the reader should know of how this was read
}

// asJudged is the person, as the gate and the workers see them.
func (in *Input) asJudged() *programme.Person {
	return &programme.Person{Store: in.Store, Customer: &in.Person.Customer, Mailbox: in.Mailbox, Shared: in.Person.Crowded, Products: in.Products, Address: in.Address}
}

// judgedBy is the person whom one touch is judged by.
func (t *teller) judgedBy(x touch.Touch) *programme.Person {
	if p := t.Judged[x.ID()]; p != nil {
		return p
	}
	return t.who
}

// Report is the answer. docs/why.md documents its JSON, which is a contract:
// fields are added, never renamed.
type Report struct {
	Store    string    `json:"store"`
	Customer string    `json:"customer"` // the id; of who was erased, what was asked for
	Token    string    `json:"token"`
	Now      time.Time `json:"now"`                // business time
	Erased   time.Time `json:"erased_at,omitzero"` // nothing from before is told

	// All below is absent of a customer who was erased and not heard of since.

	Zone     string    `json:"time_zone,omitempty"`    // in which the text writes its times; JSON is in UTC
	ZoneOf   string    `json:"time_zone_of,omitempty"` // customer or store
	Profile  *Profile  `json:"profile,omitempty"`
	Person   *Who      `json:"person,omitempty"` // all ids and addresses
	Standing *Standing `json:"standing,omitempty"`
	Offers   []Offer   `json:"offers,omitempty"`  // newest first
	Story    []Line    `json:"story,omitempty"`   // oldest first
	Hidden   int       `json:"hidden,omitempty"`  // lines left out by since and limit
	Older    bool      `json:"older,omitempty"`   // there may be more on the timeline
	Pending  []Touch   `json:"pending,omitempty"` // the next first
	Silent   []Silence `json:"silent,omitempty"`  // the workers with nothing pending
	Notes    []string  `json:"notes,omitempty"`

	Rejected []Rejected `json:"rejected,omitempty"` // events that named them and were not taken in, newest first
	// Of several who answer to what was asked for, this is the report of the first.
	Matches []Match  `json:"matches,omitempty"` // all of them, this one included
	Others  []Report `json:"others,omitempty"`  // of the rest
}

// Profile is who the customer is.
type Profile struct {
	Email     string    `json:"email,omitempty"`
	Name      string    `json:"name,omitempty"`
	Birthday  string    `json:"birthday,omitempty"`
	Locale    string    `json:"locale,omitempty"`
	Country   string    `json:"country,omitempty"`
	Became    string    `json:"became,omitempty"` // the customer this one was merged into
	Orders    int       `json:"orders"`           // that were placed and not cancelled
	LastOrder time.Time `json:"last_order_at,omitzero"`
	Expected  *Expected `json:"expected_orders,omitempty"` // nil: too little is known about the shop's customers, or they never ordered
}

// Expected is how many more orders a customer is expected to place.
type Expected struct {
	Orders float64 `json:"orders"`
	Days   int     `json:"days"` // from now on
}

// expectedDays is how far expected orders look ahead.
const expectedDays = 365

// Verdict is what the gate says of a touch.
type Verdict struct {
	// Action is send, hold or drop; of a touch that has its outcome: settled; of
	// one whose email is under way: sending.
	Action string    `json:"action"`
	Reason string    `json:"reason,omitempty"`
	Until  time.Time `json:"until,omitzero"` // hold: the earliest time at which it may pass
	Detail string    `json:"detail,omitempty"`
}

// teller makes one Report.
type teller struct {
	Input
	who   *programme.Person
	zone  *time.Location
	names map[uint64]string // of the emails on the timeline, by claim

	foreseen []sending          // in an outlook: those that went out in it
	taken    map[uint64]sending // in an outlook: by which email a claim is held
}

// Tell makes the report.
func Tell(in Input) Report {
	c := &in.Person.Customer
	r := Report{Store: in.Key.Store, Customer: c.ID.Value, Token: in.Key.Token, Now: in.Now.UTC()}
	if c.Erased.At != 0 {
		r.Erased = c.Erased.Time()
	}
	if r.Customer == "" {
		r.Customer = in.Asked
	}
	if c.Gone() {
		return r
	}
	t := &teller{Input: in, who: in.asJudged(), zone: c.Location(in.Store.Zone), names: map[uint64]string{}}
	t.Entries = t.worthTelling(once(t.since(in.Entries)))
	for _, e := range t.Entries {
		if f, ok := e.Event.Data.(events.Fact); ok {
			t.names[customer.ClaimKey(f.Body().Touch)] = f.Body().Worker + "/" + f.Body().Step
		}
	}
	r.Zone, r.ZoneOf = t.zone.String(), "customer"
	if c.Zone() != t.zone.String() {
		r.ZoneOf = "store"
	}
	r.Profile, r.Person, r.Standing, r.Offers, r.Rejected = t.profile(), t.person(), t.standing(), offers(c), in.Rejected
	r.Story, r.Hidden, r.Older = t.story(), 0, in.Older
	r.Story, r.Hidden = t.shorten(r.Story)
	outlook := t.outlook()
	for _, p := range in.Pending {
		r.Pending = append(r.Pending, t.pending(p, outlook[p.Touch.ID()]))
	}
	slices.SortStableFunc(r.Pending, func(a, b Touch) int { return a.Wake.Compare(b.Wake) })
	for _, w := range in.Store.Workers {
		if w.DoubleOptIn && w.Settings.Status == workers.Off {
			continue // of a store that asks nobody: there is nothing to wonder about
		}
		if !slices.ContainsFunc(in.Pending, func(p Pending) bool { return p.Touch.Worker == w.Name }) {
			r.Silent = append(r.Silent, t.silence(w))
		}
	}
	r.Notes = in.Notes
	return r
}

func (t *teller) profile() *Profile {
	c := &t.Person.Customer
	p := &Profile{Email: c.Account(), Name: c.FirstName.Value, Birthday: c.Born(), Locale: c.Language(),
		Country: c.Country.Value, Became: t.became(), Orders: c.OrderCount(), LastOrder: c.LastOrderAt()}
	if last := c.LastName.Value; last != "" {
		if p.Name != "" {
			p.Name += " "
		}
		p.Name += last
	}
	if n, known := t.Products.Expected(c.OrderTimes(), t.Now, expectedDays); known {
		p.Expected = &Expected{math.Round(n*10) / 10, expectedDays}
	}
	return p
}

// layout is how the text writes a time. A day of the week is what people ask for,
// a whole date what they compare.
const layout = "Mon 2006-01-02 15:04"

func (t *teller) at(when time.Time) string { return when.In(t.zone).Format(layout) }
