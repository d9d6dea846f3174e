package rehearsal

import (
	"time"

	"homing/events"
	"homing/pkg/channel"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// An Outcome is what was decided about one touch at one time: sent, dropped or held, and
// why. A touch that is held has more of them.
type Outcome struct {
	At       time.Time
	Person   int32 // see Result.Person
	Worker   string
	Step     string
	Occasion string
	Action   string // events.ActionSent, …
	Reason   string
	Detail   string
	Class    touch.Class
	Until    time.Time // of one that is held
	Template string    // of one that was sent
	Language string    // likewise, the customer's; "": not known
	Customer string    // token of the id it was planned for
	Entity   string    // of its fact: "email", or "webhook" of what goes by a channel
	Channel  string    // that it goes by; "": email
}

// Touch is the id of its touch.
func (o *Outcome) Touch() string {
	return o.Worker + "." + o.Step + "." + o.Customer + "." + o.Occasion
}

// An Offer is a code that a customer was given.
type Offer struct {
	At      time.Time
	Person  int32
	Worker  string
	Step    string
	Kind    string
	List    string
	Percent int
	Amount  events.Money
	Largest events.Money // the customer's largest order until then
}

// ledger is what became of the customers of a shard.
type ledger struct {
	e        *engine
	outcomes []Outcome
	offers   []Offer
	largest  map[int32]events.Money
	orders   int
	failed   error // the first look into an installation's timeline that failed

	last     channel.Content // that was composed last
	examples map[look]example
	words    map[string]string
}

// composed is told what an email would be made of.
func (l *ledger) composed(c channel.Content) { l.last = c }

// read reads what came to the timeline.
func (l *ledger) read(e *customer.Entry) {
	switch d := e.Event.Data.(type) {
	case events.Fact:
		l.fact(e, d)
	case *events.OfferIssued:
		worker, step, _, _, _ := touch.ParseID(d.Touch)
		who := l.e.person(e.Key)
		l.recall(e.Key, who)
		l.offers = append(l.offers, Offer{At: e.Event.Time, Person: who, Worker: worker, Step: step, Kind: string(d.Kind), List: d.List,
			Percent: d.Percent, Amount: d.Amount, Largest: l.largest[who]})
	case *events.OrderPlaced:
		l.orders++
		l.ordered(l.e.person(e.Key), d.Order.Total)
	}
}

// ordered notes what an order cost.
func (l *ledger) ordered(who int32, total events.Money) {
	if l.largest == nil {
		l.largest = map[int32]events.Money{}
	}
	if was := l.largest[who]; total.Minor > was.Minor || was.Currency == "" {
		l.largest[who] = total
	}
}

func (l *ledger) fact(e *customer.Entry, f events.Fact) {
	if e.Event.Time.Before(l.e.began) { // an outcome of before, told again
		return
	}
	b := f.Body()
	o := Outcome{At: e.Event.Time, Person: l.e.person(e.Key), Worker: b.Worker, Step: b.Step, Occasion: b.Occasion, Action: e.Event.Type.Action(),
		Reason: b.Reason, Detail: b.Detail, Class: touch.Class(b.Class), Template: b.Template, Customer: b.Customer, Entity: e.Event.Type.Entity(), Channel: b.Channel}
	if b.Until != nil {
		o.Until = *b.Until
	}
	if o.Action == events.ActionSent {
		l.keep(e.Key.Store, &o)
	}
	l.outcomes = append(l.outcomes, o)
	for _, id := range b.Bundles {
		if worker, step, token, occasion, err := touch.ParseID(id); err == nil {
			l.outcomes = append(l.outcomes, Outcome{At: o.At, Person: o.Person, Worker: worker, Step: step, Occasion: occasion,
				Action: events.ActionDropped, Reason: string(reason.Bundled), Class: o.Class, Customer: token, Entity: o.Entity, Channel: o.Channel})
		}
	}
}

// person is the number of whose record it is.
func (e *engine) person(k customer.Key) int32 {
	n, ok := e.who.of[k.Store+"."+k.Token]
	if !ok {
		return -1
	}
	return e.who.find(n)
}
