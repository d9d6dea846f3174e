package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/kept"
)

// onItsWay is for how long after an erasure an email may leave that was begun before it.
const onItsWay = 5 * time.Minute

// forgetCopies deletes the copies of emails to a customer, or by somebody else's order to
// their mailbox, that were sent up to then; the zero time, and one who did not come back:
// all. A copy that is stored at this moment is found in the night.
func (e *Eraser) forgetCopies(ctx context.Context, k customer.Key, until time.Time) error {
	rs, err := e.o.Customers.Load(ctx, []customer.Key{k})
	if err != nil {
		return err
	}
	all := until.IsZero() || rs[0].Customer.Gone()
	var found []uint64
	err = kept.Each(ctx, e.o.JS, k, func(m *bus.Stored) error {
		// One that cannot be read may be of before: it goes, too.
		if c, err := kept.Read(m); !all && err == nil && c.Sent.After(until.Add(onItsWay)) {
			return nil
		}
		found = append(found, m.Sequence)
		return nil
	})
	if err == nil {
		err = e.delete(ctx, bus.Mails, found, e.o.Log)
	}
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting copies of emails: %w", err)
	}
	return nil
}
