package intake_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/pkg/bus"
)

// message is a message of the stream STOREFRONT, and what was said about it.
type message struct {
	jetstream.Msg
	subject string
	data    string
	seq     uint64

	mu   sync.Mutex
	said []string
	why  *bus.BadError // of a rejected message
}

func (m *message) Subject() string      { return m.subject }
func (m *message) Data() []byte         { return []byte(m.data) }
func (m *message) Headers() nats.Header { return nil }
func (m *message) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{Stream: bus.Storefront, Sequence: jetstream.SequencePair{Stream: m.seq}, Timestamp: time.Now()}, nil
}

func (m *message) say(s string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = append(m.said, s)
	return nil
}

func (m *message) Ack() error                       { return m.say("ack") }
func (m *message) Nak() error                       { return m.say("nak") }
func (m *message) NakWithDelay(time.Duration) error { return m.say("later") }
func (m *message) InProgress() error                { return nil }
func (m *message) TermWithReason(string) error      { return m.say("term") }

// source hands messages out once.
type source struct{ msgs []*message }

func (c *source) Pull(ctx context.Context, _ int, _ time.Duration, take func(jetstream.Msg)) error {
	for _, m := range c.msgs {
		take(m)
	}
	c.msgs = nil
	<-ctx.Done()
	return nil
}

// feed runs a handler on messages for some fake time, as a loop would.
func feed(t *testing.T, h bus.Handler, msgs []*message, lasts time.Duration) {
	synctest.Test(t, func(t *testing.T) { feedNow(t, h, msgs, lasts) })
}

// feedNow is feed on the fake time that a test has already.
func feedNow(t *testing.T, h bus.Handler, msgs []*message, lasts time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := bus.NewLoop(bus.LoopOptions{
		Name: "intake", Handler: together(h, len(msgs)), Log: zap.NewNop(), Parallel: 1,
		Consumer: func(context.Context) (bus.Source, error) { return &source{msgs}, nil },
		Reject: func(_ context.Context, m jetstream.Msg, why *bus.BadError) error {
			m.(*message).why = why
			return m.(*message).say("reject")
		},
	})
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	time.Sleep(lasts)
	cancel()
	<-done
}

// together gives a handler its first n messages as one batch.
func together(h bus.Handler, n int) bus.Handler {
	var first []*bus.Msg
	return func(ctx context.Context, batch []*bus.Msg) {
		if len(first) < n {
			if first = append(first, batch...); len(first) < n {
				return
			}
			batch = first
		}
		h(ctx, batch)
	}
}
