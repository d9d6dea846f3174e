package intake

import (
	"fmt"
	"slices"

	"homing/events"
	"homing/pkg/customer"
)

// complaints returns the entries, and after them the complaints that unhappy answers among
// them open. What they are called follows from the answer alone: one that is taken in
// twice, by whichever processes, opens one complaint. A better answer later closes none:
// somebody at the shop does.
func (in *Intake) complaints(entries []customer.Entry) []customer.Entry {
	all := entries
	for _, e := range entries {
		d, ok := e.Event.Data.(*events.CustomerAnswered)
		if !ok || in.o.Unhappy == nil || e.Event.Historical || e.Event.Copy || !in.o.Unhappy(e.Event.Store, d) {
			continue
		}
		all = append(slices.Clip(all), complaint(e.Key, e.Event, d))
	}
	return all
}

func complaint(k customer.Key, e events.Event, d *events.CustomerAnswered) customer.Entry {
	opened := &events.ComplaintOpened{Customer: events.Customer{ID: d.Who().ID}, Complaint: events.Complaint{
		ID:      fmt.Sprintf("answer-%s-%012x", k.Token, customer.AboutAnswer(d.Survey, d.Question, d.OrderID)),
		OrderID: d.OrderID,
	}}
	return customer.Entry{Key: k, Event: events.Event{
		ID: fmt.Sprintf("unhappy.%s.%012x", k.Token, customer.About(e.Source+"\x00"+e.ID)), Source: "/homing/answers",
		Type: opened.Type(), Store: e.Store, Time: e.Time, Data: opened,
	}}
}
