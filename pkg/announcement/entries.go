package announcement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
)

// ErrUnknown says that there is no announcement of a name.
var ErrUnknown = errors.New("there is no such announcement")

// ErrUsed says that a name was used before: nobody is sent the same twice.
var ErrUsed = errors.New("there is an announcement of this id already; its recipients would not get it twice, so give the new one an id of its own")

const prefix = "announcement."

// Entries are the announcements of an installation, as they are kept: one entry of the
// bucket `controls` for each, named announcement.<store>.<id>.
type Entries struct{ JS jetstream.JetStream }

func key(store, id string) string { return prefix + store + "." + id }

func (e Entries) bucket(ctx context.Context) (jetstream.KeyValue, error) {
	kv, err := e.JS.KeyValue(ctx, bus.ControlsBucket)
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", bus.ControlsBucket, err)
	}
	return kv, nil
}

func parse(e jetstream.KeyValueEntry) (*Announcement, error) {
	var a Announcement
	if err := json.Unmarshal(e.Value(), &a); err != nil {
		return nil, fmt.Errorf("the entry %s of the bucket %s: %w", e.Key(), bus.ControlsBucket, err)
	}
	a.revision = e.Revision()
	return &a, nil
}

// All returns the announcements there are, the last one that was sent off first.
func (e Entries) All(ctx context.Context) ([]*Announcement, error) {
	ctx, cancel := context.WithTimeout(ctx, bus.AckTimeout)
	defer cancel()
	kv, err := e.bucket(ctx)
	if err != nil {
		return nil, err
	}
	w, err := kv.Watch(ctx, prefix+">", jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("the bucket %s: %w", bus.ControlsBucket, err)
	}
	defer func() { _ = w.Stop() }()
	var out []*Announcement
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("reading announcements: %w", ctx.Err())
		case x, ok := <-w.Updates():
			switch {
			case !ok:
				return nil, errors.New("reading announcements: the bucket ended")
			case x == nil: // that was all there is
				slices.SortFunc(out, func(a, b *Announcement) int {
					if d := b.Sent.Compare(a.Sent); d != 0 {
						return d
					}
					return strings.Compare(key(a.Store, a.ID), key(b.Store, b.ID))
				})
				return out, nil
			}
			a, err := parse(x)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
	}
}

// Get returns one announcement, or ErrUnknown.
func (e Entries) Get(ctx context.Context, store, id string) (*Announcement, error) {
	kv, err := e.bucket(ctx)
	if err != nil {
		return nil, err
	}
	x, err := kv.Get(ctx, key(store, id))
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrInvalidKey) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("reading the announcement %s: %w", id, err)
	}
	return parse(x)
}

// Create sends an announcement off, which must be valid. Its error is ErrUsed if there was
// one of this id.
func (e Entries) Create(ctx context.Context, d Definition, now time.Time) (*Announcement, error) {
	a := &Announcement{Definition: d, Sent: now.UTC().Truncate(time.Millisecond)}
	value, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	kv, err := e.bucket(ctx)
	if err != nil {
		return nil, err
	}
	a.revision, err = kv.Create(ctx, key(d.Store, d.ID), value)
	if errors.Is(err, jetstream.ErrKeyExists) {
		return nil, ErrUsed
	}
	if err != nil {
		return nil, fmt.Errorf("sending the announcement %s off: %w", d.ID, err)
	}
	return a, nil
}

// changes bounds how often a change is tried while others change the same.
const changes = 20

// errNothing says that there is nothing to change.
var errNothing = errors.New("nothing to change")

// Change changes an announcement, as it is at that moment: fn is called again where
// somebody else changed it in between. What it returns is returned, and nothing changed.
func (e Entries) Change(ctx context.Context, store, id string, fn func(a *Announcement) error) (*Announcement, error) {
	for range changes {
		a, err := e.Get(ctx, store, id)
		if err != nil {
			return nil, err
		}
		if err := fn(a); err != nil {
			if errors.Is(err, errNothing) {
				return a, nil
			}
			return a, err
		}
		value, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		kv, err := e.bucket(ctx)
		if err != nil {
			return nil, err
		}
		a.revision, err = kv.Update(ctx, key(store, id), value, a.revision)
		if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("changing the announcement %s: %w", id, err)
		}
		return a, nil
	}
	return nil, fmt.Errorf("the announcement %s keeps changing", id)
}

// ErrOver says that an announcement can't be paused, resumed or cancelled any more.
var ErrOver = errors.New("it is over")

// Pause has what falls due wait; false: it did already.
func (e Entries) Pause(ctx context.Context, store, id string, now time.Time) (*Announcement, bool, error) {
	return e.turn(ctx, store, id, func(a *Announcement) bool {
		if !a.Paused.IsZero() {
			return false
		}
		a.Paused = now.UTC().Truncate(time.Millisecond)
		return true
	})
}

// Resume ends a pause; false: there was none.
func (e Entries) Resume(ctx context.Context, store, id string) (*Announcement, bool, error) {
	return e.turn(ctx, store, id, func(a *Announcement) bool {
		if a.Paused.IsZero() {
			return false
		}
		a.Paused = time.Time{}
		return true
	})
}

// Cancel calls off what has not left yet, for good; false: that was so already.
func (e Entries) Cancel(ctx context.Context, store, id string, now time.Time) (*Announcement, bool, error) {
	return e.turn(ctx, store, id, func(a *Announcement) bool {
		if !a.Cancelled.IsZero() {
			return false
		}
		a.Cancelled = now.UTC().Truncate(time.Millisecond)
		return true
	})
}

func (e Entries) turn(ctx context.Context, store, id string, fn func(a *Announcement) bool) (a *Announcement, did bool, err error) {
	a, err = e.Change(ctx, store, id, func(a *Announcement) error {
		switch did = fn(a); {
		case !did:
			return errNothing
		case !a.Done.IsZero():
			return ErrOver
		}
		return nil
	})
	return a, did && err == nil, err
}
