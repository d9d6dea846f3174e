package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// AckTimeout is how long a publish waits for the stream's word.
const AckTimeout = 10 * time.Second

// ErrNoAck says that a stream did not confirm in time. What was published may
// stand there; publishing it again does no harm.
var ErrNoAck = errors.New("the stream did not confirm in time")

// Await waits until everything that was published stands in its stream, and
// returns the sequences.
func Await(ctx context.Context, acks []jetstream.PubAckFuture) ([]uint64, error) {
	timeout := time.NewTimer(AckTimeout)
	defer timeout.Stop()
	out := make([]uint64, len(acks))
	for i, a := range acks {
		select {
		case ok := <-a.Ok():
			out[i] = ok.Sequence
		case err := <-a.Err():
			return nil, err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-timeout.C:
			return nil, ErrNoAck
		}
	}
	return out, nil
}
