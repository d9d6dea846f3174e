package schedule_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/programme"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/thankyou"
)

// namesake is a thank-you worker that another planner has too; broken plans what
// cannot be scheduled.
type namesake struct {
	step   string
	broken bool
}

// of is the namesake of a worker.
func (n namesake) of(w workers.Worker) workers.Worker {
	plan := w.Plan
	w.Plan = func(in workers.Input) []touch.Touch {
		out := plan(in)
		for i := range out {
			out[i].Occasion += "-" + n.step
			if n.broken {
				out[i].Worker = "nobody"
			}
		}
		return out
	}
	return w
}

// team returns planners of one desk, one for each of some workers.
func team(t *testing.T, d *desk, p *people, ws ...namesake) []*schedule.Planner {
	t.Helper()
	w, err := thankyou.Kind.New(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	var together schedule.Desk
	s := schedule.New(d.js, clock.Scale{})
	var out []*schedule.Planner
	for _, n := range ws {
		x := &schedule.Planner{Workers: map[string]*programme.Worker{"main": {Kind: thankyou.Kind, Worker: n.of(w)}}, People: p, Schedule: s}
		together.Join(x)
		out = append(out, x)
	}
	return out
}

// all has each planner plan an entry, and returns their errors.
func all(ctx context.Context, e customer.Entry, planners ...*schedule.Planner) []error {
	errs := make([]error, len(planners))
	var wg sync.WaitGroup
	for i, p := range planners {
		wg.Go(func() { errs[i] = p.Plan(ctx, []customer.Entry{e}) })
	}
	wg.Wait()
	return errs
}

func numberedOrder(seq uint64) customer.Entry {
	e := placed("main", time.Now())
	e.Sequence = seq
	return e
}

func TestAnEventThatConcernsSeveralWorkersIsPlannedInOneRound(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		p := &people{}
		planners := team(t, d, p, namesake{step: "a"}, namesake{step: "b"}, namesake{step: "c"})
		began := time.Now()
		for _, err := range all(t.Context(), numberedOrder(1), planners...) {
			if err != nil {
				t.Error(err)
			}
		}
		if n := d.left(); n != 3 || p.loads != 1 || !time.Now().Equal(began) {
			t.Errorf("%d touches after %d loads and %v, want 3 after one, at once", n, p.loads, time.Since(began))
		}
	})
}

func TestAPlannerWhoseCompanionsDoNotComeGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		p := &people{}
		planners := team(t, d, p, namesake{step: "a"}, namesake{step: "b"}) // the other's messages go to another process
		began := time.Now()
		if errs := all(t.Context(), numberedOrder(1), planners[0]); errs[0] != nil || d.left() != 1 {
			t.Errorf("%v, and %d touches; want one", errs, d.left())
		}
		if took := time.Since(began); took > 5*time.Millisecond { // fake time
			t.Errorf("it waited %v for others", took)
		}
	})
}

func TestAWorkerThatCannotBePlannedHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		planners := team(t, d, &people{}, namesake{step: "a"}, namesake{step: "b", broken: true}, namesake{step: "c"})
		errs := all(t.Context(), numberedOrder(1), planners...)
		if errs[0] != nil || errs[1] == nil || errs[2] != nil || d.left() != 2 {
			t.Errorf("%v, and %d touches; want an error of the second alone, and the touches of the others", errs, d.left())
		}
	})
}

func TestAMovedCustomerIsPlannedAgainForEveryWorkerOfTheRound(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		p := &people{moves: 2}
		errs := all(t.Context(), numberedOrder(1), team(t, d, p, namesake{step: "a"}, namesake{step: "b"})...)
		if errors.Join(errs...) != nil || d.left() != 2 || p.loads != 3 {
			t.Errorf("%v, %d touches after %d loads; want 2 after 3", errs, d.left(), p.loads)
		}
	})
}

func TestManyBatchesOfManyPlannersAreAllPlanned(t *testing.T) {
	bubble(t, func(t *testing.T, d *desk) {
		planners := team(t, d, &people{}, namesake{step: "a"}, namesake{step: "b"}, namesake{step: "c"})
		var wg sync.WaitGroup
		var failed atomic.Int64
		const rounds = 20
		for i, p := range planners {
			for n := range rounds {
				wg.Go(func() {
					e := numberedOrder(uint64(n + 1))
					e.Event.Data.(*events.OrderPlaced).Order.ID = "order-" + string(rune('a'+n))
					time.Sleep(time.Duration(n*(i+1)) * 300 * time.Microsecond)
					if p.Plan(t.Context(), []customer.Entry{e}) != nil {
						failed.Add(1)
					}
				})
			}
		}
		wg.Wait()
		if n := d.left(); n != 3*rounds || failed.Load() != 0 {
			t.Errorf("%d touches, and %d failures; want %d and none", n, failed.Load(), 3*rounds)
		}
	})
}

func TestAnEntryIsDecodedOnceForAllPlannersOfADesk(t *testing.T) {
	decoded := 0
	together := &schedule.Desk{Decode: func(m jetstream.Msg) (customer.Entry, error) {
		decoded++
		md, err := m.Metadata()
		return customer.Entry{Sequence: md.Sequence.Stream}, err
	}}
	for range 3 {
		p := &schedule.Planner{}
		together.Join(p)
		for seq := range uint64(4) {
			e, err := p.Decode(stored{sequence: seq + 1})
			if err != nil || e.Sequence != seq+1 {
				t.Fatalf("entry %d: %v", e.Sequence, err)
			}
		}
	}
	if decoded != 4 {
		t.Errorf("%d entries were decoded, want 4", decoded)
	}
}

// Of a timeline that is split, an entry's sequence isn't that of its message, and may be
// that of another message: 1024 is at 2048 where there are two streams.
func TestEntriesOfASplitTimelineAreToldApartAndDecodedOnce(t *testing.T) {
	const split = bus.Partitions(2)
	for p := range split.Count() {
		decoded := 0
		together := &schedule.Desk{Decode: func(m jetstream.Msg) (customer.Entry, error) {
			decoded++
			md, err := m.Metadata()
			return customer.Entry{Sequence: split.Position(p, md.Sequence.Stream)}, err
		}}
		var planners [3]schedule.Planner
		for i := range planners {
			together.Join(&planners[i])
		}
		const messages = 3000
		for seq := uint64(1); seq <= messages; seq++ {
			for i := range planners {
				if e, err := planners[i].Decode(stored{sequence: seq}); err != nil || e.Sequence != split.Position(p, seq) {
					t.Errorf("message %d of stream %d was taken for the entry at %d, not at %d (%v)", seq, p, e.Sequence, split.Position(p, seq), err)
				}
			}
		}
		if decoded != messages {
			t.Errorf("%d messages were decoded %d times", messages, decoded)
		}
	}
}

// stored is a message of the timeline, known by its sequence alone.
type stored struct {
	jetstream.Msg
	sequence uint64
}

func (stored) Data() []byte { return nil }

func (s stored) Metadata() (*jetstream.MsgMetadata, error) {
	return &jetstream.MsgMetadata{Sequence: jetstream.SequencePair{Stream: s.sequence}}, nil
}
