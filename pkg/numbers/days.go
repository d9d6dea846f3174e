package numbers

import (
	"slices"
	"strings"
	"time"

	"homing/events"
	"homing/pkg/attribution"
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// days is shown what happened, and finds out what is known of each day that isn't settled.
type days struct {
	set       Settings
	zone      *time.Location
	from      time.Time // before this, days are settled
	people    *people
	days      map[string]*Day
	answers   map[[4]string]answer // by customer, survey, question and order
	questions map[string]bool      // whose answers are counted
	reviews   map[[3]string]review // by customer, product and order
	trials    []*trial
}

// answer is the latest to a question, and review the latest of a product.
type (
	answer struct {
		at    int64
		scale string
		score int
	}
	review struct {
		at     int64
		rating int
	}
)

// types are what happens that days are made of.
func (d *days) types() []events.Type {
	outcomes := []string{events.ActionSent, events.ActionUncertain, events.ActionDropped}
	if len(d.trials) > 0 {
		outcomes = append(outcomes, events.ActionHeld)
	}
	return append(events.OutcomeTypes(outcomes...), events.TypeEmailClicked, events.TypeCustomerAnswered, events.TypeReviewSubmitted)
}

// open returns the day of a time; nil: it is settled.
func (d *days) open(at time.Time) *Day {
	if at.Before(d.from) {
		return nil
	}
	return d.of(at)
}

func (d *days) of(at time.Time) *Day {
	on := entry(d.days, at.In(d.zone).Format(time.DateOnly))
	if on.Dropped == nil {
		on.Dropped = map[string]int{}
	}
	return on
}

func (d *Day) worker(name string) *Worker {
	if d.Workers == nil {
		d.Workers = map[string]*Worker{}
	}
	return entry(d.Workers, name)
}

// See adds what happened, in the order in which it came.
func (d *days) See(e customer.Entry) {
	if e.Event.Copy {
		return
	}
	switch x := e.Event.Data.(type) {
	case *events.EmailClicked:
		if !x.Machine {
			d.clicked(e, &x.EmailVisit)
		}
	case *events.CustomerAnswered:
		d.answered(e, x)
	case *events.ReviewSubmitted:
		k, r := [3]string{e.Key.Token, x.Review.ProductID, x.Review.OrderID}, review{e.Event.Time.UnixMilli(), x.Review.Rating}
		if d.open(e.Event.Time) != nil && d.reviews[k].at <= r.at {
			d.reviews[k] = r
		}
	case events.Fact:
		d.fact(e, x.Body(), x.Type().Action())
	}
}

// fact adds what became of a touch.
func (d *days) fact(e customer.Entry, b *events.FactBody, action string) {
	if touch.Class(b.Class) == touch.Staff {
		return // to no customer
	}
	on := d.open(e.Event.Time)
	if on != nil && action == events.ActionDropped {
		on.Dropped[b.Reason]++
	}
	went := action == events.ActionSent || action == events.ActionUncertain
	switch {
	case went && on != nil:
		on.worker(b.Worker).Sent++
		if asks := d.set.Asks[b.Worker+"/"+b.Step]; asks != "" {
			if on.Asked == nil {
				on.Asked = map[string]int{}
			}
			on.Asked[asks]++
		}
		if b.Worker == d.set.AsksForReviews {
			entryOf(&on.Reviews).Asked++
		}
	case on != nil && action == events.ActionDropped && b.Reason == string(reason.Holdout):
		on.worker(b.Worker).HeldOut++
	}
	if touch.Class(b.Class) != touch.Marketing {
		return
	}
	who := d.people.buyers[e.Key.Token]
	if went && who != nil {
		who.emails = append(who.emails, attribution.Email{Worker: b.Worker, Sent: e.Event.Time.UnixMilli()})
		who.which = append(who.which, customer.ClaimKey(b.Touch))
	}
	reached, held := reaches(action, b.Reason)
	for _, t := range d.trials {
		if reached {
			t.see(who, e, b.Worker, b.Occasion, held)
		}
	}
}

func entryOf[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}

// reaches reports whether a touch came as far as the rule that draws the control group, and
// whether it is of that group. What comes after the rule only delays emails, and what the
// email of another touch took over was sent with it.
func reaches(action, why string) (reached, held bool) {
	switch reason.Reason(why) {
	case reason.Holdout:
		return true, true
	case reason.QuietHours, reason.FrequencyCap, reason.Yields, reason.Bundled:
		return true, false
	}
	return action == events.ActionSent || action == events.ActionUncertain, false
}

func (d *days) clicked(e customer.Entry, x *events.EmailVisit) {
	if on := d.open(e.Event.Time); on != nil {
		on.worker(x.Worker).Clicked++
	}
	who := d.people.buyers[e.Key.Token]
	if who == nil {
		return
	}
	if i := slices.Index(who.which, customer.ClaimKey(x.Touch)); i >= 0 {
		who.emails[i].Clicks = append(who.emails[i].Clicks, e.Event.Time.UnixMilli())
	}
}

func (d *days) answered(e customer.Entry, x *events.CustomerAnswered) {
	if x.Score == nil || x.Scale != events.CSAT && x.Scale != events.NPS || d.open(e.Event.Time) == nil {
		return
	}
	name := question(x.Survey, x.Question)
	if !d.questions[name] && len(d.questions) >= mostQuestions {
		return
	}
	d.questions[name] = true
	k, a := [4]string{e.Key.Token, x.Survey, x.Question, x.OrderID}, answer{e.Event.Time.UnixMilli(), x.Scale, *x.Score}
	if d.answers[k].at <= a.at {
		d.answers[k] = a
	}
}

// mostQuestions bounds of how many questions answers are counted, of the days that are not
// settled: a shop that makes up a new name for each answer asks none of them.
const mostQuestions = 100

// question is how a survey and a question are told from others.
func question(survey, name string) string { return strings.TrimPrefix(survey+"/"+name, "/") }

// list returns the days, ascending, with those that were settled before.
func (d *days) list(settled []Day) []Day {
	for k, a := range d.answers {
		on := d.of(time.UnixMilli(a.at))
		if on.Answers == nil {
			on.Answers = map[string]*Answer{}
		}
		x := entry(on.Answers, question(k[1], k[2]))
		x.Scale = a.scale
		if a.score >= 0 && a.score < len(x.Scores) {
			x.Scores[a.score]++
		}
	}
	for _, r := range d.reviews {
		entryOf(&d.of(time.UnixMilli(r.at)).Reviews).Ratings[max(min(r.rating, 5), 0)]++
	}
	d.attribute()
	out := slices.Clone(settled)
	for _, name := range sortedKeys(d.days) {
		d.days[name].Date = name
		out = append(out, *d.days[name])
	}
	return out[max(len(out)-keptDays, 0):]
}

// attribute says which workers' emails have a part in the orders of the open days.
func (d *days) attribute() {
	for token, who := range d.people.buyers {
		if token != who.tokens[0] {
			continue // once, under the first
		}
		for _, o := range who.orders {
			if on := d.open(time.UnixMilli(o.at)); on != nil {
				on.First += one(o.at == who.first)
				on.attribute(&d.set.Windows, o, who.emails)
			}
		}
	}
}

func (d *Day) attribute(w *attribution.Windows, o order, emails []attribution.Email) {
	d.Orders++
	parts := w.Parts(emails, o.at)
	seen := map[string]bool{}
	for _, p := range parts {
		if !seen[p.Worker] {
			d.worker(p.Worker).Orders++
			seen[p.Worker] = true
		}
	}
	if len(parts) == 0 {
		d.worker(attribution.None).Orders++
	}
	if o.currency == "" {
		return
	}
	d.Revenue.add(o.currency, o.minor)
	for _, m := range attribution.Models() {
		for name, minor := range w.Split(m, o.minor, parts) {
			x := d.worker(name)
			if x.Revenue == nil {
				x.Revenue = map[attribution.Model]Money{}
			}
			sum := x.Revenue[m]
			sum.add(o.currency, minor)
			x.Revenue[m] = sum
		}
	}
}
