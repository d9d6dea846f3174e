package replenishment

import (
	"fmt"
	"strings"

	"homing/pkg/reason"
	"homing/workers"
)

// told is how many products Silence speaks of.
const told = 5

// Silence says of what the customer bought that too little is known to remind of it, or
// that they are unlikely to buy it again. It has nothing to say of a customer with a
// reminder to come, or one that had its outcome.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	var why []string
	because, h := reason.Unlikely, habitsOf(&in)
	for _, id := range h.Products() {
		p, kept := h.Newest(id)
		if !kept {
			continue // all of it came back
		}
		if w.tooLate(p) || h.Subscribed(id, p.Placed) {
			continue // it is known well enough
		}
		switch due, b, ok := w.due(p, h); {
		case !ok:
			because = reason.InsufficientData
			why = append(why, id+": "+w.tooLittle(b))
		case b.likely(due, mayRise*w.config.MinChance):
			return "", ""
		default:
			why = append(why, id+": "+w.unlikely(b, due))
		}
	}
	if len(why) == 0 {
		return "", ""
	}
	if more := len(why) - told; more > 0 {
		why = append(why[:told], fmt.Sprintf("and %d more products", more))
	}
	return because, strings.Join(why, " · ")
}
