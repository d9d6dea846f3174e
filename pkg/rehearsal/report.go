package rehearsal

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
)

// A Report is what a rehearsal tells. docs/rehearsal.md documents its JSON; fields are
// added, never renamed.
type Report struct {
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Events    int       `json:"events"`
	LeftOut   int       `json:"left_out"` // of the file, what Homing itself had said
	Orders    int       `json:"orders"`
	Customers int       `json:"customers"` // persons of whom anything was told
	Emails    int       `json:"emails"`
	Marketing int       `json:"marketing"` // of the emails
	Pending   int       `json:"pending"`   // at the end
	FromNow   *FromNow  `json:"from_now,omitempty"`

	Workers     []WorkerCount `json:"workers"`
	Verdicts    []Verdict     `json:"verdicts"`
	Days        []Day         `json:"days"`
	Weeks       []Share       `json:"emails_per_customer_and_week"`
	Overwhelmed []Busy        `json:"most_in_seven_days"`
	Hours       [24]int       `json:"emails_by_hour"` // of the store's day
	Busiest     []Hour        `json:"busiest_hours"`
	Offers      []OfferCount  `json:"offers"`
	Relay       []Relay       `json:"relay"`
	Stories     []Story       `json:"stories"`
	Samples     []Sample      `json:"samples"` // one email of each worker, step and language
	Notes       []string      `json:"notes"`   // what a history cannot know, and what is done otherwise than live
}

// WorkerCount is what became of a worker's touches.
type WorkerCount struct {
	Worker  string `json:"worker"`
	Status  string `json:"status"`
	Sent    int    `json:"sent"`
	Dropped int    `json:"dropped"`
	Held    int    `json:"held"` // times; a touch may be held more than once
	People  int    `json:"customers"`
}

// Verdict counts a worker's outcomes of one reason.
type Verdict struct {
	Worker string `json:"worker"`
	Action string `json:"action"` // sent, dropped or held
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Day is how many emails a day had, by the store's clocks.
type Day struct {
	Date     string         `json:"date"`
	Emails   int            `json:"emails"`
	ByWorker map[string]int `json:"by_worker"`
}

// Share is in how many of the weeks in which customers got email at all they got so many.
type Share struct {
	Emails int `json:"emails"`
	Weeks  int `json:"customer_weeks"`
}

// Busy is a customer who got many emails.
type Busy struct {
	Customer string    `json:"customer"`
	Emails   int       `json:"emails"` // within any seven days
	Until    time.Time `json:"until"`  // when these seven days ended
	All      int       `json:"all"`    // in the whole time
}

// Hour is an hour in which much would have left.
type Hour struct {
	At     time.Time `json:"at"`
	Emails int       `json:"emails"`
}

// OfferCount is what a step offered.
type OfferCount struct {
	Worker string       `json:"worker"`
	Step   string       `json:"step"`
	Kind   string       `json:"kind"`
	List   string       `json:"list,omitempty"`
	Terms  string       `json:"terms"`
	Issued int          `json:"issued"`
	Worst  events.Money `json:"worst_cost"` // if every code is used on an order as large as the customer's largest
}

// report counts what became of everybody.
func (r *Result) Report() *Report {
	out := &Report{From: r.From, To: r.To, Events: r.Events, LeftOut: r.h.Own, Orders: r.Orders, Pending: r.Pending, Customers: r.customers()}
	c := &counter{r: r, out: out, verdicts: map[Verdict]int{}, days: map[string]*Day{}, hours: map[int64]int{}, weeks: map[int]int{}, who: map[string]map[int32]bool{}}
	for i := range r.Outcomes {
		c.count(&r.Outcomes[i])
	}
	c.busy()
	c.finish()
	out.Offers = r.offers()
	out.Relay = r.relay()
	out.Notes, out.Samples = r.notes(), []Sample{}
	if r.Ahead() {
		out.FromNow = r.fromNow()
	}
	return out
}

// customers counts the persons: what is known together, less mailboxes without anybody.
func (r *Result) customers() int {
	seen := map[int32]bool{}
	for n, id := range r.h.who.ids {
		if id != "" {
			seen[r.h.who.find(int32(n))] = true
		}
	}
	return len(seen)
}

// Person is what the shop calls a customer: of several ids, an account's first.
func (r *Result) Person(n int32) string {
	if n < 0 {
		return ""
	}
	return r.names()[n]
}

func (r *Result) names() map[int32]string {
	if r.h.called == nil {
		r.h.called = map[int32]string{}
		for n, id := range r.h.who.ids {
			root := r.h.who.find(int32(n))
			if was := r.h.called[root]; id != "" && (was == "" || byAccount(id, was) < 0) {
				r.h.called[root] = id
			}
		}
	}
	return r.h.called
}

// byAccount has accounts before guests.
func byAccount(a, b string) int {
	guest := func(s string) int {
		if customer.IsGuest(s) {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(guest(a), guest(b)), cmp.Compare(a, b))
}

// counter goes through outcomes, person by person.
type counter struct {
	r        *Result
	out      *Report
	verdicts map[Verdict]int
	days     map[string]*Day
	hours    map[int64]int
	weeks    map[int]int
	who      map[string]map[int32]bool // by worker, who got an email

	person int32
	mails  []time.Time // of that person
}

func (c *counter) count(o *Outcome) {
	c.verdicts[Verdict{Worker: o.Worker, Action: o.Action, Reason: o.Reason}]++
	if o.Action != events.ActionSent {
		return
	}
	if o.Person != c.person {
		c.busy()
		c.person = o.Person
	}
	c.mails = append(c.mails, o.At)
	c.out.Emails++
	if o.Class != touch.Transactional {
		c.out.Marketing++
	}
	local := o.At.In(c.r.zone())
	date := local.Format(time.DateOnly)
	d := c.days[date]
	if d == nil {
		d = &Day{Date: date, ByWorker: map[string]int{}}
		c.days[date] = d
	}
	d.Emails++
	d.ByWorker[o.Worker]++
	c.out.Hours[local.Hour()]++
	c.hours[o.At.Unix()/3600]++
	if c.who[o.Worker] == nil {
		c.who[o.Worker] = map[int32]bool{}
	}
	c.who[o.Worker][o.Person] = true
}

// zone is that of the store; of several, the first's.
func (r *Result) zone() *time.Location {
	for _, id := range slices.Sorted(maps.Keys(r.e.stores)) {
		return r.e.stores[id].Zone
	}
	return time.UTC
}

// mostBusy is of how many customers it is told who got the most.
const mostBusy = 20

const week = 7 * 24 * time.Hour

// busy ends the count of one person's emails.
func (c *counter) busy() {
	if len(c.mails) == 0 {
		return
	}
	per := map[int64]int{}
	b := Busy{Customer: c.r.Person(c.person), All: len(c.mails)}
	from := 0
	for i, at := range c.mails {
		per[int64(at.Sub(c.r.From)/week)]++
		for at.Sub(c.mails[from]) >= week {
			from++
		}
		if n := i - from + 1; n > b.Emails {
			b.Emails, b.Until = n, at
		}
	}
	for _, n := range per {
		c.weeks[n]++
	}
	c.out.Overwhelmed = append(c.out.Overwhelmed, b)
	if len(c.out.Overwhelmed) > 4*mostBusy {
		c.trim()
	}
	c.mails = c.mails[:0]
}

func (c *counter) trim() {
	slices.SortFunc(c.out.Overwhelmed, func(a, b Busy) int {
		return cmp.Or(cmp.Compare(b.Emails, a.Emails), cmp.Compare(b.All, a.All), cmp.Compare(a.Customer, b.Customer))
	})
	c.out.Overwhelmed = c.out.Overwhelmed[:min(len(c.out.Overwhelmed), mostBusy)]
}

func (c *counter) finish() {
	c.trim()
	by := map[string]*WorkerCount{}
	for _, id := range slices.Sorted(maps.Keys(c.r.e.stores)) {
		for _, w := range c.r.e.stores[id].Workers {
			if by[w.Name] == nil {
				by[w.Name] = &WorkerCount{Worker: w.Name, Status: string(w.Settings.Status), People: len(c.who[w.Name])}
				c.out.Workers = append(c.out.Workers, WorkerCount{Worker: w.Name})
			}
		}
	}
	for v, n := range c.verdicts {
		v.Count = n
		c.out.Verdicts = append(c.out.Verdicts, v)
		if w := by[v.Worker]; w != nil {
			switch v.Action {
			case events.ActionSent:
				w.Sent += n
			case events.ActionHeld:
				w.Held += n
			default:
				w.Dropped += n
			}
		}
	}
	for i := range c.out.Workers {
		c.out.Workers[i] = *by[c.out.Workers[i].Worker]
	}
	slices.SortFunc(c.out.Verdicts, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), cmp.Compare(b.Action, a.Action), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	for _, date := range slices.Sorted(maps.Keys(c.days)) {
		c.out.Days = append(c.out.Days, *c.days[date])
	}
	for _, n := range slices.Sorted(maps.Keys(c.weeks)) {
		c.out.Weeks = append(c.out.Weeks, Share{Emails: n, Weeks: c.weeks[n]})
	}
	for at, n := range c.hours {
		c.out.Busiest = append(c.out.Busiest, Hour{At: time.Unix(at*3600, 0).UTC(), Emails: n})
	}
	slices.SortFunc(c.out.Busiest, func(a, b Hour) int { return cmp.Or(cmp.Compare(b.Emails, a.Emails), a.At.Compare(b.At)) })
	c.out.Busiest = c.out.Busiest[:min(len(c.out.Busiest), 10)]
}

// offers counts the codes, and what they may cost.
func (r *Result) offers() []OfferCount {
	by := map[OfferCount]*OfferCount{}
	var out []*OfferCount
	for _, o := range r.Offers {
		key := OfferCount{Worker: o.Worker, Step: o.Step, Kind: o.Kind, List: o.List, Terms: o.terms()}
		n := by[key]
		if n == nil {
			n = &OfferCount{}
			*n = key
			by[key] = n
			out = append(out, n)
		}
		n.Issued++
		worst := o.worst()
		if n.Worst.Currency == "" {
			n.Worst.Currency = worst.Currency
		}
		if n.Worst.Currency == worst.Currency {
			n.Worst.Minor += worst.Minor
		}
	}
	slices.SortFunc(out, func(a, b *OfferCount) int {
		return cmp.Or(cmp.Compare(a.Worker, b.Worker), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Terms, b.Terms), cmp.Compare(a.Kind+a.List, b.Kind+b.List))
	})
	all := make([]OfferCount, len(out))
	for i, n := range out {
		all[i] = *n
	}
	return all
}

func (o *Offer) terms() string {
	if o.Percent > 0 {
		return strconv.Itoa(o.Percent) + " %"
	}
	return o.Amount.String()
}

// worst is what a code costs that is used on an order as large as the customer's largest.
func (o *Offer) worst() events.Money {
	if o.Percent > 0 {
		return events.Money{Minor: (o.Largest.Minor*int64(o.Percent) + 99) / 100, Currency: o.Largest.Currency}
	}
	return o.Amount
}
