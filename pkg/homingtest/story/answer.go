package story

import (
	"hash/fnv"
	"time"

	"homing/events"
)

// answer is what a person says of an order, which the shop asks on its own pages as well:
// the answers do not depend on what Homing asked.
func (s *Shop) answer(p *person, order string, arrived time.Time) {
	if !s.chance(p.answers) {
		return
	}
	score := 3 + s.r.IntN(3)
	if s.chance(0.15) {
		score = 1 + s.r.IntN(2)
	}
	s.say(arrived.Add(s.between(2*Day, 10*Day)), &events.CustomerAnswered{Customer: events.Customer{ID: p.id},
		Survey: "order", Question: "csat", Kind: "scale", Scale: "csat", Score: &score, OrderID: order})
	if s.chance(0.1) {
		score := 7 + s.r.IntN(4)
		s.say(arrived.Add(s.between(10*Day, 30*Day)), &events.CustomerAnswered{Customer: events.Customer{ID: p.id},
			Survey: "shop", Question: "nps", Kind: "scale", Scale: "nps", Score: &score})
	}
}

// Hear returns what the shop says once it sees an entry of the timeline: a complaint that an
// unhappy answer opened is dealt with some days later.
func (s *Shop) Hear(e events.Event) []Said {
	d, ok := e.Data.(*events.ComplaintOpened)
	if !ok || e.Source == "/shop" {
		return nil
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(e.ID))
	at := e.Time.Add(Day + time.Duration(h.Sum32()%(4*24*3600))*time.Second).Truncate(time.Second)
	return []Said{{at, events.Event{ID: "closes-" + d.Complaint.ID, Source: "/shop", Type: events.TypeComplaintClosed, Store: e.Store, Time: at,
		Data: &events.ComplaintClosed{Customer: events.Customer{ID: d.Customer.ID}, Complaint: d.Complaint}}}}
}
