package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Unlike says that the server has something else than what it was asked for, and
// says that it did it.
type Unlike struct {
	Kind, Name string
	Fields     []string // of the server's configuration
	Version    string   // of the server that we are connected to
}

func (u *Unlike) Error() string {
	return fmt.Sprintf("the %s %s has another %s than Homing asked for, and nats-server %s did not refuse. "+
		"Homing needs nats-server %s or later on every server with JetStream", u.Kind, u.Name, strings.Join(u.Fields, ", "), u.Version, oldestServer)
}

// field is one that Homing decides; the server fills in the rest.
type field struct {
	name string
	same bool
	// vital is one without which Homing does something wrong. The others are limits
	// and words, which a newer version or another configuration may have changed.
	vital bool
}

// differ names the fields that are not the same, or the vital ones of them.
func differ(fields []field, vital bool) (out []string) {
	for _, f := range fields {
		if !f.same && (f.vital || !vital) {
			out = append(out, f.name)
		}
	}
	return out
}

func streamFields(have, want jetstream.StreamConfig) []field {
	// What is pending is nowhere else: no limit of anybody's may delete it. A limit of
	// another stream refuses what is new, which has a name and loses nothing.
	pending := want.Retention == jetstream.WorkQueuePolicy
	return []field{
		{"subjects", slices.Equal(have.Subjects, want.Subjects), false},
		{"subjects", hasAll(have.Subjects, want.Subjects), true},
		{"description", have.Description == want.Description, false},
		{"retention", have.Retention == want.Retention, true},
		{"discard policy", have.Discard == want.Discard, true},
		{"discard_new_per_subject", have.DiscardNewPerSubject == want.DiscardNewPerSubject, true},
		{"storage", have.Storage == want.Storage, true},
		{"max_age", have.MaxAge == want.MaxAge, pending},
		{"max_bytes", max(have.MaxBytes, 0) == max(want.MaxBytes, 0), pending},
		{"max_msgs", max(have.MaxMsgs, 0) == max(want.MaxMsgs, 0), pending},
		{"max_msg_size", max(have.MaxMsgSize, 0) == max(want.MaxMsgSize, 0), pending},
		{"subject transform", have.SubjectTransform == nil, true},
		{"mirror or sources", have.Mirror == nil && len(have.Sources) == 0, true},
		{"max_msgs_per_subject", have.MaxMsgsPerSubject == want.MaxMsgsPerSubject, true},
		{"replicas", have.Replicas == want.Replicas, false},
		{"duplicate window", have.Duplicates == want.Duplicates, false},
		{"allow_direct", have.AllowDirect == want.AllowDirect, true},
		{"allow_msg_schedules", have.AllowMsgSchedules == want.AllowMsgSchedules, true},
		{"allow_msg_ttl", have.AllowMsgTTL == want.AllowMsgTTL, true},
		{"allow_atomic", have.AllowAtomicPublish == want.AllowAtomicPublish, true},
	}
}

func consumerFields(have, want jetstream.ConsumerConfig) []field {
	filters := have.FilterSubjects
	if have.FilterSubject != "" {
		filters = []string{have.FilterSubject}
	}
	return []field{
		{"filter subjects", slices.Equal(filters, want.FilterSubjects), false},
		{"filter subjects", hasAll(filters, want.FilterSubjects) && (len(filters) == 0) == (len(want.FilterSubjects) == 0), true},
		{"description", have.Description == want.Description, false},
		{"ack policy", have.AckPolicy == want.AckPolicy, true},
		{"ack_wait", have.AckWait == want.AckWait, false},
		{"max_ack_pending", have.MaxAckPending == want.MaxAckPending, false},
		{"max_deliver", have.MaxDeliver == want.MaxDeliver, true},
	}
}

func hasAll(have, want []string) bool {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// Verify returns nil if all that Setup makes is there, and is as Homing needs it. It
// changes nothing. An error may also mean that a server did not answer.
func Verify(ctx context.Context, js jetstream.JetStream, l Limits, ws []Worker) error {
	for _, want := range streams(l, ws) {
		s, err := js.Stream(ctx, want.Name)
		if err != nil {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
		if d := differ(streamFields(s.CachedInfo().Config, want), true); d != nil {
			return &Unlike{"stream", want.Name, d, js.Conn().ConnectedServerVersion()}
		}
	}
	for _, want := range consumers(ws, time.Now()) {
		c, err := js.Consumer(ctx, want.stream, want.config.Durable)
		if err != nil {
			return fmt.Errorf("consumer %s of %s: %w", want.config.Durable, want.stream, err)
		}
		if d := differ(consumerFields(c.CachedInfo().Config, want.config), true); d != nil {
			return &Unlike{"consumer", want.config.Durable, d, js.Conn().ConnectedServerVersion()}
		}
	}
	for _, name := range []string{TemplatesBucket, ControlsBucket} {
		kv, err := js.KeyValue(ctx, name)
		if err != nil {
			return fmt.Errorf("bucket %s: %w", name, err)
		}
		if err := keeps(ctx, js, kv); err != nil {
			return err
		}
	}
	if _, err := js.ObjectStore(ctx, ProductsBucket); err != nil {
		return fmt.Errorf("bucket %s: %w", ProductsBucket, err)
	}
	return nil
}

// keeps returns nil if nothing in a bucket is forgotten with time: pauses are in one,
// and whose installation it is.
func keeps(ctx context.Context, js jetstream.JetStream, kv jetstream.KeyValue) error {
	s, err := kv.Status(ctx)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", kv.Bucket(), err)
	}
	if s.TTL() != 0 {
		return &Unlike{"bucket", kv.Bucket(), []string{"ttl"}, js.Conn().ConnectedServerVersion()}
	}
	return nil
}
