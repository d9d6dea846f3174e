package cartrecovery

import (
	"homing/pkg/customer"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/workers"
)

// onSale parts the lines of a cart into those that can be bought and the products of
// the others. What the shop said nothing about can be bought.
func (q question) onSale(lines []customer.Line) (on []customer.Line, gone []string) {
	for _, l := range lines {
		if p, _ := q.shop.Of(l.Product); p.Unavailable() {
			gone = append(gone, l.Product)
		} else {
			on = append(on, l)
		}
	}
	return on, gone
}

// unavailable: nobody is invited back to what they cannot buy. It is asked last,
// since what is off sale may be on sale again by the time the others have nothing
// against the email. Lines that nobody knows, because the cart has too many, may be
// on sale.
func (q question) unavailable() touch.Verdict {
	on, gone := q.onSale(q.lines())
	unknown := !q.current() && q.touch.Snapshot.More > 0 || len(on)+len(gone) >= customer.MaxCartLines
	if len(gone) == 0 || len(on) > 0 || unknown {
		return touch.Verdict{}
	}
	return touch.DropFor(reason.Unavailable, "nothing in the cart can be bought, the shop says: "+workers.Some(gone))
}
