package bus_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"homing/pkg/bus"
	"homing/pkg/homingtest/natstest"
)

func TestPartitionsShareTheBucketsEqually(t *testing.T) {
	for n := bus.Partitions(-1); n <= 2*bus.MostPartitions; n++ {
		if want := slices.Contains([]bus.Partitions{1, 2, 4, 8, 16, 32, 64}, n); n.Possible() != want {
			t.Errorf("%d partitions: possible %v", n, n.Possible())
		}
		if !n.Possible() {
			continue
		}
		next := 0
		for p := range n.Count() {
			first, last := n.Range(p)
			if int(first) != next || int(last)+1-int(first) != bus.Buckets/n.Count() {
				t.Errorf("partition %d of %d has the buckets %d to %d", p, n, first, last)
			}
			for b := int(first); b <= int(last); b++ {
				if n.Of(uint8(b)) != p {
					t.Errorf("bucket %d is in partition %d of %d, not %d", b, n.Of(uint8(b)), n, p)
				}
			}
			next = int(last) + 1
		}
		if next != bus.Buckets {
			t.Errorf("%d partitions have %d buckets", n, next)
		}
	}
}

func TestAPositionTellsTheStreamAndGrowsWithItsSequence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := bus.Partitions(1 << rapid.IntRange(0, 6).Draw(t, "n"))
		p, seq := rapid.IntRange(0, n.Count()-1).Draw(t, "p"), rapid.Uint64Range(1, 1<<33).Draw(t, "sequence")
		at := n.Position(p, seq)
		if gotP, got := n.Place(at); gotP != p || got != seq || n.Position(p, seq+1) <= at || n == 1 && at != seq || n.Position(p, 0) != 0 {
			t.Fatalf("%d of %d: %d, back %d %d", seq, n, at, gotP, got)
		}
		if got, err := n.PositionIn(n.Timeline(p), seq); err != nil || got != at {
			t.Fatalf("in %s: %d (%v)", n.Timeline(p), got, err)
		}
	})
	for _, stream := range []string{"TIMELINE", "TIMELINE-2", "TIMELINE-x", "SCHEDULE-thank-you-1"} {
		if _, err := bus.Partitions(2).PositionIn(stream, 1); err == nil {
			t.Errorf("%s is taken for one of two streams of the timeline", stream)
		}
	}
}

// With one partition everything is called as it always was; with more, each has a name of
// its own.
func TestWhatIsCalledHow(t *testing.T) {
	names := func(n bus.Partitions) []string {
		streams, queues := bus.Queues([]bus.Worker{worker}, n)
		for _, q := range queues {
			streams = append(streams, q.Stream+" "+q.Consumer+" "+q.Worker)
		}
		return streams
	}
	if d := cmp.Diff([]string{"STOREFRONT", "TIMELINE", "REJECTED", "OFFERS", "MAILS", "SCHEDULE-thank-you",
		"STOREFRONT intake ", "TIMELINE erase ", "TIMELINE plan-thank-you thank-you", "SCHEDULE-thank-you due-thank-you thank-you"}, names(1)); d != "" {
		t.Errorf("one (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"STOREFRONT", "TIMELINE-0", "TIMELINE-1", "REJECTED", "OFFERS", "MAILS", "SCHEDULE-thank-you-0", "SCHEDULE-thank-you-1",
		"STOREFRONT intake ", "TIMELINE-0 erase-0 ", "TIMELINE-1 erase-1 ",
		"TIMELINE-0 plan-thank-you-0 thank-you", "SCHEDULE-thank-you-0 due-thank-you-0 thank-you",
		"TIMELINE-1 plan-thank-you-1 thank-you", "SCHEDULE-thank-you-1 due-thank-you-1 thank-you"}, names(2)); d != "" {
		t.Errorf("two (-want +got):\n%s", d)
	}
}

// All partitions that there may be can be set up, and what was set up is found as it is.
func TestPartitionsAreSetUp(t *testing.T) {
	for _, n := range []bus.Partitions{2, 8} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			js := bus.Split(natstest.Start(t, t.TempDir()).JS, n)
			limits := bus.Limits{TimelineMaxBytes: 1 << 24}
			for _, want := range []string{bus.Created, bus.Unchanged} {
				changes, err := bus.Setup(t.Context(), js, limits, []bus.Worker{worker}, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range changes {
					if c.Did != want {
						t.Errorf("%s %s was %s, want %s", c.Kind, c.Name, c.Did, want)
					}
				}
			}
			if err := bus.Verify(t.Context(), js, limits, []bus.Worker{worker}); err != nil {
				t.Error(err)
			}
		})
	}
}
