// Package subscription reminds customers of a renewal while they can still skip it, tells
// them that one could not be charged, and asks those who cancelled to come back.
//
// Triggers: what the shop tells of a subscription. Steps, each of one subscription:
//
//   - renewal, some days before it renews, by how often it does; transactional
//   - payment, when it could not be charged, and payment-again, some days later while it
//     is not paid; transactional
//   - come-back, two weeks after it was cancelled; marketing, with an offer if there is one
//
// Nothing that advertises is in the first three, and nothing of the last is sent without
// consent.
//
// What is right follows from the customer's record (customer.Subscription), and not from
// the one event: a renewal that was skipped, a pause, a payment that came through end what
// is planned. A subscription that was cancelled because somebody died, or cheated, or
// because the shop does not offer it any more, is not asked back.
package subscription

import (
	"cmp"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/localtime"
	"homing/pkg/touch"
	"homing/workers"
)

// Name is the worker's name.
const Name = "subscription"

// The steps.
const (
	Renewal      = "renewal"
	Payment      = "payment"
	PaymentAgain = "payment-again"
	ComeBack     = "come-back"
)

const (
	day = 24 * time.Hour
	// How long after its time a step is worth sending. A reminder is until it renews.
	paymentExpires  = 7 * day
	comeBackExpires = 14 * day
	// moved is by how many days a renewal may move without another reminder of it.
	moved = 3
	// askedOnce is how long nobody is asked back again, whichever subscription it is.
	askedOnce = 30 * day
	// horizon is how old an event may be that says when a subscription renews.
	horizon = 400 * day
)

// Kind makes subscription workers.
var Kind = workers.Kind{
	Name:   Name,
	Emails: "emails about your subscriptions",
	Ahead:  true,
	Triggers: []events.Type{events.TypeSubscriptionStarted, events.TypeSubscriptionUpdated, events.TypeSubscriptionRenewing, events.TypeSubscriptionRenewed,
		events.TypeSubscriptionResumed, events.TypeSubscriptionCancelled, events.TypeSubscriptionPaymentFailed},
	Horizon: horizon,
	Recalls: true,
	New: workers.From(Defaults, Config.validate, func(c Config) workers.Worker {
		w := worker{c}
		return workers.Worker{Settings: c.Settings, Steps: w.steps(), Plan: w.Plan, Wanted: w.Wanted, Compose: w.Compose, Silence: w.Silence}
	}),
}

// worker is the subscription programme of one store.
type worker struct{ config Config }

func (w worker) steps() []touch.Step {
	c := w.config
	var out []touch.Step
	add := func(name string, class touch.Class, expires time.Duration, o *workers.Offer) {
		out = append(out, touch.Step{Name: name, Template: Name + "/" + name, Class: class, Expires: expires, Offer: o.Terms()})
	}
	if len(c.Renewals) > 0 {
		longest := time.Duration(0)
		for _, r := range c.Renewals {
			longest = max(longest, r.Before)
		}
		add(Renewal, c.Class, longest+day, nil)
	}
	add(Payment, c.Class, paymentExpires, nil)
	if c.PaymentAgain > 0 {
		add(PaymentAgain, c.Class, paymentExpires, nil)
	}
	if c.ComeBackAfter > 0 {
		add(ComeBack, touch.Marketing, comeBackExpires, c.Offer)
	}
	return out
}

// Plan plans what an event about a subscription leads to.
func (w worker) Plan(in workers.Input) []touch.Touch {
	told := events.SubscriptionTold(in.Event.Data)
	if told == nil {
		return nil
	}
	s, known := in.Customer.Subscription(told.ID)
	if !known {
		return nil
	}
	var out []touch.Touch
	plan := func(step, occasion string, due time.Time, show touch.Snapshot) {
		out = append(out, touch.Touch{Worker: Name, Step: step, Occasion: occasion, Due: due, Snapshot: &show})
	}
	switch d := in.Event.Data.(type) {
	case *events.SubscriptionCancelled:
		if at := w.asksBack(&s); !at.IsZero() && !in.Event.Historical {
			plan(ComeBack, spell(&s), at, shown(told, &s))
		}
	case *events.SubscriptionPaymentFailed:
		if n := len(s.Unpaid); n == 0 || n == customer.MaxUnpaid || in.Event.Historical {
			return nil // of so many attempts it is not known any more which was the first
		}
		show := shown(told, &s)
		if d.RetryAt != nil {
			show.RetryAt = *d.RetryAt
		}
		first := s.Unpaid[0]
		plan(Payment, unpaid(&s, first), time.UnixMilli(first).UTC(), show)
		if w.config.PaymentAgain > 0 {
			plan(PaymentAgain, unpaid(&s, first), time.UnixMilli(first).Add(w.config.PaymentAgain).UTC(), show)
		}
	default:
		if due, ok := w.remindsAt(&s, in); ok && in.Now.Before(s.RenewsAt()) {
			plan(Renewal, renewal(&s, s.RenewsAt()), due, shown(told, &s))
		}
	}
	return out
}

// shown is what an email shows of a subscription, as an event has it; when it renews is as
// it is known.
func shown(told *events.Subscription, s *customer.Subscription) touch.Snapshot {
	of := *told
	of.Items, of.Total, of.NextRenewalAt = nil, events.Money{}, nil
	if at := s.RenewsAt(); !at.IsZero() {
		of.NextRenewalAt = &at
	}
	out := touch.Snapshot{Subscription: &of, Total: told.Total}
	out.Items, out.More = touch.Items(told.Items)
	return out
}

// The occasions: a renewal by its day, what is not paid by the first attempt that failed,
// and a cancellation by when the subscription was last active before it.

func renewal(s *customer.Subscription, at time.Time) string {
	return touch.Token(s.ID + "\n" + at.UTC().Format(time.DateOnly))
}

func unpaid(s *customer.Subscription, first int64) string {
	return touch.Token(s.ID + "\nunpaid " + time.UnixMilli(first).UTC().Format(time.RFC3339Nano))
}

func spell(s *customer.Subscription) string {
	return touch.Token(s.ID + "\nactive " + time.UnixMilli(s.Active).UTC().Format(time.RFC3339Nano))
}

// remindsAt returns when to remind of the next renewal: at a time of day, no later than so
// long before it; false if nobody is to be reminded of it.
func (w worker) remindsAt(s *customer.Subscription, in workers.Input) (time.Time, bool) {
	next := s.RenewsAt()
	r, ok := w.config.rule(s, in.Customer.Country.Value)
	if !ok || next.IsZero() || s.Standing() != customer.IsActive {
		return time.Time{}, false
	}
	latest, zone := next.Add(-r.Before), in.Location()
	date := localtime.DateOf(latest.In(zone))
	due := date.At(w.config.SendAt, zone)
	if due.After(latest) {
		due = date.Add(-1).At(w.config.SendAt, zone)
	}
	// Who started, resumed or paid it after that knows when it renews.
	return due.UTC(), !due.Before(time.UnixMilli(s.Active))
}

// asksBack returns when to ask somebody back; the zero time: never.
func (w worker) asksBack(s *customer.Subscription) time.Time {
	switch s.Reason() {
	case events.CancelDiscontinued, events.CancelFraud, events.CancelDeceased:
		return time.Time{}
	}
	if w.config.ComeBackAfter == 0 || s.Standing() != customer.IsCancelled {
		return time.Time{}
	}
	return time.UnixMilli(max(s.Cancelled, s.Ends)).Add(w.config.ComeBackAfter).UTC()
}

// Compose binds the offer of those who are asked back, and says what the email rests on.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	out := workers.Wording{Orders: in.Customer.OrderCount()}
	if t.Snapshot == nil || t.Snapshot.Subscription == nil {
		return out
	}
	s, _ := in.Customer.Subscription(t.Snapshot.Subscription.ID)
	on := func(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02 15:04 MST") }
	switch {
	case t.Step == ComeBack:
		out.Offer = w.config.Offer.Terms()
		out.Detail = "cancelled " + on(s.Cancelled) + ", " + cmp.Or(s.Reason(), "nobody said why")
	case t.Step == Renewal:
		out.Detail = "renews " + on(s.Renews.Value)
	case len(s.Unpaid) > 0:
		out.Detail = "not paid since " + on(s.Unpaid[0])
	}
	return out
}
