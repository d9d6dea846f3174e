package click

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

const (
	// known is for how long it is known that no click waits.
	known = 500 * time.Millisecond
	// waits is for how long it is known that one does: many emails may wait with it.
	waits = 100 * time.Millisecond
	// settle is for how long the gateway says nothing of a click after the stream has it:
	// until every process has asked again, so that what it promises holds for the next
	// email of each.
	settle = 2 * known
	// answers is how long an answer of NATS may take.
	answers = 2 * time.Second
)

// Leave puts a click on STOREFRONT. When it returns without an error no marketing email
// leaves the store any more before the click is folded.
func Leave(ctx context.Context, js jetstream.JetStream, s *Signer, x Click) error {
	if !js.Conn().IsConnected() { // it would wait in a buffer, and nobody be told
		return errors.New("not connected to NATS")
	}
	data, err := s.Encode(x)
	if err != nil {
		return err
	}
	if _, err := js.Publish(ctx, events.Subject(x.Customer.Store, Type), data); err != nil {
		return fmt.Errorf("leaving a click on %s: %w", bus.Storefront, err)
	}
	select {
	case <-time.After(settle):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Waiting knows of which stores clicks wait for intake. What it says is at most half a
// second old. It is safe for concurrent use.
type Waiting struct {
	js     jetstream.JetStream
	mu     sync.Mutex
	stores map[string]*state
}

// state is what is known of one store.
type state struct {
	mu     sync.Mutex
	asked  time.Time // when it was last known that none waits
	waited time.Time // when it was last known that one does
	folded uint64    // up to where intake has folded, at least
}

// NewWaiting returns what asks the streams.
func NewWaiting(js jetstream.JetStream) *Waiting {
	return &Waiting{js: js, stores: map[string]*state{}}
}

// In reports whether a click waits in a store. After an error nobody knows.
func (w *Waiting) In(ctx context.Context, store string) (bool, error) {
	s := w.store(store)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ago(s.asked) <= known:
		return false, nil
	case ago(s.waited) <= waits:
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answers)
	defer cancel()
	asked := time.Now()
	last, err := w.last(ctx, store)
	if err == nil && last > s.folded {
		s.folded, err = w.folded(ctx)
	}
	if err != nil {
		return true, fmt.Errorf("asking whether unsubscribes wait on %s: %w", bus.Storefront, err)
	}
	if last > s.folded {
		s.waited = asked
		return true, nil
	}
	s.asked = asked
	return false, nil
}

func (w *Waiting) store(name string) *state {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stores[name]
	if s == nil {
		s = &state{}
		w.stores[name] = s
	}
	return s
}

// ago is how long ago a time was, by whichever clock says longer: the one that counts
// does not count while a machine sleeps.
func ago(t time.Time) time.Duration {
	return max(time.Since(t), time.Now().Round(0).Sub(t.Round(0)))
}

// last returns the sequence of a store's last click; 0: there is none.
func (w *Waiting) last(ctx context.Context, store string) (uint64, error) {
	m, err := bus.LastStored(ctx, w.js, bus.Storefront, events.Subject(store, Type))
	if err != nil || m == nil {
		return 0, err
	}
	return m.Sequence, nil
}

// folded returns up to where intake has acknowledged all there is, which it does once it
// is folded, on the timeline, and marked.
func (w *Waiting) folded(ctx context.Context) (uint64, error) {
	c, err := w.js.Consumer(ctx, bus.Storefront, bus.IntakeConsumer)
	if err != nil {
		return 0, err
	}
	return c.CachedInfo().AckFloor.Stream, nil
}
