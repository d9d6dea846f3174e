package bus

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Buckets are into how many parts a store's customers are divided, by the first byte of
// their tokens. It is customer.Buckets, and never changes.
const Buckets = 256

// Partitions is over how many sets of streams the buckets are split. Of two, the first
// has the buckets 0 to 127: its part of the timeline is TIMELINE-0, and what is pending
// with a worker for its customers is on SCHEDULE-<worker>-0. One is not split at all:
// TIMELINE and SCHEDULE-<worker>.
//
// This file and what it is used by in pkg/timeline and pkg/schedule know of partitions;
// callers of those name customers, whose buckets say the rest.
type Partitions int

// MostPartitions is how many there may be: four buckets each.
const MostPartitions = 64

// Possible reports whether the buckets can be split so.
func (n Partitions) Possible() bool { return n >= 1 && n <= MostPartitions && n&(n-1) == 0 }

// Count returns how many there are; the zero value is one.
func (n Partitions) Count() int { return max(1, int(n)) }

// Of returns the partition of a bucket.
func (n Partitions) Of(bucket uint8) int { return int(bucket) * n.Count() / Buckets }

// Range returns the buckets of a partition: the first, and the last.
func (n Partitions) Range(p int) (first, last uint8) {
	size := Buckets / n.Count()
	return uint8(p * size), uint8((p+1)*size - 1)
}

// name is what something is called in a partition.
func (n Partitions) name(base string, p int) string {
	if n.Count() == 1 {
		return base
	}
	return base + "-" + strconv.Itoa(p)
}

// Timeline returns the name of a partition's stream of the timeline.
func (n Partitions) Timeline(p int) string { return n.name(Timeline, p) }

// Schedule returns the name of a worker's schedule stream in a partition.
func (n Partitions) Schedule(worker string, p int) string { return n.name(ScheduleStream(worker), p) }

// Plan returns the name of the consumer of what a worker plans for in a partition.
func (n Partitions) Plan(worker string, p int) string { return n.name(PlanConsumer(worker), p) }

// Due returns the name of the consumer of a worker's due touches in a partition.
func (n Partitions) Due(worker string, p int) string { return n.name(DueConsumer(worker), p) }

// Erase returns the name of the consumer of erasures in a partition.
func (n Partitions) Erase(p int) string { return n.name(EraseConsumer, p) }

// Timelines returns the names of all streams of the timeline.
func (n Partitions) Timelines() []string { return n.each(n.Timeline) }

// Schedules returns the names of all schedule streams of a worker.
func (n Partitions) Schedules(worker string) []string {
	return n.each(func(p int) string { return n.Schedule(worker, p) })
}

func (n Partitions) each(name func(p int) string) []string {
	out := make([]string, n.Count())
	for p := range out {
		out[p] = name(p)
	}
	return out
}

// Under returns what the subjects of a partition begin with where a bucket is not among
// their tokens: "due", or "due.1".
func (n Partitions) Under(base string, p int) string {
	if n.Count() == 1 {
		return base
	}
	return base + "." + strconv.Itoa(p)
}

// timelineSubjects are those of a partition's stream of the timeline.
func (n Partitions) timelineSubjects(p int) []string {
	if n.Count() == 1 {
		return []string{"timeline.>"}
	}
	var out []string
	first, last := n.Range(p)
	for b := int(first); b <= int(last); b++ {
		out = append(out, "timeline.*."+strconv.Itoa(b)+".>")
	}
	return out
}

// Position returns the place on the timeline of what has a sequence on a partition's
// stream. Within a partition positions grow as sequences do, and over all of them no two
// are the same. Of one partition they are the sequences.
func (n Partitions) Position(p int, sequence uint64) uint64 {
	if sequence == 0 {
		return 0
	}
	return sequence*uint64(n.Count()) + uint64(p)
}

// Place is the inverse of Position.
func (n Partitions) Place(position uint64) (p int, sequence uint64) {
	count := uint64(n.Count())
	return int(position % count), position / count
}

// PositionIn is Position for a message of a stream of the timeline.
func (n Partitions) PositionIn(stream string, sequence uint64) (uint64, error) {
	if n.Count() == 1 {
		return sequence, nil
	}
	p, err := strconv.Atoi(strings.TrimPrefix(stream, Timeline+"-"))
	if err != nil || p < 0 || p >= n.Count() {
		return 0, fmt.Errorf("the stream %s is none of the timeline, which is split over %d", stream, n.Count())
	}
	return n.Position(p, sequence), nil
}

// split is JetStream as an installation of several partitions has it.
type split struct {
	jetstream.JetStream
	n Partitions
}

// Split returns JetStream for an installation whose streams are split: all that works
// with it finds them there.
func Split(js jetstream.JetStream, n Partitions) jetstream.JetStream {
	if n.Count() == 1 {
		return js
	}
	return &split{js, n}
}

// PartitionsOf returns over how many partitions the installation is split that js is for.
func PartitionsOf(js jetstream.JetStream) Partitions {
	if s, ok := js.(*split); ok {
		return s.n
	}
	return 1
}

// Away is an error of a partition's streams, where there are several: what needs nothing
// of that partition can go on.
type Away struct {
	Partition int
	Err       error
}

func (a *Away) Error() string { return fmt.Sprintf("partition %d: %v", a.Partition, a.Err) }
func (a *Away) Unwrap() error { return a.Err }

// In marks an error as one of a partition's streams.
func (n Partitions) In(p int, err error) error {
	if err == nil || n.Count() == 1 {
		return err
	}
	return &Away{p, err}
}

// Otherwise says that the streams of an installation are split over another number of
// partitions than the configuration says.
type Otherwise struct {
	Want Partitions
	Have string // what is there, in words
}

func (o *Otherwise) Error() string {
	return fmt.Sprintf("nats.partitions: is %d, and the streams on this NATS are %s. The number is chosen when an installation begins: "+
		"correct it, or begin another installation (docs/partitions.md says how to take the past along)", o.Want.Count(), o.Have)
}
