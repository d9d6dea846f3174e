package bus_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// losesFirst is a JetStream whose first answer to the making of each stream is lost.
type losesFirst struct {
	jetstream.JetStream
	lost map[string]bool
}

func (l *losesFirst) CreateStream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := l.JetStream.CreateStream(ctx, c)
	if l.lost[c.Name] {
		return s, err
	}
	l.lost[c.Name] = true
	<-ctx.Done()
	return nil, ctx.Err()
}

// In a cluster, the answer to one of two processes that create the same stream may never
// come. A context that is long must not make a lost answer cost all of it.
func TestALostAnswerOfJetStreamIsAskedForAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, dir)
		for _, name := range []string{bus.Timeline, bus.Rejected} {
			if err := s.js.DeleteStream(s.ctx, name); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
		defer cancel()
		loses := &losesFirst{s.js, map[string]bool{}}
		if _, err := bus.Setup(ctx, loses, bus.Limits{}, []bus.Worker{worker}, time.Now()); err != nil {
			t.Fatalf("with answers that were lost: %v", err)
		}
		if len(loses.lost) != 2 {
			t.Errorf("answers to %v were lost, want two streams", loses.lost)
		}
	})
}
