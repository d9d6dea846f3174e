package customer

import (
	"iter"
	"slices"
	"time"

	"homing/events"
)

// LeftAt returns what was left at a time of what an order cost, by all that is known to
// have been said about it until then: the cost as it was told last, without what was
// cancelled, came back or was paid back; the zero Money if the order does not stand or
// nobody said what it cost. Of pieces that were paid back with an amount the amount
// counts. Other pieces count as their share of all pieces, since a record does not have
// the prices of lines.
func (o *Order) LeftAt(at time.Time) events.Money {
	until := at.UnixMilli()
	if o.Age == 0 || o.Test || o.Age > until {
		return events.Money{}
	}
	x := *o
	x.Marks = slices.DeleteFunc(slices.Clone(o.Marks), func(m Mark) bool { return m.Stamp.At > until })
	x.Parts = slices.DeleteFunc(slices.Clone(o.Parts), func(p Part) bool { return p.Stamp.At > until })
	if !x.Counts() || x.Undone() != 0 || x.Brief && x.Taken != 0 {
		return events.Money{}
	}
	parts := x.parts()
	if len(parts) == 0 {
		return o.Total
	}
	left := o.Total
	left.Minor = max(left.Minor-x.takenWorth(parts), 0)
	return left
}

// takenWorth returns what pieces were worth that statements took.
func (o *Order) takenWorth(parts []Part) int64 {
	worth, all, gone := int64(0), 0, 0
	valued := map[string]int{} // pieces that were paid back with an amount; noMore: all
	const noMore = 1 << 40
	for _, p := range parts {
		if p.Amount == 0 {
			continue
		}
		worth += p.Amount
		for _, l := range p.Lines {
			if l.Quantity == 0 {
				valued[l.Product] = noMore
			}
			valued[l.Product] += l.Quantity
		}
	}
	seen := map[string]bool{}
	for _, l := range o.Lines {
		if all += l.Quantity; seen[l.Product] {
			continue
		}
		seen[l.Product] = true
		n, _ := o.take(parts, l.Product)
		gone += max(n-valued[l.Product], 0)
	}
	if gone > 0 && all > 0 {
		worth += int64(float64(o.Total.Minor) * float64(gone) / float64(all))
	}
	return worth
}

// Turns returns the times after the order was placed at which something was said that may
// change what is left of it, ascending.
func (o *Order) Turns() []time.Time {
	var at []int64
	for _, m := range o.Marks {
		at = append(at, m.Stamp.At)
	}
	for _, p := range o.Parts {
		at = append(at, p.Stamp.At)
	}
	slices.Sort(at)
	var out []time.Time
	for _, t := range slices.Compact(at) {
		if t > o.Age {
			out = append(out, time.UnixMilli(t).UTC())
		}
	}
	return out
}

// Stands reports whether an order of which no details are kept counts and was neither paid
// back nor returned as a whole.
func (s *SeenOrder) Stands() bool { return s.counts() && !s.whole(Refunded) && !s.whole(Returned) }

// amounts goes through what was paid back with each statement about pieces.
func amounts(os ...[]Order) iter.Seq[*int64] {
	return func(yield func(*int64) bool) {
		for _, list := range os {
			for i := range list {
				for j := range list[i].Parts {
					if !yield(&list[i].Parts[j].Amount) {
						return
					}
				}
			}
		}
	}
}

func hasAmounts(os ...[]Order) bool {
	for a := range amounts(os...) {
		if *a != 0 {
			return true
		}
	}
	return false
}

// lefts goes through what was left of each order whose details are gone.
func lefts(seen []SeenOrder) iter.Seq[*events.Money] {
	return func(yield func(*events.Money) bool) {
		for i := range seen {
			if !yield(&seen[i].Left) {
				return
			}
		}
	}
}

// lesser returns which of two statements counts about what was left of an order: the one
// that says something, and then the lower.
func lesser(a, b events.Money) events.Money {
	if a.Currency == "" || b.Currency != "" && (b.Currency < a.Currency || b.Currency == a.Currency && b.Minor < a.Minor) {
		return b
	}
	return a
}
