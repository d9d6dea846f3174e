package delivery

import (
	"context"

	"homing/pkg/touch"
)

// Deliver takes one touch all the way that fell due as the message of a sequence, on no
// loop: it is how a rehearsal has decided what falls due, by the same stages. An error is
// one of what the delivery works with, and leaves the touch undecided. One goroutine at a
// time calls it.
func (d *Delivery) Deliver(ctx context.Context, t touch.Touch, sequence uint64) error {
	a := &d.alone // nobody keeps an attempt when it is over, and most are decided by one
	*a = attempt{}
	if err := d.attemptAt(a, t); err != nil {
		return err
	}
	a.due = sequence
	if err := d.load(ctx, a); err != nil {
		return err
	}
	return d.deliver(ctx, a, func() {})
}
