package app

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/programme"
)

// SetupStreams creates the streams, consumers and buckets of all workers, or
// brings them to what the configuration says. It needs NATS alone.
func SetupStreams(ctx context.Context, c *config.Config, js jetstream.JetStream) ([]bus.Change, error) {
	return bus.Setup(ctx, js, limits(c), busWorkers(), time.Now())
}

func busWorkers() []bus.Worker {
	out := make([]bus.Worker, len(programme.Kinds))
	for i, k := range programme.Kinds {
		out[i] = bus.Worker{Name: k.Name, Triggers: k.Triggers, Horizon: k.Horizon}
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
	}
}
