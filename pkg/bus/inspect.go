package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// An Item is a stream, a consumer or a bucket that Setup makes, as the server has it.
type Item struct {
	Kind string // stream, consumer or bucket
	Name string
	Of   string // the stream of a consumer
	// What the server says of it; nil: it is another kind, or Err says why it is not known.
	Stream   *jetstream.StreamInfo
	Consumer *jetstream.ConsumerInfo
	// Differ is what Setup would change.
	Differ []Difference
	// Asked and Answered are when the server was asked, and when its answer was here.
	Asked, Answered time.Time
	Err             error
}

// A Difference is one field of the server's configuration that is otherwise than Setup
// would make it.
type Difference struct {
	Field string
	// Vital is one without which Homing does something wrong; the others are limits and
	// words, which a newer version or another configuration may have changed.
	Vital      bool
	Have, Want string
}

func (i Item) String() string {
	if i.Of != "" {
		return fmt.Sprintf("%s %s of %s", i.Kind, i.Name, i.Of)
	}
	return i.Kind + " " + i.Name
}

// Missing reports whether the item is not there, as far as the server says.
func (i Item) Missing() bool {
	return errors.Is(i.Err, jetstream.ErrStreamNotFound) || errors.Is(i.Err, jetstream.ErrConsumerNotFound) || errors.Is(i.Err, jetstream.ErrBucketNotFound)
}

// vital names what differs of what Homing rests on.
func (i Item) vital() (out []string) {
	for _, d := range i.Differ {
		if d.Vital {
			out = append(out, d.Field)
		}
	}
	return out
}

// Inspect looks at all that Setup makes, and changes nothing. What cannot be looked at
// says so, and the others are looked at all the same.
func Inspect(ctx context.Context, js jetstream.JetStream, l Limits, ws []Worker) []Item {
	return slices.Collect(inspect(ctx, js, l, ws))
}

// inspect asks the server for one thing after the other, as far as they are wanted.
func inspect(ctx context.Context, js jetstream.JetStream, l Limits, ws []Worker) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, want := range streams(l, ws, PartitionsOf(js)) {
			if !yield(inspectStream(ctx, js, want)) {
				return
			}
		}
		for _, want := range consumers(ws, time.Now(), PartitionsOf(js)) {
			if !yield(inspectConsumer(ctx, js, want)) {
				return
			}
		}
		for _, name := range []string{TemplatesBucket, ControlsBucket, ProductsBucket} {
			if !yield(inspectBucket(ctx, js, name)) {
				return
			}
		}
	}
}

func inspectStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) Item {
	x := Item{Kind: "stream", Name: want.Name, Asked: time.Now()}
	s, err := js.Stream(ctx, want.Name)
	x.Answered = time.Now()
	if x.Err = err; err == nil {
		x.Stream = s.CachedInfo()
		x.Differ = differences(streamFields(x.Stream.Config, want))
	}
	return x
}

func inspectConsumer(ctx context.Context, js jetstream.JetStream, want consumer) Item {
	x := Item{Kind: "consumer", Name: want.config.Durable, Of: want.stream, Asked: time.Now()}
	c, err := js.Consumer(ctx, want.stream, want.config.Durable)
	x.Answered = time.Now()
	if x.Err = err; err == nil {
		x.Consumer = c.CachedInfo()
		x.Differ = differences(consumerFields(x.Consumer.Config, want.config))
	}
	return x
}

func inspectBucket(ctx context.Context, js jetstream.JetStream, name string) Item {
	x := Item{Kind: "bucket", Name: name}
	if name == ProductsBucket {
		_, x.Err = js.ObjectStore(ctx, name)
		return x
	}
	kv, err := js.KeyValue(ctx, name)
	if err == nil {
		err = keeps(ctx, js, kv)
	}
	if u, unlike := errors.AsType[*Unlike](err); unlike {
		for _, f := range u.Fields {
			x.Differ = append(x.Differ, Difference{Field: f, Vital: true, Have: "some", Want: "none"})
		}
		err = nil
	}
	x.Err = err
	return x
}

// differences are the fields that are not the same, each once.
func differences(fields []field) (out []Difference) {
	for _, f := range fields {
		if f.same {
			continue
		}
		d := Difference{f.name, f.vital, fmt.Sprint(f.have), fmt.Sprint(f.want)}
		if i := slices.IndexFunc(out, func(o Difference) bool { return o.Field == f.name }); i >= 0 {
			out[i].Vital = out[i].Vital || f.vital
			continue
		}
		out = append(out, d)
	}
	return out
}

// Subjects are those of all streams and buckets that Setup makes, split over some
// partitions.
func Subjects(l Limits, ws []Worker, n Partitions) (out []string) {
	for _, s := range streams(l, ws, n) {
		out = append(out, s.Subjects...)
	}
	return append(out, "$KV."+TemplatesBucket+".>", "$KV."+ControlsBucket+".>", "$O."+ProductsBucket+".>")
}

// Refuses reports whether a stream refuses what is new when it is full, and does not drop
// what is old.
func (i Item) Refuses() bool {
	return i.Stream != nil && i.Stream.Config.Discard == jetstream.DiscardNew
}
