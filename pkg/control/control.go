// Package control keeps what stops a worker from sending: an operator who paused
// it, or a part of the system that does not work. The holds stand in the bucket
// `controls`, where all replicas see them; each that begins or ends is one fact on
// the timeline, whichever process noticed. Apart from these a process may have stops
// of its own: while it has one, or has not heard lately which holds there are, it
// sends nothing. The package stops nothing itself: the caller does.
package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/reason"
)

// Paused is the reason of a hold that an operator wants. The others are those of
// the system, and end by themselves.
const Paused = "paused"

// everyStore means all stores in a key, including future ones.
const everyStore = "_"

// A Hold is one reason for which a worker sends nothing.
type Hold struct {
	Worker string    `json:"worker"`
	Store  string    `json:"store,omitempty"` // empty: in every store
	Reason string    `json:"reason"`
	Detail string    `json:"detail,omitempty"` // for a person
	Since  time.Time `json:"since"`            // business time

	revision uint64 // of its entry
	only     string // the one store for which its end is one
}

// key is hold.<worker>.<store>.<reason>.
func (h Hold) key() string {
	store := h.Store
	if store == "" {
		store = everyStore
	}
	return prefix + h.Worker + "." + store + "." + h.Reason
}

const prefix = "hold."

// parse reads an entry of the bucket.
func parse(e jetstream.KeyValueEntry) (Hold, error) {
	var h Hold
	if err := json.Unmarshal(e.Value(), &h); err != nil {
		return h, fmt.Errorf("the entry %s of the bucket %s: %w", e.Key(), bus.ControlsBucket, err)
	}
	p := strings.Split(e.Key(), ".")
	if len(p) != 4 {
		return h, fmt.Errorf("the entry %s of the bucket %s: not hold.<worker>.<store>.<reason>", e.Key(), bus.ControlsBucket)
	}
	h.Worker, h.Store, h.Reason, h.revision = p[1], p[2], p[3], e.Revision()
	if h.Store == everyStore {
		h.Store = ""
	}
	return h, nil
}

// Timeline is where the facts go.
type Timeline interface {
	Append(ctx context.Context, entries []customer.Entry) error
}

// Options are what Controls work with.
type Options struct {
	JS       jetstream.JetStream
	Timeline Timeline
	Stores   []string         // that are configured: where the facts of a hold in all stores stand
	Now      func() time.Time // business time
	Log      *zap.Logger
	Process  string                  // names this process to people
	Confirm  time.Duration           // how often to ask whether the holds are still the same; 0: every 2 seconds
	Stopped  func(why reason.Reason) // told when this process must not send; may be nil
	// Look is called whenever the bucket changed, for what else is in it that a process must
	// have heard of before it sends; may be nil.
	Look func(ctx context.Context) error
	// Full returns a bucket of each part of the timeline that took no facts when it was
	// last asked to; may be nil.
	Full func() []uint8
}

// Controls are the holds that are in force.
type Controls struct {
	o Options

	mu      sync.Mutex
	known   bool // the bucket was read
	holds   []Hold
	stops   map[reason.Reason]stop
	changed chan struct{} // closed when the above changes

	follows   bool      // Run keeps the holds up to date
	confirmed time.Time // when they were last known to be all there are
	seen      uint64    // the bucket's last sequence when it was read
	made      time.Time // when the bucket that was read was made
	doubted   time.Time // when another was found in its place, if that was so
}

// New returns controls that know nothing yet: until they do, everything is held.
func New(o Options) *Controls {
	o.Confirm = cmp.Or(o.Confirm, confirmEvery)
	return &Controls{o: o, stops: map[reason.Reason]stop{}, changed: make(chan struct{})}
}

// Paused reports whether an operator holds a worker in a store. So is
// everything while that is not known.
func (c *Controls) Paused(worker, store string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.known || c.in(worker, store, Paused)
}

// In reports whether a worker is held in a store for a reason.
func (c *Controls) In(worker, store, reason string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in(worker, store, reason)
}

// in is In; the lock is held.
func (c *Controls) in(worker, store, reason string) bool {
	return slices.ContainsFunc(c.holds, func(h Hold) bool {
		return h.Reason == reason && h.Worker == worker && (h.Store == "" || h.Store == store)
	})
}

// Known reports whether the bucket was read.
func (c *Controls) Known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

// Changed returns a channel that is closed at the next change.
func (c *Controls) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Holds returns what is in force, by worker, store and reason.
func (c *Controls) Holds() []Hold {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.holds)
}

// Read reads the bucket, and tells those who wait for a change.
func (c *Controls) Read(ctx context.Context) error {
	holds, err := c.read(ctx)
	if err != nil {
		return fmt.Errorf("reading what is paused: %w", err)
	}
	slices.SortFunc(holds, func(a, b Hold) int { return strings.Compare(a.key(), b.key()) })
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && slices.Equal(c.holds, holds) {
		return nil
	}
	c.known, c.holds = true, holds
	c.signal()
	return nil
}

// signal tells those who wait for a change; the lock is held.
func (c *Controls) signal() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *Controls) read(ctx context.Context) ([]Hold, error) {
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	kv, err := c.o.JS.KeyValue(ctx, bus.ControlsBucket)
	if err != nil {
		return nil, err
	}
	w, err := kv.Watch(ctx, prefix+">", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Stop() }()
	var out []Hold
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				return nil, errors.New("the bucket ended")
			case e == nil: // that was all there is
				return out, nil
			}
			h, err := parse(e)
			if err != nil {
				return nil, err
			}
			out = append(out, h)
		}
	}
}

// Hold begins a hold, and puts the fact on the timeline. It reports false when it
// is in force already.
func (c *Controls) Hold(ctx context.Context, h Hold) (bool, error) {
	h.Since = c.o.Now().UTC().Truncate(time.Millisecond)
	did, revision, err := c.create(ctx, h)
	if err != nil || !did {
		return false, err
	}
	return true, c.tell(ctx, h, events.TypeWorkerHeld, revision)
}

// create writes a hold down, unless it is.
func (c *Controls) create(ctx context.Context, h Hold) (did bool, revision uint64, err error) {
	value, err := json.Marshal(h)
	if err != nil {
		return false, 0, err
	}
	kv, err := c.o.JS.KeyValue(ctx, bus.ControlsBucket)
	if err != nil {
		return false, 0, err
	}
	revision, err = kv.Create(ctx, h.key(), value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return false, 0, nil
	}
	return err == nil, revision, err
}

// Release ends a hold, and puts the fact on the timeline. It reports false when
// it was not in force.
func (c *Controls) Release(ctx context.Context, h Hold) (bool, error) {
	did, stored, err := c.remove(ctx, h)
	if err != nil || !did {
		return false, err
	}
	return true, c.tell(ctx, stored, events.TypeWorkerResumed, stored.revision)
}

// remove deletes a hold and returns it as it was written down, unless it is none any
// more, or one about another thing.
func (c *Controls) remove(ctx context.Context, h Hold) (did bool, stored Hold, err error) {
	kv, err := c.o.JS.KeyValue(ctx, bus.ControlsBucket)
	if err != nil {
		return false, h, err
	}
	e, err := kv.Get(ctx, h.key())
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return false, h, nil
	}
	if err != nil {
		return false, h, err
	}
	stored, err = parse(e)
	if err != nil || stored.about() != h.about() {
		return false, h, err
	}
	stored.only = h.only
	err = kv.Delete(ctx, h.key(), jetstream.LastRevision(stored.revision))
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
		return false, h, nil // somebody else did
	}
	return err == nil, stored, err
}

// tell puts the fact of a transition on the timeline of each store concerned, in some
// buckets; none: the first. The bucket's revision makes its id: told again, it is the same
// fact.
func (c *Controls) tell(ctx context.Context, h Hold, t events.Type, revision uint64, buckets ...uint8) error {
	stores := []string{h.Store}
	switch {
	case h.only != "":
		stores[0] = h.only
	case h.Store == "":
		stores = c.o.Stores
	}
	body := events.WorkerHold{Worker: h.Worker, Reason: h.Reason, Detail: h.Detail}
	var data events.Data = &events.WorkerHeld{WorkerHold: body}
	if t == events.TypeWorkerResumed {
		data = &events.WorkerResumed{WorkerHold: body}
	}
	action := strings.TrimPrefix(string(t), "worker.")
	var entries []customer.Entry
	if len(buckets) == 0 {
		buckets = []uint8{0}
	}
	for _, s := range stores {
		e := events.Event{
			ID:     fmt.Sprintf("%s.%s.%s.%s-%d", h.Worker, s, h.Reason, action, revision),
			Source: "/homing/control", Type: t, Store: s, Time: c.o.Now().UTC().Truncate(time.Millisecond), Data: data,
		}
		for _, b := range buckets {
			entries = append(entries, customer.Entry{Key: customer.Key{Store: s, Bucket: b}, Event: e})
		}
	}
	if err := c.o.Timeline.Append(ctx, entries); err != nil {
		return fmt.Errorf("telling of it: %w", err)
	}
	return nil
}
