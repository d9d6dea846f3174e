package survey

import (
	"slices"
	"time"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans the question about an order, and the one about the shop if it is not the
// customer's first; and, when a complaint was closed, the one about that.
func (w worker) Plan(in workers.Input) (out []touch.Touch) {
	if d, ok := in.Event.Data.(*events.ComplaintClosed); ok {
		if !w.asks(Complaint) {
			return nil
		}
		at := customer.StampOf(in.Event).Time()
		return []touch.Touch{{
			Worker: Name, Step: Complaint, Occasion: workers.ClosingOf(at), Due: at.Add(w.config.AfterComplaint),
			Snapshot: &touch.Snapshot{Order: d.Complaint.OrderID},
		}}
	}
	order, placed, snapshot := workers.Arriving(in)
	if order == "" {
		return nil
	}
	if w.asks(Order) {
		at, _ := w.arrival().Of(order, placed, in.Customer)
		if !w.tooOld(order, placed, at, in.Customer) && !in.Now.After(at.Add(worth)) {
			out = append(out, touch.Touch{Worker: Name, Step: Order, Customer: in.Key, Occasion: touch.Token(order), Due: at, Snapshot: snapshot})
		}
	}
	if t, ok := w.aboutShop(in, placed); ok {
		out = append(out, t)
	}
	return out
}

// tooOld reports whether an order is too old to be asked about at a time.
func (w worker) tooOld(order string, placed, at time.Time, c *customer.Customer) bool {
	return at.Sub(workers.Since(order, placed, c)) > w.config.MaxOrderAge
}

// aboutShop is the question about the shop to which an order leads that was placed just now.
// It has a place in each half of a year: of the orders that lead to one in the same half,
// the first says when, so that no further order puts it off.
func (w worker) aboutShop(in workers.Input, placed time.Time) (touch.Touch, bool) {
	if _, isNew := in.Event.Data.(*events.OrderPlaced); !isNew || !w.asks(Shop) {
		return touch.Touch{}, false
	}
	times := in.Customer.StandingTimes()
	slices.SortFunc(times, time.Time.Compare)
	if len(times) < w.config.ShopOrders {
		return touch.Touch{}, false
	}
	due := placed.Add(w.config.ShopAfter)
	for _, at := range times[w.config.ShopOrders-1:] {
		if at = at.Add(w.config.ShopAfter); at.Before(due) && workers.HalfYear(at) == workers.HalfYear(due) {
			due = at
		}
	}
	t := touch.Touch{Worker: Name, Step: Shop, Customer: in.Key, Snapshot: &touch.Snapshot{}}
	if next := w.askedShop(t, in).Add(w.config.ShopEvery); next.After(due) {
		due = next
	}
	t.Occasion, t.Due = workers.HalfYear(due), due
	return t, true
}

// askedShop returns when the customer was last asked about the shop, or said without being
// asked what they think of it; the zero time: never.
func (w worker) askedShop(t touch.Touch, in workers.Input) time.Time {
	last := workers.LastOfHalves(t, in)
	if a, ok := in.Customer.Answer(Shop, events.NPS, ""); ok && a.Time().After(last) {
		return a.Time()
	}
	return last
}
