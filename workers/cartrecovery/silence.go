package cartrecovery

import (
	"fmt"

	"homing/pkg/reason"
	"homing/workers"
)

// Silence says of a cart that nobody said was left what is waited for.
func (w worker) Silence(in workers.Input) (reason.Reason, string) {
	cart := in.Customer.Cart
	if _, left := w.seriesOf(in.Customer, in.Key, cart.Value.ID); left || w.config.Idle > 0 || len(cart.Value.Lines) == 0 ||
		in.Customer.LastOrderAt().After(cart.Stamp.Time()) {
		return "", ""
	}
	return reason.NotYet, fmt.Sprintf("cart %s is not left: the shop has not sent cart.abandoned for it, and idle is 0s, so that a cart counts as left only then", cart.Value.ID)
}
