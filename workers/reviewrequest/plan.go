package reviewrequest

import (
	"time"

	"homing/pkg/customer"
	"homing/pkg/touch"
	"homing/workers"
)

// Plan plans the ask and the reminder of an order. What was placed or changed brings
// what the email displays; a fulfilment and a delivery only bring a better time.
func (w worker) Plan(in workers.Input) []touch.Touch {
	order, placed, snapshot := workers.Arriving(in)
	if order == "" {
		return nil
	}
	due, _ := w.asks(order, placed, in.Customer)
	if w.tooOld(order, placed, due, in.Customer) {
		return nil
	}
	var out []touch.Touch
	for _, s := range w.steps() {
		t := touch.Touch{Worker: Name, Step: s.Name, Customer: in.Key, Occasion: touch.Token(order), Due: due, Snapshot: snapshot}
		if s.Name == Reminder {
			t.Due = w.reminds(due, order, t, in.Customer)
		}
		if !in.Now.After(t.Due.Add(worth)) {
			out = append(out, t)
		}
	}
	return out
}

// reminds returns when the reminder of an ask is due: after it was sent, or else
// after it will be, if it leaves in time. Wanted knows when it did.
func (w worker) reminds(due time.Time, order string, t touch.Touch, c *customer.Customer) time.Time {
	if at, asked := asked(t, order, c); asked {
		due = at
	}
	return due.Add(w.config.ReminderAfter)
}

// tooOld reports whether an order is too old to be asked about at a time: a shop that
// cleans up marks orders of years ago as delivered.
func (w worker) tooOld(order string, placed, asks time.Time, c *customer.Customer) bool {
	return asks.Sub(workers.Since(order, placed, c)) > w.config.MaxOrderAge
}

// asks returns when the customer is asked about an order, by the best signal
// there is, and which that is.
func (w worker) asks(order string, placed time.Time, c *customer.Customer) (at time.Time, by workers.Signal) {
	return w.arrival().Of(order, placed, c)
}

// asksAbout is asks about an order that is kept in detail.
func (w worker) asksAbout(o *customer.Order) (at time.Time, by workers.Signal) {
	return w.arrival().OfOrder(o)
}

func (w worker) arrival() workers.Arrival {
	return workers.Arrival{AfterDelivery: w.config.AfterDelivery, AfterFulfilment: w.config.AfterFulfilment, AfterOrder: w.config.AfterOrder}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
