package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/fingerprint"
	"homing/pkg/programme"
	"homing/workers/digest"
)

// SetupStreams creates the streams, consumers and buckets of all workers, or
// brings them to what the configuration says. It needs NATS alone, and keeps the
// fingerprint of the secret if there is one.
func SetupStreams(ctx context.Context, c *config.Config, js jetstream.JetStream) ([]bus.Change, error) {
	var id *customer.Identity
	if c.Secret != "" {
		var err error
		if id, err = customer.NewIdentity(c.Secret.Reveal()); err != nil {
			return nil, err
		}
	}
	return setupStreams(ctx, c, js, id, time.Now())
}

// setupStreams changes nothing in an installation with another secret than ours. A
// nil identity is of nobody's secret, and is not asked about.
func setupStreams(ctx context.Context, c *config.Config, js jetstream.JetStream, id *customer.Identity, now time.Time) ([]bus.Change, error) {
	if err := bus.Able(ctx, js); err != nil {
		return nil, err
	}
	if id != nil {
		if err := bus.Ask(ctx, func(ctx context.Context) error { return fingerprint.Check(ctx, js, id) }); err != nil {
			return nil, err
		}
	}
	changes, err := bus.Setup(ctx, js, limits(c), busWorkers(), now)
	if err == nil && id != nil {
		err = bus.Ask(ctx, func(ctx context.Context) error { return fingerprint.Keep(ctx, js, id) })
	}
	if err == nil && id != nil {
		err = keepLinks(ctx, c, js)
	}
	if lost, is := errors.AsType[*bus.ControlsLost](err); is {
		lost.Paused, err = pausedBefore(ctx, js)
		err = errors.Join(lost, err)
	}
	return changes, bus.Explain(err)
}

func busWorkers() []bus.Worker {
	var out []bus.Worker
	for _, k := range append(slices.Clip(programme.Kinds), digest.Kind) {
		out = append(out, bus.Worker{Name: k.Name, Triggers: k.Triggers, Horizon: k.Horizon, ByHand: k.ByHand})
	}
	return out
}

func limits(c *config.Config) bus.Limits {
	s := c.NATS.Streams
	return bus.Limits{
		Replicas:           c.NATS.Replicas,
		StorefrontMaxAge:   s.Storefront.MaxAge,
		StorefrontMaxBytes: int64(s.Storefront.MaxBytes),
		TimelineMaxAge:     s.Timeline.MaxAge,
		TimelineMaxBytes:   int64(s.Timeline.MaxBytes),
		RejectedMaxAge:     s.Rejected.MaxAge,
		RejectedMaxBytes:   int64(s.Rejected.MaxBytes),
		MailsMaxAge:        c.RetainMails,
		InMemory:           c.NATS.InMemory,
	}
}
