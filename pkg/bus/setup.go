package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Change is one thing that Setup looked at.
type Change struct {
	Kind string // stream, consumer or bucket
	Name string
	Did  string // created, updated or unchanged
}

// What Setup may have done.
const (
	Created   = "created"
	Updated   = "updated"
	Unchanged = "unchanged"
)

// Setup creates the streams, consumers and buckets that are missing and brings
// the others to what the configuration says. It may run at any time, even in
// several processes at once, and says what it did.
func Setup(ctx context.Context, js jetstream.JetStream, l Limits, ws []Worker, now time.Time) ([]Change, error) {
	var done []Change
	for _, c := range streams(l, ws) {
		did, err := setupStream(ctx, js, c)
		if err != nil {
			return done, fmt.Errorf("stream %s: %w", c.Name, err)
		}
		done = append(done, Change{"stream", c.Name, did})
	}
	for _, c := range consumers(ws, now) {
		did, err := setupConsumer(ctx, js, c)
		if err != nil {
			return done, fmt.Errorf("consumer %s of %s: %w", c.config.Durable, c.stream, err)
		}
		done = append(done, Change{"consumer", c.config.Durable, did})
	}
	for _, name := range []string{TemplatesBucket, ControlsBucket} {
		did, err := setupBucket(ctx, js, name, max(1, l.Replicas))
		if err != nil {
			return done, fmt.Errorf("bucket %s: %w", name, err)
		}
		done = append(done, Change{"bucket", name, did})
	}
	did, err := setupObjects(ctx, js, ProductsBucket, max(1, l.Replicas))
	if err != nil {
		return done, fmt.Errorf("bucket %s: %w", ProductsBucket, err)
	}
	return append(done, Change{"bucket", ProductsBucket, did}), nil
}

func setupStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (string, error) {
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, want)
		if err == nil || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return Created, nil
		}
		return "", err
	}
	if err != nil {
		return "", err
	}
	have := s.CachedInfo().Config
	if sameStream(have, want) {
		return Unchanged, nil
	}
	_, err = js.UpdateStream(ctx, want)
	return Updated, err
}

// sameStream compares what Homing decides; the server fills in the rest.
func sameStream(have, want jetstream.StreamConfig) bool {
	return slices.Equal(have.Subjects, want.Subjects) && have.Description == want.Description &&
		have.Retention == want.Retention && have.Discard == want.Discard && have.Storage == want.Storage &&
		have.MaxAge == want.MaxAge && have.MaxBytes == want.MaxBytes && have.MaxMsgsPerSubject == want.MaxMsgsPerSubject &&
		have.Replicas == want.Replicas && have.Duplicates == want.Duplicates && have.AllowDirect == want.AllowDirect &&
		have.AllowMsgSchedules == want.AllowMsgSchedules && have.AllowMsgTTL == want.AllowMsgTTL &&
		have.AllowAtomicPublish == want.AllowAtomicPublish && have.DiscardNewPerSubject == want.DiscardNewPerSubject
}

func setupConsumer(ctx context.Context, js jetstream.JetStream, want consumer) (string, error) {
	c, err := js.Consumer(ctx, want.stream, want.config.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		_, err = js.CreateConsumer(ctx, want.stream, want.config)
		if err == nil || errors.Is(err, jetstream.ErrConsumerExists) {
			return Created, nil
		}
		return "", err
	}
	if err != nil {
		return "", err
	}
	have := c.CachedInfo().Config
	if sameConsumer(have, want.config) {
		return Unchanged, nil
	}
	// Where a consumer starts is decided once, when it is created.
	want.config.DeliverPolicy, want.config.OptStartTime = have.DeliverPolicy, have.OptStartTime
	_, err = js.UpdateConsumer(ctx, want.stream, want.config)
	return Updated, err
}

func sameConsumer(have, want jetstream.ConsumerConfig) bool {
	filters := have.FilterSubjects
	if have.FilterSubject != "" {
		filters = []string{have.FilterSubject}
	}
	return slices.Equal(filters, want.FilterSubjects) && have.Description == want.Description &&
		have.AckPolicy == want.AckPolicy && have.AckWait == want.AckWait &&
		have.MaxAckPending == want.MaxAckPending && have.MaxDeliver == want.MaxDeliver
}

func setupBucket(ctx context.Context, js jetstream.JetStream, name string, replicas int) (string, error) {
	_, err := js.KeyValue(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		_, err = js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: name, Replicas: replicas, History: 5})
		if errors.Is(err, jetstream.ErrBucketExists) {
			err = nil
		}
		return Created, err
	}
	return Unchanged, err
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
