package installation

import (
	"crypto/rand"
	"strings"
	"time"

	"homing/events"
)

// Erasures returns the events that erase a person: one for each of their ids that is
// not erased yet. Each reaches all of the person, so one would do; but the ids may part
// before it is taken in.
func (f Found) Erasures(now time.Time) []events.Event {
	var out []events.Event
	for _, r := range f.Person.Members {
		who := events.Customer{ID: r.Customer.ID.Value}
		if r.Customer.ID.Value == "" {
			continue // erased, and not heard of since
		}
		if strings.HasPrefix(who.ID, "guest:") && r.Customer.Account() != "" {
			who = events.Customer{Email: r.Customer.Account()}
		}
		d := &events.CustomerErased{Customer: who}
		out = append(out, events.Event{ID: strings.ToLower(rand.Text()), Source: "/homing/erase", Type: d.Type(), Store: f.Key.Store,
			Time: now.UTC().Truncate(time.Millisecond), Data: d})
	}
	return out
}
