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
	return read(ctx, js, k, func(m jetstream.Msg) bool { return m.Headers().Get(bus.HeaderTouch) == touch })
}

// FindClaim is Find of the touch with a claim's key, customer.ClaimKey, as links have it.
func FindClaim(ctx context.Context, js jetstream.JetStream, k customer.Key, claim uint64) ([]Copy, error) {
	return read(ctx, js, k, func(m jetstream.Msg) bool { return customer.ClaimKey(m.Headers().Get(bus.HeaderTouch)) == claim })
}

// All returns all copies that are about a customer or went to a mailbox by that token.
func All(ctx context.Context, js jetstream.JetStream, k customer.Key) ([]Copy, error) {
	return read(ctx, js, k, func(jetstream.Msg) bool { return true })
}

func read(ctx context.Context, js jetstream.JetStream, k customer.Key, want func(jetstream.Msg) bool) ([]Copy, error) {
	var out []Copy
	err := Each(ctx, js, k, func(m jetstream.Msg) error {
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
// that token. Without the stream there are none.
func Each(ctx context.Context, js jetstream.JetStream, k customer.Key, fn func(jetstream.Msg) error) error {
	c, err := js.OrderedConsumer(ctx, bus.Mails, jetstream.OrderedConsumerConfig{FilterSubjects: Subjects(k)})
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the copies of emails: %w", err)
	}
	for {
		batch, err := c.FetchNoWait(100)
		if err != nil {
			return fmt.Errorf("reading the copies of emails: %w", err)
		}
		n := 0
		for m := range batch.Messages() {
			n++
			if err := fn(m); err != nil {
				return err
			}
		}
		if err := errors.Join(batch.Error(), ctx.Err()); err != nil {
			return fmt.Errorf("reading the copies of emails: %w", err)
		}
		if n > 0 {
			continue
		}
		info, err := c.Info(ctx) // the end; or a server that is slow, which looks like it
		if err != nil || info.NumPending == 0 {
			return err
		}
	}
}

// Read unpacks a copy that Each found.
func Read(m jetstream.Msg) (Copy, error) { return unpack(m.Data()) }
