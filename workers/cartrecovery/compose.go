package cartrecovery

import (
	"slices"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/offer"
	"homing/pkg/touch"
	"homing/workers"
)

// Compose shows the cart as it is now, and decides on the offer.
func (w worker) Compose(t touch.Touch, in workers.Input) workers.Wording {
	place := workers.Place(w.config.Steps, t.Step)
	if place < 0 || t.Snapshot == nil {
		return workers.Wording{}
	}
	q := w.question(t, in, place)
	v := workers.Wording{Offer: q.offer(), Detail: "the cart was left " + q.series.left.UTC().Format("2006-01-02 15:04 MST")}
	lines, gone := q.onSale(q.lines())
	switch {
	case q.current():
		v.Items, v.More = shown(t.Snapshot, lines, len(gone))
	case len(gone) > 0:
		v.Items, v.More = shown(t.Snapshot, lines, 0)
		v.More += t.Snapshot.More
	}
	if len(gone) > 0 {
		v.Detail += workers.LeftOut(gone)
	}
	return v
}

// offer returns what the email offers: once a cart, and not to who would get it
// as the first thing they hear.
func (q question) offer() *offer.Terms {
	terms := q.step.Offer.Terms()
	if terms == nil || q.series.again || q.offered() {
		return nil
	}
	for _, s := range q.config.Steps[:q.place] {
		if k, ok := q.series.claim(q.customer, q.touch.Customer, s.StepName()); ok && (k.State == customer.Sent || k.State == customer.Uncertain) {
			return terms
		}
	}
	if q.place == 0 {
		return terms // the series is this one email
	}
	return nil
}

// offered reports whether another email of the cart came with an offer.
func (q question) offered() bool {
	for _, s := range q.config.Steps {
		for _, occasion := range q.series.names() {
			other := named(q.touch.Customer, s.StepName(), occasion)
			if o, ok := other.OfferIn(q.customer); ok && other.ID() != q.touch.ID() && o.At >= q.series.from.UnixMilli() {
				return true
			}
		}
	}
	return false
}

// shown returns those lines of the snapshot that are still in the cart and on sale,
// as many pieces as there are now, and how many lines of the cart it does not know.
// gone is how many lines are not on sale. Nil means that the snapshot is right as it
// is.
func shown(s *touch.Snapshot, lines []customer.Line, gone int) (items []events.Item, more int) {
	rest := slices.Clone(lines)
	same := true
	for _, it := range s.Items {
		i := slices.IndexFunc(rest, func(l customer.Line) bool { return l.Product == it.ProductID })
		if i < 0 {
			same = false
			continue
		}
		same = same && rest[i].Quantity == it.Quantity
		it.Quantity = rest[i].Quantity
		items = append(items, it)
		rest = slices.Delete(rest, i, i+1)
	}
	if same && gone == 0 && len(rest) <= s.More {
		return nil, 0 // what is over was left out for want of room
	}
	if items == nil {
		items = []events.Item{}
	}
	more = len(rest)
	if len(lines)+gone >= customer.MaxCartLines { // there are others, which nobody knows
		more += max(0, len(s.Items)+s.More-customer.MaxCartLines)
	}
	return items, more
}
