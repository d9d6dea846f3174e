package kept

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/customer"
)

// Find returns the copies of a touch's emails, the oldest first: one that was sent a
// second time has two. There are none where it is too long ago, where copies aren't kept,
// and where one could not be kept.
func Find(ctx context.Context, js jetstream.JetStream, k customer.Key, touch string) ([]Copy, error) {
	return read(ctx, js, k, func(m *bus.Stored) bool { return m.Header.Get(bus.HeaderTouch) == touch })
}

// FindClaim is Find of the touch with a claim's key, customer.ClaimKey, as links have it.
func FindClaim(ctx context.Context, js jetstream.JetStream, k customer.Key, claim uint64) ([]Copy, error) {
	return read(ctx, js, k, func(m *bus.Stored) bool { return customer.ClaimKey(m.Header.Get(bus.HeaderTouch)) == claim })
}

// All returns all copies that are about a customer or went to a mailbox by that token.
func All(ctx context.Context, js jetstream.JetStream, k customer.Key) ([]Copy, error) {
	return read(ctx, js, k, func(*bus.Stored) bool { return true })
}

func read(ctx context.Context, js jetstream.JetStream, k customer.Key, want func(*bus.Stored) bool) ([]Copy, error) {
	var out []Copy
	err := Each(ctx, js, k, func(m *bus.Stored) error {
		if !want(m) {
			return nil
		}
		c, err := Read(m)
		if err == nil && !slices.ContainsFunc(out, func(o Copy) bool { return o.Touch == c.Touch && o.Sent.Equal(c.Sent) }) {
			out = append(out, c)
		}
		return err
	})
	slices.SortStableFunc(out, func(a, b Copy) int { return a.Sent.Compare(b.Sent) })
	return out, err
}

// Each calls fn with each packed copy that is about a customer or went to a mailbox by
// that token. Without the stream there are none. A customer has few, so they are asked for
// one by one: anybody who has a link to an email may ask, and a consumer for each of them
// would stay on the server for minutes.
func Each(ctx context.Context, js jetstream.JetStream, k customer.Key, fn func(*bus.Stored) error) error {
	for _, subject := range Subjects(k) {
		for from := uint64(1); ; {
			m, err := bus.NextStored(ctx, js, bus.Mails, subject, from)
			if errors.Is(err, jetstream.ErrStreamNotFound) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading the copies of emails: %w", err)
			}
			if m == nil {
				break
			}
			if err := fn(m); err != nil {
				return err
			}
			from = m.Sequence + 1
		}
	}
	return nil
}

// Read unpacks a copy that Each found.
func Read(m *bus.Stored) (Copy, error) { return unpack(m.Data) }
