package delivery

import (
	"context"

	"homing/pkg/touch"
)

// Deliver takes one touch all the way that fell due as the message of a sequence, on no
// loop: it is how a rehearsal has decided what falls due, by the same stages. An error is
// one of what the delivery works with, and leaves the touch undecided.
func (d *Delivery) Deliver(ctx context.Context, t touch.Touch, sequence uint64) error {
	a, err := d.attemptAt(t)
	if err != nil {
		return err
	}
	a.due = sequence
	if err := d.load(ctx, a); err != nil {
		return err
	}
	return d.deliver(ctx, a, func() {})
}
