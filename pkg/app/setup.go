package app

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/config"
)

// SetupStreams creates the streams, consumers and buckets of all workers, or
// brings them to what the configuration says. It needs NATS alone.
func SetupStreams(ctx context.Context, c *config.Config, js jetstream.JetStream) ([]bus.Change, error) {
	return bus.Setup(ctx, js, limits(c), busWorkers(), time.Now())
}
