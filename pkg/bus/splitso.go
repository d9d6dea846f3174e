package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// splitSo returns an *Otherwise if the timeline that is there is split over another number
// of partitions. An installation of one asks for nothing here: its subjects would overlap
// those of any other, which NATS refuses, see overlapping.
func splitSo(ctx context.Context, js jetstream.JetStream, n Partitions) error {
	if n.Count() == 1 {
		return nil
	}
	_, err := js.Stream(ctx, Timeline)
	if err == nil {
		return &Otherwise{n, "not split: nats.partitions was 1"}
	}
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	s, err := js.Stream(ctx, n.Timeline(0))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	have := slices.DeleteFunc(slices.Clone(s.CachedInfo().Config.Subjects), func(s string) bool { return !strings.HasPrefix(s, "timeline.") })
	if len(have) == 0 || len(have) == len(n.timelineSubjects(0)) {
		return nil
	}
	return &Otherwise{n, fmt.Sprintf("split: nats.partitions was %d", Buckets/len(have))}
}

// overlaps is the code of NATS for a stream whose subjects another has.
const overlaps jetstream.ErrorCode = 10065

// overlapping says what it means that a stream of ours cannot be made since another has
// its subjects: nearly always, that the installation is split otherwise.
func overlapping(js jetstream.JetStream, stream string, err error) error {
	api, ok := errors.AsType[*jetstream.APIError](err)
	if !ok || api.ErrorCode != overlaps || !strings.HasPrefix(stream, Timeline) && !strings.HasPrefix(stream, ScheduleStream("")) {
		return err
	}
	return &Otherwise{PartitionsOf(js), "split otherwise, or another stream has the subjects of " + stream}
}
