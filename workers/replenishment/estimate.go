package replenishment

import (
	"fmt"
	"math"
	"time"

	"homing/pkg/customer"
	"homing/pkg/foresight"
	"homing/pkg/product"
	"homing/workers"
)

// What is enough to speak of a product in a shop that is early.
const (
	enoughCustomers = 10  // who bought the product again
	enoughShare     = 0.1 // of its buyers
)

// soon is the time after the email within which a purchase is what was asked for.
const soon = 14 * day

// customerHabits is what a customer bought, and what that says of them.
type customerHabits struct {
	*product.Habits
	now   time.Time
	sums  foresight.Sums // over all products, now
	shop  *product.Snapshot
	model foresight.Model
	zone  *time.Location
}

func habitsOf(in *workers.Input) *customerHabits {
	h := in.Habits()
	return &customerHabits{h, in.Now, h.Sums(in.Now), in.Products, in.Products.Model(), in.Location()}
}

// later is what is known at a later time, if nothing happens until then.
func (h *customerHabits) later(d time.Duration) *customerHabits {
	l := *h
	l.now, l.sums = h.now.Add(d), h.sums.Later(d)
	return &l
}

// basis is all that an estimate may rest on.
type basis struct {
	pieces  int
	said    float64 // supply_days as the shop says; 0: it does not
	clock   time.Time
	pair    foresight.Pair // the customer's own purchases of it
	product product.Product
	known   *customerHabits
	id      string
}

// basisOf gathers what is known about a purchase: the order's own word comes before
// the product's.
func (h *customerHabits) basisOf(p customer.Purchase) basis {
	b := basis{pieces: p.Quantity, said: p.Supply, clock: p.Clock(), pair: h.Pair(p.Product), known: h, id: p.Product}
	if len(b.pair.Buys) == 0 { // the details of the order are gone
		b.pair = foresight.PairOf([]foresight.Buy{{At: p.Placed, Pieces: p.Quantity}})
	}
	b.product, _ = h.shop.Of(p.Product)
	if b.said == 0 {
		b.said = float64(b.product.SupplyDays)
	}
	return b
}

// enough reports whether the basis says anything, given how many own intervals suffice in
// a shop that is early. Any other knows how little it means that little is known.
func (b basis) enough(min int) bool {
	return b.said > 0 || !b.known.model.Early || len(b.pair.Intervals) >= min || b.productEnough()
}

func (b basis) productEnough() bool {
	r := b.product.Rhythm
	share := b.product.Buyers == 0 || float64(r.Customers) >= enoughShare*float64(b.product.Buyers)
	return r.Customers >= enoughCustomers && share && r.Days > 0
}

// days is for how many days what was bought lasts.
func (b basis) days() float64 {
	if b.said > 0 {
		return b.said * float64(b.pieces)
	}
	return b.known.model.Days(b.at(b.clock), b.pieces)
}

// chance is how likely the customer buys it again soon after a time at which they have not
// yet.
func (b basis) chance(at time.Time) float64 {
	return b.known.model.Chance(b.at(at), at, soon)
}

// at is what is known of the customer and the product at a time.
func (b basis) at(at time.Time) foresight.Case {
	return foresight.Case{Product: b.known.shop.SumsOf(b.product, at), Customer: b.known.sums.Later(at.Sub(b.known.now)), Pair: b.pair}
}

// likely reports whether a reminder is worth sending at a time. Where the shop says how
// long a piece lasts, it says that it is bought to be used up.
func (b basis) likely(at time.Time, min float64) bool {
	return b.said > 0 || b.chance(at) >= min
}

// text states what an email at a time rests on, for the fact and for people.
func (b basis) text(at time.Time) string {
	from := b.clock.In(b.known.zone).Format("2 Jan 2006")
	if b.said > 0 {
		return fmt.Sprintf("%d × %s days (the shop's supply_days) from %s; sent whatever the chance", b.pieces, number(b.said), from)
	}
	return fmt.Sprintf("%s likely in these two weeks; %s; expected to last %s days from %s%s",
		share(b.chance(at)), b.rhythm(), number(b.days()), from, b.early())
}

// rhythm states what the customer and others did.
func (b basis) rhythm() string {
	usual := func(s foresight.Sums) string { return "about every " + number(b.known.model.Usual(s)) + " days" }
	own := "bought " + times(len(b.pair.Buys))
	if len(b.pair.Intervals) > 0 {
		return own + ", " + usual(b.pair.Sums(b.clock))
	}
	switch r := b.product.Rhythm; {
	case r.Customers > 0 && b.product.Buyers == 0: // who bought it once is not known
		return fmt.Sprintf("%s; %s bought it again, %s", own, count(r.Customers, "customer"), usual(b.product.Sums))
	case r.Customers > 0:
		return fmt.Sprintf("%s; %d of its %d buyers bought it again, %s", own, r.Customers, b.product.Buyers, usual(b.product.Sums))
	}
	return own + "; nobody is known to have bought it again"
}

// early says that a shop has too little of its own to be judged by.
func (b basis) early() string {
	if !b.known.model.Early {
		return ""
	}
	known := "no repurchases"
	if n := int(b.known.model.Again); n > 0 {
		known = "only " + count(n, "repurchase")
	}
	return "; it is early: with " + known + " so far, the shop is taken for a typical one"
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// times writes how often as people say it.
func times(n int) string {
	words := [...]string{"never", "once", "twice", "three times", "four times", "five times", "six times", "seven times", "eight times", "nine times", "ten times"}
	if n < len(words) {
		return words[n]
	}
	return fmt.Sprintf("%d times", n)
}

// share writes a chance.
func share(p float64) string { return fmt.Sprintf("%.0f %%", 100*p) }

// number writes days as people say them.
func number(days float64) string {
	if days < 10 {
		return fmt.Sprintf("%.3g", math.Round(days*10)/10)
	}
	return fmt.Sprintf("%.0f", days)
}
