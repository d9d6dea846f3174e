package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Ordered makes a consumer that reads a stream once, in its order. leave deletes it when that
// is done: the server would keep it for another five minutes, and has at most a thousand of a
// stream where its configuration does not say otherwise (default_max_consumers).
func Ordered(ctx context.Context, js jetstream.JetStream, stream string, as jetstream.OrderedConsumerConfig) (c jetstream.Consumer, leave func(), err error) {
	c, err = js.OrderedConsumer(ctx, stream, as)
	if err != nil {
		return nil, nil, err
	}
	return c, func() { Leave(ctx, js, stream, c) }, nil
}

// Leave deletes a consumer that was made to read a stream once.
func Leave(ctx context.Context, js jetstream.JetStream, stream string, c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWithin)
	defer cancel()
	_ = js.DeleteConsumer(ctx, stream, c.CachedInfo().Name) // else the server does it, later
}

// leaveWithin bounds how long a server is told that nobody reads any more.
const leaveWithin = time.Second
