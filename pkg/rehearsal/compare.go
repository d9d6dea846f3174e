package rehearsal

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"homing/events"
)

// A Comparison is how two configurations differ on the same history, in what customers
// get. The first is the one that is proposed, the other what it is compared with.
type Comparison struct {
	Emails    int            `json:"emails"`  // with what is proposed
	Before    int            `json:"before"`  // with the other
	Same      int            `json:"same"`    // emails that both send, at the same time
	People    int            `json:"people"`  // who would get different mail
	Workers   []WorkerChange `json:"workers"` // those with a difference
	Reasons   []ReasonChange `json:"reasons"` // why an email is sent by one of them alone
	Customers []PersonChange `json:"customers"`
	More      int            `json:"more_customers,omitempty"` // that are not listed
	// Templates are the emails that the two sides' templates make differently; see
	// Result.CompareTemplates.
	Templates []TemplateChange `json:"templates,omitempty"`
}

// WorkerChange counts a worker's differences.
type WorkerChange struct {
	Worker string `json:"worker"`
	Before int    `json:"before"` // emails
	After  int    `json:"after"`
	New    int    `json:"new"`   // only with what is proposed
	Gone   int    `json:"gone"`  // only without
	Moved  int    `json:"moved"` // at another time
	Other  int    `json:"other"` // from another template
	People int    `json:"people"`
}

// ReasonChange counts emails that one of both sends, by what the other does instead.
type ReasonChange struct {
	Worker  string `json:"worker"`
	Change  string `json:"change"`  // new or gone
	Instead string `json:"instead"` // what became of it with the configuration that does not send it: "dropped: expired", "not planned"
	Count   int    `json:"count"`
}

// PersonChange is one customer's mail, side by side.
type PersonChange struct {
	Customer string   `json:"customer"`
	Emails   []Change `json:"emails"` // by time; those that are the same are left out
}

// Change is one email that is another, or at another time.
type Change struct {
	Worker string    `json:"worker"`
	Step   string    `json:"step"`
	Before time.Time `json:"before,omitzero"` // zero: it is not sent
	After  time.Time `json:"after,omitzero"`
	Was    string    `json:"was,omitempty"` // template, or what became of it instead
	Is     string    `json:"is,omitempty"`
}

// Differs reports whether anybody would get different mail.
func (c *Comparison) Differs() bool { return c.People > 0 || len(c.Templates) > 0 }

// sameTime is how far apart emails are that leave at the same time.
const sameTime = time.Minute

// Compare compares what is proposed with another configuration, and lists up to most
// customers.
func Compare(proposed, other *Result, most int) *Comparison {
	c := &comparing{out: &Comparison{}, workers: map[string]*WorkerChange{}, reasons: map[ReasonChange]int{}}
	a, b := other.byPerson(), proposed.byPerson()
	people := map[string]bool{}
	for name := range a {
		people[name] = true
	}
	for name := range b {
		people[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		changes := c.person(a[name], b[name])
		if len(changes) == 0 {
			continue
		}
		if c.out.People++; len(c.out.Customers) < most {
			c.out.Customers = append(c.out.Customers, PersonChange{name, changes})
		} else {
			c.out.More++
		}
	}
	for _, w := range slices.Sorted(maps.Keys(c.workers)) {
		if x := c.workers[w]; x.New+x.Gone+x.Moved+x.Other > 0 {
			c.out.Workers = append(c.out.Workers, *x)
		}
	}
	for r, n := range c.reasons {
		r.Count = n
		c.out.Reasons = append(c.out.Reasons, r)
	}
	slices.SortFunc(c.out.Reasons, func(a, b ReasonChange) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Worker+a.Change+a.Instead, b.Worker+b.Change+b.Instead))
	})
	return c.out
}

// byPerson returns the last outcome of each touch, by what the shop calls its customer.
func (r *Result) byPerson() map[string]map[string]*Outcome {
	out := map[string]map[string]*Outcome{}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		name := r.storeOf(o.Person) + " " + r.Person(o.Person)
		if len(r.e.stores) == 1 {
			name = r.Person(o.Person)
		}
		if out[name] == nil {
			out[name] = map[string]*Outcome{}
		}
		if was := out[name][o.Touch()]; was == nil || was.Action != events.ActionSent {
			out[name][o.Touch()] = o
		}
	}
	return out
}

type comparing struct {
	out     *Comparison
	workers map[string]*WorkerChange
	reasons map[ReasonChange]int
}

// person compares one customer's mail.
func (c *comparing) person(before, after map[string]*Outcome) []Change {
	var out []Change
	touches := map[string]bool{}
	for id := range before {
		touches[id] = true
	}
	for id := range after {
		touches[id] = true
	}
	seen := map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(touches)) {
		x, changed := c.touch(before[id], after[id])
		if !changed {
			continue
		}
		out = append(out, x)
		if !seen[x.Worker] {
			seen[x.Worker] = true
			c.workers[x.Worker].People++
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int { return a.first().Compare(b.first()) })
	return out
}

func (c *Change) first() time.Time {
	if c.After.IsZero() || !c.Before.IsZero() && c.Before.Before(c.After) {
		return c.Before
	}
	return c.After
}

// touch compares what became of one touch.
func (c *comparing) touch(before, after *Outcome) (Change, bool) {
	o := before
	if o == nil {
		o = after
	}
	w := c.workers[o.Worker]
	if w == nil {
		w = &WorkerChange{Worker: o.Worker}
		c.workers[o.Worker] = w
	}
	x := Change{Worker: o.Worker, Step: o.Step}
	was, is := sent(before), sent(after)
	if was {
		x.Before, x.Was = before.At.UTC(), before.Template
		w.Before++
		c.out.Before++
	}
	if is {
		x.After, x.Is = after.At.UTC(), after.Template
		w.After++
		c.out.Emails++
	}
	switch {
	case was && is && before.Template != after.Template:
		w.Other++
		return x, true
	case was && is && before.At.Sub(after.At).Abs() > sameTime:
		w.Moved++
		return x, true
	case was && is:
		c.out.Same++
		return x, false
	case was:
		w.Gone++
		x.Is = instead(after)
		c.reasons[ReasonChange{Worker: o.Worker, Change: "gone", Instead: x.Is}]++
		return x, true
	case is:
		w.New++
		x.Was = instead(before)
		c.reasons[ReasonChange{Worker: o.Worker, Change: "new", Instead: x.Was}]++
		return x, true
	}
	return x, false
}

func sent(o *Outcome) bool { return o != nil && o.Action == events.ActionSent }

// instead is what became of a touch that is not sent.
func instead(o *Outcome) string {
	if o == nil {
		return "not planned"
	}
	return o.Action + ": " + o.Reason
}
