// Package backlog tells how much an installation still has to do, and what its streams
// hold: what NATS answers when it is asked, now and then, by one process for all. Each
// that has asked tells the others, so that the load on NATS does not grow with their
// number. The package counts, and decides nothing.
package backlog

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
)

// Subject is where processes tell each other what they were answered.
const Subject = "homing.backlog"

const (
	// fresh is for how long an answer is good enough.
	fresh = 15 * time.Second
	// old is from when on an answer says nothing any more.
	old = 2 * time.Minute
	// patience is how long asking may take in all: Prometheus waits for it.
	patience = 3 * time.Second
)

// Figures are what NATS answered.
type Figures struct {
	At        time.Time `json:"at"` // by the clock of the process that asked
	Streams   []Stream  `json:"streams"`
	Queues    []Queue   `json:"queues"`
	Uncertain uint64    `json:"uncertain"` // facts on the timeline that an email is uncertain
}

// Stream is what a stream holds.
type Stream struct {
	Name     string `json:"name"`
	Messages uint64 `json:"messages"`
	Bytes    uint64 `json:"bytes"`
	MaxBytes int64  `json:"max_bytes"` // 0: no limit
}

// Queue is what a consumer has to do.
type Queue struct {
	bus.Queue
	Waiting  uint64 `json:"waiting"`   // not delivered yet
	InFlight uint64 `json:"in_flight"` // delivered, and not answered
	Pending  uint64 `json:"pending"`   // of a queue of due touches: those whose time has not come
}

// A Backlog knows the figures of an installation. It is safe for concurrent use.
type Backlog struct {
	js      jetstream.JetStream
	streams []string
	queues  []bus.Queue

	asking sync.Mutex // one at a time
	mu     sync.Mutex
	known  *Figures
	heard  time.Time // by our clock
}

// New returns the backlog of an installation with some workers. It listens to what other
// processes were answered, and asks nothing by itself. One that cannot listen, as its
// connection is closed, knows what it asks itself.
func New(js jetstream.JetStream, workers []bus.Worker) *Backlog {
	b := &Backlog{js: js}
	b.streams, b.queues = bus.Queues(workers, bus.PartitionsOf(js))
	_, _ = js.Conn().Subscribe(Subject, func(m *nats.Msg) {
		var f Figures
		if json.Unmarshal(m.Data, &f) == nil {
			b.learn(&f)
		}
	})
	return b
}

func (b *Backlog) learn(f *Figures) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || f.At.After(b.known.At) {
		b.known, b.heard = f, time.Now()
	}
}

func (b *Backlog) last() (f *Figures, age time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known, time.Since(b.heard)
}

// Figures returns what is known, and how old it is, and asks if that is not fresh. It
// returns nil if NATS has not answered for minutes.
func (b *Backlog) Figures(ctx context.Context) (f *Figures, age time.Duration) {
	if f, age := b.last(); f != nil && age < fresh {
		return f, age
	}
	b.asking.Lock()
	defer b.asking.Unlock()
	if f, age = b.last(); f != nil && age < fresh { // another call has asked
		return f, age
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if asked, err := b.ask(ctx); err == nil {
		b.learn(asked)
		b.tell(asked)
		return asked, 0
	}
	if age > old {
		return nil, 0
	}
	return f, age
}

// tell tells other processes.
func (b *Backlog) tell(f *Figures) {
	if data, err := json.Marshal(f); err == nil {
		_ = b.js.Conn().Publish(Subject, data) // they ask for themselves then
	}
}

// ask asks NATS for all figures: a request for each stream and each consumer.
func (b *Backlog) ask(ctx context.Context) (*Figures, error) {
	f := &Figures{At: time.Now().UTC()}
	messages := map[string]uint64{}
	for _, name := range b.streams {
		s, err := b.js.Stream(ctx, name)
		if err != nil {
			return nil, err
		}
		i := s.CachedInfo()
		f.Streams = append(f.Streams, Stream{name, i.State.Msgs, i.State.Bytes, max(0, i.Config.MaxBytes)})
		messages[name] = i.State.Msgs
		if !strings.HasPrefix(name, bus.Timeline) {
			continue
		}
		n, err := count(ctx, s, events.OutcomeTypes(events.ActionUncertain))
		if err != nil {
			return nil, err
		}
		f.Uncertain += n
	}
	for _, q := range b.queues {
		c, err := b.js.Consumer(ctx, q.Stream, q.Consumer)
		if err != nil {
			return nil, err
		}
		i := c.CachedInfo()
		x := Queue{Queue: q, Waiting: i.NumPending, InFlight: uint64(i.NumAckPending)}
		if all := messages[q.Stream]; q.Due && all > x.Waiting+x.InFlight { // they were not counted at the same instant
			x.Pending = all - x.Waiting - x.InFlight
		}
		f.Queues = append(f.Queues, x)
	}
	return f, nil
}

// count returns how many entries of some types the timeline has. The server knows without
// reading them.
func count(ctx context.Context, s jetstream.Stream, types []events.Type) (n uint64, err error) {
	for _, t := range types {
		i, err := s.Info(ctx, jetstream.WithSubjectFilter("timeline.*.*."+string(t)))
		if err != nil {
			return 0, err
		}
		for _, of := range i.State.Subjects {
			n += of
		}
	}
	return n, nil
}
