package rejected

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Group is the events of a store that were rejected for the same: a reason, and the
// field it is about.
type Group struct {
	Store, Reason, Field string
	Types                []string  // those of its events, sorted
	Count                int       // how many there are
	Last                 time.Time // when the newest was rejected
	Detail               string    // what is wrong with the newest
	// Older: they are too many to be told apart, and this is all others of a reason.
	Older bool
	Up    uint64 // of Older: the sequence of the newest, or one after it
}

// ForPerson says what somebody has to do; "" of events, which can be replayed.
func (g Group) ForPerson() string { return forPerson(g.Reason) }

// toldApart is how many of the newest events are told apart by field: their headers are
// read in some fifty milliseconds. Those before are counted by the server.
const toldApart = 5000

// recent is the first sequence of the newest events.
func recent(i *jetstream.StreamInfo) uint64 {
	return max(i.State.FirstSeq, i.State.LastSeq-min(i.State.LastSeq, toldApart-1))
}

// Counts says how many there are, by subject, which the server knows without reading them, and
// which message of the stream was the last: warnings are in it as well.
func (s *Stream) Counts(ctx context.Context) (map[string]uint64, uint64, error) {
	stream, err := s.open(ctx)
	if err != nil {
		return nil, 0, err
	}
	i, err := stream.Info(ctx, jetstream.WithSubjectFilter("rejected.>"))
	if err != nil {
		return nil, 0, fmt.Errorf("stream REJECTED: %w", err)
	}
	return i.State.Subjects, i.State.LastSeq, nil
}

// Groups returns what is rejected, those groups first that had an event last.
func (s *Stream) Groups(ctx context.Context) ([]Group, error) {
	stream, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	i, err := stream.Info(ctx, jetstream.WithSubjectFilter("rejected.>"))
	if err != nil {
		return nil, fmt.Errorf("stream REJECTED: %w", err)
	}
	from := recent(i)
	by := map[[3]string]*Group{}
	left := map[string]int{} // by subject, of those that are not read
	for subject, n := range i.State.Subjects {
		left[subject] = int(n)
	}
	if len(left) == 0 {
		return nil, nil
	}
	err = s.headers(ctx, "rejected.>", span{from: from}, func(m jetstream.Msg, md *jetstream.MsgMetadata) {
		left[m.Subject()]--
		e := read(m, md)
		key := [3]string{e.Store, e.Reason, e.Field()}
		g := by[key]
		if g == nil {
			g = &Group{Store: e.Store, Reason: e.Reason, Field: e.Field()}
			by[key] = g
		}
		g.Count, g.Last, g.Detail = g.Count+1, e.Time, e.Faults()[0]
		if at, ok := slices.BinarySearch(g.Types, e.Type); !ok && e.Type != "" {
			g.Types = slices.Insert(g.Types, at, e.Type)
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]Group, 0, len(by))
	for _, g := range by {
		out = append(out, *g)
	}
	for subject, n := range left {
		if part := strings.Split(subject, "."); n > 0 && len(part) == 3 && from > i.State.FirstSeq {
			out = append(out, Group{Store: part[1], Reason: part[2], Count: n, Older: true, Up: from - 1})
		}
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Store, b.Store), strings.Compare(a.Reason, b.Reason), strings.Compare(a.Field, b.Field))
	})
	return out, nil
}
