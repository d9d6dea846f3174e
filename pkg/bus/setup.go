package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Change is one thing that Setup looked at.
type Change struct {
	Kind   string // stream, consumer or bucket
	Name   string
	Did    string   // created, updated or unchanged
	Fields []string // of the server's configuration that were otherwise, if it was updated
}

// Dropped reports whether a stream of what is planned had a limit, which deletes
// what is over it.
func (c Change) Dropped() bool {
	return c.Did == Updated && strings.HasPrefix(c.Name, ScheduleStream("")) && slices.ContainsFunc(c.Fields, func(f string) bool { return strings.HasPrefix(f, "max_") })
}

// What Setup may have done.
const (
	Created   = "created"
	Updated   = "updated"
	Unchanged = "unchanged"
)

// Setup creates the streams, consumers and buckets that are missing and brings
// the others to what the configuration says. It may run at any time, even in
// several processes at once, and says what it did. A bucket of pauses that is gone is
// not replaced with an empty one: then Setup does the rest, and returns a *ControlsLost.
func Setup(ctx context.Context, js jetstream.JetStream, l Limits, ws []Worker, now time.Time) ([]Change, error) {
	var done []Change
	n := PartitionsOf(js)
	if err := Ask(ctx, func(ctx context.Context) error { return splitSo(ctx, js, n) }); err != nil {
		return nil, err
	}
	lost := Ask(ctx, func(ctx context.Context) error { return controlsLost(ctx, js) })
	if _, is := errors.AsType[*ControlsLost](lost); lost != nil && !is {
		return nil, fmt.Errorf("bucket %s: %w", ControlsBucket, lost)
	}
	// made does one step, and notes what it did.
	made := func(kind, name string, step func(context.Context) (did string, fields []string, err error)) error {
		return Ask(ctx, func(ctx context.Context) error {
			did, fields, err := step(ctx)
			if err != nil {
				return err
			}
			done = append(done, Change{kind, name, did, fields})
			return nil
		})
	}
	for _, c := range streams(l, ws, n) {
		err := made("stream", c.Name, func(ctx context.Context) (string, []string, error) { return setupStream(ctx, js, c) })
		if err != nil {
			return done, fmt.Errorf("stream %s: %w", c.Name, err)
		}
	}
	for _, c := range consumers(ws, now, n) {
		err := made("consumer", c.config.Durable, func(ctx context.Context) (string, []string, error) { return setupConsumer(ctx, js, c) })
		if err != nil {
			return done, fmt.Errorf("consumer %s of %s: %w", c.config.Durable, c.stream, err)
		}
	}
	copies := max(1, l.Replicas)
	for _, name := range []string{TemplatesBucket, ControlsBucket, ProductsBucket} {
		if name == ControlsBucket && lost != nil {
			continue
		}
		set := setupBucket
		if name == ProductsBucket {
			set = setupObjects
		}
		err := made("bucket", name, func(ctx context.Context) (did string, _ []string, err error) {
			did, err = set(ctx, js, name, copies)
			return did, nil, err
		})
		if err != nil {
			return done, fmt.Errorf("bucket %s: %w", name, err)
		}
	}
	return done, lost
}

func setupStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (did string, fields []string, err error) {
	s, err := js.Stream(ctx, want.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		did = Created
		if s, err = js.CreateStream(ctx, want); errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return setupStream(ctx, js, want) // another process was quicker
		}
		err = overlapping(js, want.Name, err)
	case err == nil:
		if fields = differ(streamFields(s.CachedInfo().Config, want)); fields == nil {
			return Unchanged, nil, nil
		}
		did = Updated
		s, err = js.UpdateStream(ctx, want)
	}
	if err != nil {
		return "", nil, err
	}
	if d := differ(streamFields(s.CachedInfo().Config, want)); d != nil {
		return "", nil, &Unlike{"stream", want.Name, d, js.Conn().ConnectedServerVersion()}
	}
	return did, fields, nil
}

func setupConsumer(ctx context.Context, js jetstream.JetStream, want consumer) (did string, fields []string, err error) {
	c, err := js.Consumer(ctx, want.stream, want.config.Durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		did = Created
		if c, err = js.CreateConsumer(ctx, want.stream, want.config); errors.Is(err, jetstream.ErrConsumerExists) {
			return setupConsumer(ctx, js, want) // another process was quicker
		}
	case err == nil:
		have := c.CachedInfo().Config
		if fields = differ(consumerFields(have, want.config)); fields == nil {
			return Unchanged, nil, nil
		}
		did = Updated
		// Where a consumer starts is decided once, when it is created.
		want.config.DeliverPolicy, want.config.OptStartTime = have.DeliverPolicy, have.OptStartTime
		if _, err = js.UpdateConsumer(ctx, want.stream, want.config); err == nil {
			// The answer to the first update after a start of nats-server (2.15.2) has the
			// consumer as it was at the start.
			c, err = js.Consumer(ctx, want.stream, want.config.Durable)
		}
	}
	if err != nil {
		return "", nil, err
	}
	if d := differ(consumerFields(c.CachedInfo().Config, want.config)); d != nil {
		return "", nil, &Unlike{"consumer", want.config.Durable, d, js.Conn().ConnectedServerVersion()}
	}
	return did, fields, nil
}

func setupBucket(ctx context.Context, js jetstream.JetStream, name string, replicas int) (did string, err error) {
	want := jetstream.KeyValueConfig{Bucket: name, Replicas: replicas, History: 5}
	did = Unchanged
	kv, err := js.KeyValue(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		did = Created
		if kv, err = js.CreateKeyValue(ctx, want); errors.Is(err, jetstream.ErrBucketExists) {
			return setupBucket(ctx, js, name, replicas)
		}
	}
	if err == nil && keeps(ctx, js, kv) != nil {
		did = Updated
		if kv, err = js.UpdateKeyValue(ctx, want); err == nil {
			err = keeps(ctx, js, kv)
		}
	}
	return did, err
}

// setupObjects creates a bucket for objects: what is too large for a message, and
// replaced as a whole.
func setupObjects(ctx context.Context, js jetstream.JetStream, name string, replicas int) (string, error) {
	_, err := js.ObjectStore(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		_, err = js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: name, Replicas: replicas, Compression: true})
		if errors.Is(err, jetstream.ErrBucketExists) {
			err = nil
		}
		return Created, err
	}
	return Unchanged, err
}
