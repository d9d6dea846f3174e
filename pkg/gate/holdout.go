package gate

import (
	"strconv"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// Holdout says who gets no marketing mail, so that its effect can be measured.
type Holdout struct {
	Share  float64 // of the customers who get no marketing mail at all, 0 to 1
	Worker float64 // of those who get none of this worker
	// Number returns the customer's own number, 0 or more and less than 1, and
	// another one for each worker; "" is the one for all. It never changes, so that
	// whoever is held out stays so while a share grows.
	Number func(k customer.Key, worker string) float64
}

// holdout: the control group gets nothing that it would otherwise have got. All
// that would have stopped a mail stands before, and all that only delays it after.
func holdout(c *Case) touch.Verdict {
	h := c.Policy.Holdout
	switch {
	case !c.marketing():
	case h.Share > 0 && h.Number(c.Touch.Customer, "") < h.Share:
		return touch.DropFor(touch.Holdout, "one of the "+percent(h.Share)+" who get no marketing mail")
	case h.Worker > 0 && h.Number(c.Touch.Customer, c.Touch.Worker) < h.Worker:
		return touch.DropFor(touch.Holdout, "one of the "+percent(h.Worker)+" who get no mail of "+c.Touch.Worker)
	}
	return touch.Verdict{}
}

func percent(share float64) string { return strconv.FormatFloat(share*100, 'g', 6, 64) + " %" }
