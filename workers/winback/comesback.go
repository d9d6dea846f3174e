package winback

import (
	"fmt"
	"time"

	"homing/pkg/reason"
	"homing/workers"
)

// comesBack returns how likely the customer is to order within 90 days on their own, and
// whether that is known.
func comesBack(in workers.Input) (chance float64, known bool) {
	last, l := in.Customer.LastOrderAt(), in.Products.ComesBack()
	if last.IsZero() || !l.Known() {
		return 0, false
	}
	return l.Chance(in.Now.Sub(last).Hours()/24, in.Customer.OrderCount()), true
}

// chance says it.
func chance(in workers.Input) string {
	p, known := comesBack(in)
	if !known {
		return "it is too early to say how likely they are to come back on their own"
	}
	return share(p) + " likely to order on their own within 90 days"
}

func share(p float64) string { return fmt.Sprintf("%.0f %%", 100*p) }

// Silence says of a customer who has not lapsed when they will have.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	last := in.Customer.LastOrderAt()
	if last.IsZero() || in.Customer.LapsedSince() || in.Customer.Asleep() {
		return "", ""
	}
	at := last.Add(w.config.Lapse.After(in.Products.ComesBack(), in.Customer.OrderCount()))
	if !at.After(in.Now) {
		return "", ""
	}
	return reason.NotYet, fmt.Sprintf("%s; counts as lapsed from %s on, if there is no order", chance(in), at.In(in.Location()).Format(time.DateOnly))
}
