package customer

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"homing/events"
)

// Limits of what is kept of subscriptions. Of more, those that were cancelled go first, and
// of these the oldest.
const (
	MaxSubscriptions = 20 // of one customer
	MaxCancelled     = 5  // of these
	MaxUnpaid        = 20 // attempts to charge one that failed, since it was last paid
	maxSubscribed    = 30 // products of one
)

// A Subscription is what is known of one subscription of a customer. All of it only grows,
// or gives way to what was said later, so that it needs no place: of what was said at one
// time a cancellation counts before a pause, a pause before a start, and of two days or
// products the greater.
type Subscription struct {
	ID        string // as the shop knows it
	Active    int64  // ms: when it last started, was resumed or renewed; 0: never
	Paused    int64  // ms: when it was last paused
	Cancelled int64  // ms: when it was last cancelled; what was said up to then of days and products counts no more
	Why       uint8  // of the last cancellation: its place in events.CancelReasons, from 1; 0: not known
	Ends      int64  // ms: until when it goes on after it, if the shop says so

	Renews   Lasting[int64]    // ms: when it renews next
	Days     Lasting[int64]    // from one renewal to the next
	Products Lasting[[]uint64] // About each that comes, ascending
	Unpaid   []int64           // ms: attempts to charge it that failed, since it was last active, paused or cancelled; ascending
}

// Lasting is what was said last of something. The zero one: nothing was.
type Lasting[V any] struct {
	At    int64 // ms: when
	Value V
}

// say keeps the later of what is known and what is said, and reports whether that is news.
func (l *Lasting[V]) say(at int64, v V, compare func(a, b V) int) bool {
	if at < l.At || at == l.At && compare(v, l.Value) <= 0 {
		return false
	}
	l.At, l.Value = at, v
	return true
}

// after forgets what was said up to a time.
func (l *Lasting[V]) after(at int64) {
	if l.At <= at {
		*l = Lasting[V]{}
	}
}

// Standing says how a subscription is.
type Standing uint8

// The standings.
const (
	IsActive Standing = iota // also one of which that was never said
	IsPaused
	IsCancelled
)

// Standing returns how the subscription is.
func (s *Subscription) Standing() Standing {
	switch {
	case s.Cancelled != 0 && s.Cancelled >= max(s.Active, s.Paused):
		return IsCancelled
	case s.Paused != 0 && s.Paused >= s.Active:
		return IsPaused
	}
	return IsActive
}

// RenewsAt returns when it renews next; the zero time: nobody said.
func (s *Subscription) RenewsAt() time.Time {
	if s.Renews.Value == 0 {
		return time.Time{}
	}
	return time.UnixMilli(s.Renews.Value).UTC()
}

// Reason returns why it was cancelled, as events.CancelReasons have it; empty: not known.
func (s *Subscription) Reason() string {
	if all := events.CancelReasons(); s.Why > 0 && int(s.Why) <= len(all) {
		return all[s.Why-1]
	}
	return ""
}

// Has reports whether a product comes with it.
func (s *Subscription) Has(product string) bool {
	_, found := slices.BinarySearch(s.Products.Value, About(product))
	return found
}

// Subscription returns one of the customer's, by its id.
func (c *Customer) Subscription(id string) (Subscription, bool) {
	i, found := c.placeOf(id)
	if !found {
		return Subscription{ID: id}, false
	}
	return c.Subscriptions[i], true
}

// Subscribes reports whether a product comes to the customer by a subscription that is
// active.
func (c *Customer) Subscribes(product string) bool {
	return slices.ContainsFunc(c.Subscriptions, func(s Subscription) bool { return s.Standing() == IsActive && s.Has(product) })
}

// latest is when something was last said of the subscription.
func (s *Subscription) latest() int64 {
	at := max(s.Active, s.Paused, s.Cancelled, s.Renews.At, s.Days.At, s.Products.At)
	if n := len(s.Unpaid); n > 0 {
		at = max(at, s.Unpaid[n-1])
	}
	return at
}

// tidy drops what a later statement makes void.
func (s *Subscription) tidy() {
	s.Renews.after(s.Cancelled)
	s.Days.after(s.Cancelled)
	s.Products.after(s.Cancelled)
	since := max(s.Active, s.Paused, s.Cancelled)
	i, _ := slices.BinarySearch(s.Unpaid, since+1)
	i = max(i, len(s.Unpaid)-MaxUnpaid)
	if s.Unpaid = s.Unpaid[i:]; len(s.Unpaid) == 0 {
		s.Unpaid = nil
	}
}

// since forgets what was said up to a time.
func (s Subscription) since(at int64) Subscription {
	for _, t := range []*int64{&s.Active, &s.Paused, &s.Cancelled} {
		if *t <= at {
			*t = 0
		}
	}
	if s.Cancelled == 0 {
		s.Why, s.Ends = 0, 0
	}
	s.Renews.after(at)
	s.Days.after(at)
	s.Products.after(at)
	i, _ := slices.BinarySearch(s.Unpaid, at+1)
	s.Unpaid = s.Unpaid[i:]
	s.tidy()
	return s
}

// with returns the subscription with what else is known of it.
func (s Subscription) with(o Subscription) Subscription {
	s.Active, s.Paused = max(s.Active, o.Active), max(s.Paused, o.Paused)
	if cmp.Or(cmp.Compare(o.Cancelled, s.Cancelled), cmp.Compare(o.Why, s.Why), cmp.Compare(o.Ends, s.Ends)) > 0 {
		s.Cancelled, s.Why, s.Ends = o.Cancelled, o.Why, o.Ends
	}
	s.Renews.say(o.Renews.At, o.Renews.Value, cmp.Compare[int64])
	s.Days.say(o.Days.At, o.Days.Value, cmp.Compare[int64])
	s.Products.say(o.Products.At, o.Products.Value, slices.Compare[[]uint64])
	if len(o.Unpaid) > 0 {
		s.Unpaid = slices.Concat(s.Unpaid, o.Unpaid) // in memory of its own
		slices.Sort(s.Unpaid)
		s.Unpaid = slices.Compact(s.Unpaid)
	}
	s.tidy()
	return s
}

func (c *Customer) placeOf(id string) (int, bool) {
	return slices.BinarySearchFunc(c.Subscriptions, id, func(s Subscription, id string) int { return strings.Compare(s.ID, id) })
}

// subscribed folds what an event says of a subscription.
func subscribed[D events.CustomerData](standing func(d D, s *Subscription, at int64)) fold {
	return told(func(c *Customer, d D, at Stamp) bool {
		about := events.SubscriptionTold(d)
		s := Subscription{ID: about.ID}
		if about.NextRenewalAt != nil {
			s.Renews = Lasting[int64]{at.At, about.NextRenewalAt.UnixMilli()}
		}
		if n := about.Days(); n > 0 {
			s.Days = Lasting[int64]{at.At, int64(n)}
		}
		if len(about.Items) > 0 {
			s.Products = Lasting[[]uint64]{at.At, productsOf(about.Items)}
		}
		standing(d, &s, at.At)
		return c.keepSubscription(s)
	})
}

// productsOf returns About each product, ascending; of more than are kept, the lowest.
func productsOf(items []events.Item) []uint64 {
	out := make([]uint64, len(items))
	for i, it := range items {
		out[i] = About(it.ProductID)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.Clip(out[:min(len(out), maxSubscribed)])
}

func cancelled(d *events.SubscriptionCancelled, s *Subscription, at int64) {
	s.Cancelled, s.Why = at, uint8(1+slices.Index(events.CancelReasons(), d.Reason))
	if d.EndsAt != nil {
		s.Ends = d.EndsAt.UnixMilli()
	}
}

// keepSubscription folds in what is known of one, and reports whether that is news.
func (c *Customer) keepSubscription(s Subscription) bool {
	s.tidy()
	if s.latest() == 0 {
		return false // it says nothing but an id
	}
	i, found := c.placeOf(s.ID)
	if !found {
		if c.Subscriptions = slices.Insert(c.Subscriptions, i, s); len(c.Subscriptions) <= MaxCancelled {
			return true
		}
		out, over := c.overflowing()
		if over {
			c.Subscriptions = slices.Delete(c.Subscriptions, out, out+1)
		}
		return !over || out != i
	}
	next := c.Subscriptions[i].with(s)
	if next.same(&c.Subscriptions[i]) {
		return false
	}
	c.Subscriptions[i] = next
	if out, over := c.overflowing(); over {
		c.Subscriptions = slices.Delete(c.Subscriptions, out, out+1)
	}
	return true
}

// overflowing returns which subscription there is no room for.
func (c *Customer) overflowing() (place int, over bool) {
	gone, oldest, eldest := 0, -1, 0
	older := func(a, b int) bool {
		x, y := &c.Subscriptions[a], &c.Subscriptions[b]
		return cmp.Or(cmp.Compare(x.latest(), y.latest()), strings.Compare(x.ID, y.ID)) < 0
	}
	for i := range c.Subscriptions {
		if older(i, eldest) {
			eldest = i
		}
		if c.Subscriptions[i].Standing() == IsCancelled {
			if gone++; oldest < 0 || older(i, oldest) {
				oldest = i
			}
		}
	}
	switch {
	case gone > MaxCancelled, gone > 0 && len(c.Subscriptions) > MaxSubscriptions:
		return oldest, true
	}
	return eldest, len(c.Subscriptions) > MaxSubscriptions
}

func (s *Subscription) same(o *Subscription) bool {
	return s.Active == o.Active && s.Paused == o.Paused && s.Cancelled == o.Cancelled && s.Why == o.Why && s.Ends == o.Ends &&
		s.Renews == o.Renews && s.Days == o.Days && s.Products.At == o.Products.At &&
		slices.Equal(s.Products.Value, o.Products.Value) && slices.Equal(s.Unpaid, o.Unpaid)
}

// eraseSubscriptions forgets what was said up to a time, ms.
func (c *Customer) eraseSubscriptions(at int64) {
	var out []Subscription
	for _, s := range c.Subscriptions {
		if s = s.since(at); s.latest() != 0 {
			out = append(out, s)
		}
	}
	c.Subscriptions = out
}
