package schedule

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// page is how many schedules one request walks; larger pages are faster up to
// here (measured: 256 9.5k/s, 1000 25k/s, 5000 65k/s).
const page = 5000

// pages calls fn with the latest message of each subject that a filter covers, a
// page at a time, ascending by sequence.
func pages(ctx context.Context, js jetstream.JetStream, stream, filter string, fn func([]*nats.Msg) error) error {
	return bus.DirectPages(ctx, js, bus.Look{Stream: stream, Filter: filter, Page: page}, fn)
}
