package bus_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
)

// given is a message from no server, which tells when it is given back.
type given struct {
	jetstream.Msg
	back func()
}

func (g *given) NakWithDelay(time.Duration) error { g.back(); return nil }
func (g *given) InProgress() error                { return nil }
func (g *given) Data() []byte                     { return nil }

// handed is a source of a few messages, once.
type handed []*given

func (h *handed) Pull(ctx context.Context, _ int, _ time.Duration, take func(jetstream.Msg)) error {
	for _, m := range *h {
		take(m)
	}
	*h = nil
	<-ctx.Done()
	return ctx.Err()
}

// Two messages can't be rejected while the loop stops. The second one is kept when
// the first is given back.
func TestAStopGivesBackWhatIsKeptInTheMeantime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := make(chan struct{}), make(chan struct{})
		back := 0
		a := &given{back: func() { back++; close(second) }}
		b := &given{back: func() { back++ }}
		rejects := map[jetstream.Msg]chan struct{}{a: first, b: second}
		loop := bus.NewLoop(bus.LoopOptions{
			Name: "x", Log: zap.NewNop(),
			Consumer: func(context.Context) (bus.Source, error) { return &handed{a, b}, nil },
			Handler: func(_ context.Context, batch []*bus.Msg) {
				for _, m := range batch {
					go m.Done(bus.Bad("main", "test", "it is bad"))
				}
			},
			Reject: func(_ context.Context, m jetstream.Msg, _ *bus.BadError) error {
				<-rejects[m]
				return errDown
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		go loop.Run(ctx)
		synctest.Wait()
		cancel()
		synctest.Wait() // it waits for the two
		close(first)
		synctest.Wait() // the bubble doesn't end unless the loop does
		if back != 2 {
			t.Errorf("%d messages were given back, want 2", back)
		}
	})
}
