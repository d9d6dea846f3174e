package timeline_test

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/timeline"
)

// split opens a timeline over some streams.
func split(t testing.TB, n bus.Partitions) (*timeline.Timeline, jetstream.JetStream) {
	t.Helper()
	js := bus.Split(natstest.Start(t, t.TempDir()).JS, n)
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return timeline.New(js), js
}

func ids(es []customer.Entry) (out []string) {
	for _, e := range es {
		out = append(out, e.Event.ID)
	}
	return out
}

// A timeline over two streams is one: what is read, by whatever means, is what was
// appended, and no two entries have the same place.
func TestATimelineOfTwoStreamsIsOne(t *testing.T) {
	t.Parallel()
	tl, _ := split(t, 2)
	var all []customer.Entry
	for i, bucket := range []uint8{0, 200, 127, 128, 200, 0, 255} {
		all = append(all, appended(t, tl, created("main", bucket, i))...)
	}
	seen := map[uint64]bool{}
	var places []uint64
	for _, e := range all {
		if e.Sequence == 0 || seen[e.Sequence] {
			t.Fatalf("the place of %s is %d", e.Event.ID, e.Sequence)
		}
		seen[e.Sequence] = true
		places = append(places, e.Sequence)
	}
	if all[4].Sequence <= all[1].Sequence || all[5].Sequence <= all[0].Sequence {
		t.Error("within a bucket a later entry has a lower place")
	}
	got, gone, err := tl.Get(t.Context(), places)
	if err != nil || gone != 0 || !slices.Equal(ids(got), ids(all)) {
		t.Errorf("by their places: %v (%d gone, %v)", ids(got), gone, err)
	}
	sorted := slices.Clone(got)
	if slices.SortFunc(sorted, customer.CompareEntries); !slices.Equal(ids(sorted), ids(all)) {
		t.Errorf("in order: %v", ids(sorted))
	}
	lasts, err := tl.Lasts(t.Context(), "main")
	if err != nil || lasts[200] != all[4].Sequence || lasts[0] != all[5].Sequence || lasts[1] != 0 {
		t.Errorf("the last of bucket 200 is %d, of 0 %d, of 1 %d (%v)", lasts[200], lasts[0], lasts[1], err)
	}
	_, ends, err := tl.Identity(t.Context())
	if err != nil || ends[1] != all[5].Sequence || ends[129] != all[6].Sequence {
		t.Errorf("the ends are %d and %d (%v)", ends[1], ends[129], err)
	}
	for _, part := range tl.Parts() {
		var want []string
		for _, e := range all {
			if slices.Contains(part, e.Key.Bucket) {
				want = append(want, e.Event.ID)
			}
		}
		if found := ids(read(t, tl, "main", part, 1, 1<<40)); !slices.Equal(found, want) {
			t.Errorf("of one stream: %v, want %v", found, want)
		}
		if found := ids(read(t, tl, "main", part, lasts[part[0]]+1, 1<<40)); slices.Contains(found, "e0") || slices.Contains(found, "e5") {
			t.Errorf("after the last of the first bucket: %v", found)
		}
	}
	if e, err := tl.NewestIn(t.Context(), "main", events.TypeCustomerCreated); err != nil || e == nil || e.Event.ID != "e6" {
		t.Errorf("the newest is %v (%v)", e, err)
	}
}

// A cursor covers what was read of each stream, be it much of one and little of another.
func TestACursorCoversWhatWasReadOfEachStream(t *testing.T) {
	t.Parallel()
	for _, n := range []bus.Partitions{1, 4} {
		tl, _ := split(t, n)
		for i := range 40 {
			appended(t, tl, created("main", uint8(i%7), i)) // nearly all in the first
		}
		appended(t, tl, created("main", 250, 40))
		at := tl.Start()
		news := func() (out []string) {
			err := tl.ReadType(t.Context(), "main", events.TypeCustomerCreated, at, func(es []customer.Entry) error {
				for _, e := range es {
					if at.Covers(e) {
						t.Errorf("%s was read before", e.Event.ID)
					}
					at.Reach(e)
				}
				out = append(out, ids(es)...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if first, again := news(), news(); len(first) != 41 || len(again) != 0 {
			t.Errorf("%d were read, and then %d", len(first), len(again))
		}
		appended(t, tl, created("main", 250, 41))
		appended(t, tl, created("main", 1, 42))
		if got := news(); len(got) != 2 {
			t.Errorf("new are %v", got)
		}
		back, err := customer.ParseCursor(at.String())
		if err != nil || !slices.Equal(back, at) {
			t.Errorf("%s came back as %v (%v)", at, back, err)
		}
	}
}

// What came for a person after an entry is found on all streams, in order.
func TestWhatCameAfterAnEntryIsFoundOnAllStreams(t *testing.T) {
	t.Parallel()
	tl, _ := split(t, 2)
	entry := func(bucket uint8, n int) customer.Entry { return appended(t, tl, created("main", bucket, n))[0] }
	first := entry(3, 0)
	entry(3, 1)
	other := entry(200, 2)
	entry(4, 3)
	entry(3, 4)
	got, err := tl.After(t.Context(), "main", []customer.Key{first.Key, other.Key}, first.Sequence)
	if want := []string{"e1", "e2", "e4"}; err != nil || !slices.Equal(ids(got), want) {
		t.Errorf("after the first: %v, want %v (%v)", ids(got), want, err)
	}
}

// What a stream does not take is not on it; the entries of the others are.
func TestAStreamThatIsFullTakesNothingAndHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	tl, js := split(t, 2)
	told := map[int]error{}
	var mu sync.Mutex // partitions are appended to side by side
	tl.Appended = func(p int, err error) {
		mu.Lock()
		defer mu.Unlock()
		told[p] = cmp.Or(told[p], err)
	}
	appended(t, tl, created("main", 200, 0))
	s, err := js.Stream(t.Context(), "TIMELINE-1")
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	c.MaxMsgs = 1
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	es := []customer.Entry{created("main", 1, 1), created("main", 200, 2), created("main", 2, 3)}
	err = tl.Append(t.Context(), es)
	away, is := errors.AsType[*bus.Away](err)
	if !is || away.Partition != 1 || es[0].Sequence == 0 || es[1].Sequence != 0 || es[2].Sequence == 0 {
		t.Errorf("appended at %d, %d, %d: %v", es[0].Sequence, es[1].Sequence, es[2].Sequence, err)
	}
	if told[0] != nil || told[1] == nil {
		t.Errorf("told: %v", told)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []bus.Partitions{1, 2, 4} {
		b.Run(n.Timeline(0), func(b *testing.B) {
			tl, _ := split(b, n)
			batch := make([]customer.Entry, 768)
			for i := range batch {
				batch[i] = created("main", uint8(i), i)
			}
			for b.Loop() {
				if err := tl.Append(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
