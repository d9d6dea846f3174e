package cartrecovery

import (
	"strconv"
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// series is one time that a cart was left, and the emails that follow from it.
type series struct {
	cart   string
	number int         // how many orders came before it
	again  bool        // another one of the cart preceded it since the last order
	told   []time.Time // the first times that it was said to be left, as many as may give it a name
	cut    bool        // it may have begun before what is kept
	said   time.Time   // the event that began it: an order from then on ends it
	left   time.Time   // what the steps' delays count from
	from   time.Time   // claims from then on may be its own
}

// told is how many times of one visit may come in in another order than they
// happened, and change its name.
const told = 5

// late is how many orders may come in late without the emails that went out
// under another number being overlooked.
const late = 20

// seriesOf returns the series that a cart is in, as far as the customer tells;
// false if the cart was not left since the last order.
func (w worker) seriesOf(c *customer.Customer, key customer.Key, cart string) (series, bool) {
	var ordered time.Time
	if o, ok := c.LastPlaced(); ok {
		ordered = o.PlacedAt()
	}
	s := series{cart: cart}
	notes := c.NotedAfter(customer.Abandoned, cart, ordered)
	for i, n := range notes {
		if pause := i > 0 && n.Sub(notes[i-1]) >= w.life(); i == 0 || pause {
			s.said, s.left, s.from, s.again, s.told = n, n, n, pause, nil
		}
		if len(s.told) < told {
			s.told = append(s.told, n)
		}
	}
	kept := c.KeptSince(customer.Abandoned)
	s.cut = kept.After(ordered) && s.said.Sub(kept) < w.life()
	if w.config.Idle > 0 && c.Cart.Value.ID == cart && c.Cart.Stamp.Time().After(ordered) {
		s.idle(w, c, key, ordered)
	}
	s.number = c.PlacedBefore(s.said.UnixMilli())
	return s, !s.said.IsZero()
}

// idle has the series begin when the cart was quiet for long enough, if the shop
// does not say anything. Every update moves that; once an email has gone out
// nothing does, and the series counts from when that email would have been due.
func (s *series) idle(w worker, c *customer.Customer, key customer.Key, ordered time.Time) {
	updated := c.Cart.Stamp.Time()
	quiet := series{cart: s.cart, said: updated, left: updated.Add(w.config.Idle), from: ordered.Add(time.Millisecond),
		number: c.PlacedBefore(updated.UnixMilli())}
	for _, step := range w.config.Steps {
		if k, ok := quiet.claim(c, key, step.StepName()); ok && k.Spends() {
			quiet.left = time.UnixMilli(k.At).UTC().Add(-step.After)
			if quiet.left.Before(quiet.said) {
				quiet.said = quiet.left
			}
			break
		}
	}
	if s.said.IsZero() || quiet.left.Before(s.left) && !s.again {
		*s = quiet
	}
}

// life is how long a series takes, until its last email is not worth sending any more.
func (w worker) life() time.Duration {
	last := w.config.Steps[len(w.config.Steps)-1]
	return last.After + last.Step(w.config.Class, expires).Expires
}

// planned returns the series that a touch was planned in, if the customer does
// not tell of it any more.
func (w worker) planned(c *customer.Customer, t touch.Touch, place int) series {
	left := t.Due.Add(-w.config.Steps[place].After)
	said := t.Snapshot.PlacedAt
	if said.IsZero() {
		said = left
	}
	s := series{cart: t.Snapshot.Cart, number: c.PlacedBefore(said.UnixMilli()), said: said, from: said, left: left}
	for n := max(0, s.number-late); n <= s.number+late; n++ {
		s.again = s.again || s.nameAgain(n, said) == t.Occasion
	}
	return s
}

// occasion names the series.
func (s series) occasion() string {
	if s.again {
		return s.nameAgain(s.number, s.said)
	}
	return s.name(s.number)
}

func (s series) name(number int) string { return touch.Token(s.cart + "-" + strconv.Itoa(number)) }

func (s series) nameAgain(number int, said time.Time) string {
	return touch.Token(s.cart + "-" + strconv.Itoa(number) + "-r" + strconv.FormatInt(said.UnixMilli(), 36))
}

// names lists what the series may be called: orders that came in late, or an
// older note of the cart, change its name.
func (s series) names() []string {
	began := []time.Time{s.said}
	if s.again && len(s.told) > 0 {
		began = s.told
	}
	var out []string
	for n := max(0, s.number-late); n <= s.number+late; n++ {
		out = append(out, s.name(n))
		for _, said := range began {
			out = append(out, s.nameAgain(n, said))
		}
	}
	return out
}

// claim returns the claim on a step of the series under any of its names; one
// under which an email went out, or is just going, before one that was dropped.
func (s series) claim(c *customer.Customer, key customer.Key, step string) (customer.Claim, bool) {
	var best customer.Claim
	found := false
	if len(c.Claims) == 0 {
		return best, false
	}
	for _, occasion := range s.names() {
		k, ok := named(key, step, occasion).ClaimIn(c)
		if ok && k.At >= s.from.UnixMilli() && (!found || k.Spends() && !best.Spends()) {
			best, found = k, true
		}
	}
	return best, found
}

func named(key customer.Key, step, occasion string) touch.Touch {
	return touch.Touch{Worker: Name, Step: step, Customer: key, Occasion: occasion}
}
