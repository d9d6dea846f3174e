// Package numbers is what a night adds to what a shop wants to know: who comes back, what
// customers are worth, what they say, what offers cost, which workers' emails come before
// orders, and what emails add.
//
// All that follows from orders is computed from the customers' records again, each night.
// What is known of each day follows from the timeline: of the last Settles it is computed
// again, so what came late, or was cancelled, is in it; of the days before it stays as it
// was. A comparison with a control group goes on from where the night before ended, and
// counts each person once.
package numbers

import (
	"encoding/json"
	"fmt"
	"time"

	"homing/pkg/attribution"
	"homing/pkg/customer"
	"homing/pkg/lift"
)

// version is that of the snapshots that are made.
const version = 1

const (
	// Settles is for how long what is known of a day may change.
	Settles = 30 * day
	// back is how far the first night looks back, and of how many months offers are counted.
	back = 400 * day
	// keptDays is how many days are kept, and keptMonths how many months and cohorts.
	keptDays   = 800
	keptMonths = 36

	day = 24 * time.Hour
)

// A Snapshot is what a night knows about one store.
type Snapshot struct {
	Version int                 `json:"version"`
	Store   string              `json:"store"`
	At      time.Time           `json:"at"`
	Zone    string              `json:"time_zone"` // in which its days begin
	Settled string              `json:"settled"`   // days before this one stay as they are
	Windows attribution.Windows `json:"windows"`
	Marks   []Mark              `json:"marks"`

	Customers Counts   `json:"customers"`
	Months    []Month  `json:"months"`
	Cohorts   []Cohort `json:"cohorts"`
	Between   Between  `json:"between"`
	Worth     []Worth  `json:"worth"`
	Churn     Churn    `json:"churn"`
	RFM       []Cell   `json:"rfm"`

	Days   []Day        `json:"days"`
	Offers []OfferMonth `json:"offers"`
	Trials []Trial      `json:"trials"`
}

// A Mark says up to where the timeline was read on a night: all that happened after At comes
// after Cursor.
type Mark struct {
	At     time.Time       `json:"at"`
	Cursor customer.Cursor `json:"cursor"`
}

// Money is amounts in minor units, by currency. Those of two currencies are never added up.
type Money map[string]int64

// Counts are of customers.
type Counts struct {
	All        int `json:"all"`
	Buyers     int `json:"buyers"`      // with an order that counts
	Repeat     int `json:"repeat"`      // with two or more
	Year       int `json:"year"`        // with one in the last 365 days
	YearRepeat int `json:"year_repeat"` // with two or more in the last 365 days
}

// A Month is what customers ordered in a month.
type Month struct {
	Month   string `json:"month"`  // "2026-11"
	Orders  int    `json:"orders"` // that count
	Buyers  int    `json:"buyers"`
	New     int    `json:"new"`     // of these, with their first order
	Revenue Money  `json:"revenue"` // of orders that stand and whose cost is known,
	Known   Money  `json:"known"`   // and how many these are
}

// A Cohort is the customers who ordered for the first time in one month.
type Cohort struct {
	Month     string             `json:"month"`
	Customers int                `json:"customers"`
	Active    []int              `json:"active"`  // who ordered in that month, in the next one, and so on
	Revenue   map[string][]int64 `json:"revenue"` // likewise, by currency
}

// Between is how many days pass between two orders of a customer; those of one day are one.
type Between struct {
	Orders int     `json:"orders"` // pairs of orders
	Mean   float64 `json:"mean"`
	// A quarter, half and three quarters of them come no later.
	Quarter int `json:"quarter"`
	Median  int `json:"median"`
	Third   int `json:"three_quarters"`
}

// Worth is what customers are worth who order in one currency, in minor units.
type Worth struct {
	Currency string  `json:"currency"`
	Buyers   int     `json:"buyers"`
	Spent    int64   `json:"spent"`              // all together, so far
	Foreseen int     `json:"foreseen"`           // of whom it is known how much to expect
	Orders   float64 `json:"orders,omitempty"`   // that these are expected to place within a year, and
	Expected int64   `json:"expected,omitempty"` // what they are expected to cost
}

// Churn is how many customers stay away.
type Churn struct {
	Before int `json:"before"` // ordered in the year before the last
	Gone   int `json:"gone"`   // of these, have not since
	// Of so many buyers it is known how likely they order within 90 days, and so many are
	// expected not to.
	Foreseen int     `json:"foreseen"`
	Expected float64 `json:"expected"`
}

// A Cell has the customers with one score of recency and one of frequency.
type Cell struct {
	Recency   int   `json:"recency"`
	Frequency int   `json:"frequency"`
	Customers int   `json:"customers"`
	Spent     Money `json:"spent"`
}

// A Day is what is known of one day.
type Day struct {
	Date    string             `json:"date"` // "2026-11-30"
	Orders  int                `json:"orders,omitempty"`
	First   int                `json:"first,omitempty"`   // of these, how many were their customer's first
	Revenue Money              `json:"revenue,omitempty"` // of orders that stand
	Workers map[string]*Worker `json:"workers,omitempty"` // and attribution.None
	Dropped map[string]int     `json:"dropped"`           // emails that were not sent, by reason; nil, and no First: they were not counted yet
	Asked   map[string]int     `json:"asked,omitempty"`   // emails that ask, by survey and question
	Answers map[string]*Answer `json:"answers,omitempty"` // by survey and question
	Reviews *Reviews           `json:"reviews,omitempty"`
}

// A Worker is what is known of one worker's emails, or of orders in which no email has a
// part.
type Worker struct {
	Sent    int                         `json:"sent,omitempty"`
	Clicked int                         `json:"clicked,omitempty"`  // by people, as far as can be told
	HeldOut int                         `json:"held_out,omitempty"` // emails that the control group did not get
	Orders  int                         `json:"orders,omitempty"`   // in which its emails have a part
	Revenue map[attribution.Model]Money `json:"revenue,omitempty"`
}

// An Answer is how often which score was given.
type Answer struct {
	Scale  string  `json:"scale"` // csat or nps
	Scores [11]int `json:"scores"`
}

// Reviews are what customers wrote.
type Reviews struct {
	Asked   int    `json:"asked"`   // emails that ask for one
	Ratings [6]int `json:"ratings"` // by stars; 0: without
}

// An OfferMonth is what became of the offers that one worker made in a month.
type OfferMonth struct {
	Month    string `json:"month"`
	Worker   string `json:"worker"`
	Issued   int    `json:"issued"`
	Redeemed int    `json:"redeemed"`
	Expired  int    `json:"expired"`
	Cost     Money  `json:"cost"` // of those that were redeemed, as far as is known
}

// A Trial compares the customers who are emailed with the control group.
type Trial struct {
	Worker string `json:"worker"` // empty: all marketing email
	// Occasion is the one that it is about, such as an announcement; empty: all of them.
	Occasion string    `json:"occasion,omitempty"`
	Share    float64   `json:"share"` // of the control group
	Window   float64   `json:"window_days"`
	Since    time.Time `json:"since"`
	Through  time.Time `json:"through"`         // people who came by then are in it
	Ended    time.Time `json:"ended,omitzero"`  // there is no control group any more
	Emailed  lift.Arm  `json:"emailed"`         // people, each once
	Control  lift.Arm  `json:"control"`         //
	Looks    []Look    `json:"looks,omitempty"` // what was known on each night
	People   members   `json:"people"`          // who is in it
}

// A Look is what was known of a trial on one night.
type Look struct {
	Date string        `json:"date"`
	Is   float64       `json:"difference"`
	In   lift.Interval `json:"always"`
}

// Encode returns the snapshot as Decode reads it.
func (s *Snapshot) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode is the inverse of Encode. A snapshot of another version is as good as none.
func Decode(data []byte) (*Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("reading the numbers of a night: %w", err)
	}
	if s.Version != version {
		return nil, nil
	}
	return &s, nil
}

// cursor returns from where the timeline has all that happened since a time.
func (s *Snapshot) cursor(since time.Time) (c customer.Cursor) {
	if s == nil {
		return nil
	}
	for _, m := range s.Marks {
		if m.At.Before(since) {
			c = m.Cursor
		}
	}
	return c
}

// add adds an amount.
func (m *Money) add(currency string, minor int64) {
	if *m == nil {
		*m = Money{}
	}
	(*m)[currency] += minor
}
