package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	vital      bool
	have, want any
}

// equal is a field that has to be as it is wanted.
func equal[T comparable](name string, have, want T, vital bool) field {
	return field{name, have == want, vital, have, want}
}

// limit is a field in which nothing and less mean that there is no limit.
func limit[T int32 | int64](name string, have, want T, vital bool) field {
	return equal(name, max(have, 0), max(want, 0), vital)
}

// differ names the fields that are not the same.
func differ(fields []field) (out []string) {
	for _, f := range fields {
		if !f.same {
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
		{"subjects", slices.Equal(have.Subjects, want.Subjects), false, have.Subjects, want.Subjects},
		{"subjects", hasAll(have.Subjects, want.Subjects), true, have.Subjects, want.Subjects},
		equal("description", have.Description, want.Description, false),
		equal("retention", have.Retention, want.Retention, true),
		equal("discard policy", have.Discard, want.Discard, true),
		equal("discard_new_per_subject", have.DiscardNewPerSubject, want.DiscardNewPerSubject, true),
		equal("storage", have.Storage, want.Storage, true),
		equal("max_age", have.MaxAge, want.MaxAge, pending),
		limit("max_bytes", have.MaxBytes, want.MaxBytes, pending),
		limit("max_msgs", have.MaxMsgs, want.MaxMsgs, pending),
		limit("max_msg_size", have.MaxMsgSize, want.MaxMsgSize, pending),
		equal("subject transform", have.SubjectTransform != nil, false, true),
		equal("mirror or sources", have.Mirror != nil || len(have.Sources) > 0, false, true),
		equal("max_msgs_per_subject", have.MaxMsgsPerSubject, want.MaxMsgsPerSubject, true),
		equal("replicas", have.Replicas, want.Replicas, false),
		equal("duplicate window", have.Duplicates, want.Duplicates, false),
		equal("allow_direct", have.AllowDirect, want.AllowDirect, true),
		equal("allow_msg_schedules", have.AllowMsgSchedules, want.AllowMsgSchedules, true),
		equal("allow_msg_ttl", have.AllowMsgTTL, want.AllowMsgTTL, true),
		equal("allow_atomic", have.AllowAtomicPublish, want.AllowAtomicPublish, true),
	}
}

func consumerFields(have, want jetstream.ConsumerConfig) []field {
	filters := have.FilterSubjects
	if have.FilterSubject != "" {
		filters = []string{have.FilterSubject}
	}
	return []field{
		{"filter subjects", slices.Equal(filters, want.FilterSubjects), false, filters, want.FilterSubjects},
		{"filter subjects", hasAll(filters, want.FilterSubjects) && (len(filters) == 0) == (len(want.FilterSubjects) == 0), true, filters, want.FilterSubjects},
		equal("description", have.Description, want.Description, false),
		equal("ack policy", have.AckPolicy, want.AckPolicy, true),
		equal("ack_wait", have.AckWait, want.AckWait, false),
		equal("max_ack_pending", have.MaxAckPending, want.MaxAckPending, false),
		equal("max_deliver", have.MaxDeliver, want.MaxDeliver, true),
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
	for x := range inspect(ctx, js, l, ws) {
		if x.Err != nil {
			return fmt.Errorf("%s: %w", x, x.Err)
		}
		if d := x.vital(); d != nil {
			return &Unlike{x.Kind, x.Name, d, js.Conn().ConnectedServerVersion()}
		}
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
