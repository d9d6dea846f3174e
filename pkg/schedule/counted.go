package schedule

import (
	"context"
	"hash/maphash"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/reason"
)

// headerLeft says how many messages match a direct get, after the one it comes with.
const headerLeft = "Nats-Num-Pending"

// Count returns how many touches of one occasion are pending in a store: on the schedule,
// and fallen due. It costs two requests, however many they are: the server counts.
func (s *Schedule) Count(ctx context.Context, worker, store, step, occasion string) (scheduled, due int, err error) {
	for p := range s.split.Count() {
		stream := s.split.Schedule(worker, p)
		rest := store + ".*."
		for filter, n := range map[string]*int{
			s.split.Under("schedule", p) + "." + rest + worker + "." + step + "." + occasion: &scheduled,
			s.split.Under("due", p) + "." + worker + "." + rest + step + "." + occasion:      &due,
		} {
			msgs, err := bus.DirectGet(ctx, s.js, stream, map[string]any{"seq": 1, "next_by_subj": filter, "batch": 1})
			if err != nil {
				return 0, 0, s.split.In(p, err)
			}
			for _, m := range msgs {
				left, err := strconv.Atoi(m.Header.Get(headerLeft))
				if err != nil {
					return 0, 0, err
				}
				*n += 1 + left
			}
		}
	}
	return scheduled, due, nil
}

// heldPage is how many messages are read with one request.
const heldPage = 500

// Held returns how many touches of an occasion fell due and were put back on the schedule,
// held or set aside, by the reason for which each was; "" for those that an older version
// put back. It reads all that are there, and needs 24 bytes for each: of one that is put
// back once more while it reads, the later reason counts.
func (s *Schedule) Held(ctx context.Context, worker, store, step, occasion string) (map[reason.Reason]int, error) {
	held := map[uint64]reason.Reason{}
	seed := maphash.MakeSeed()
	for p := range s.split.Count() {
		filter := s.split.Under("schedule", p) + "." + store + ".*." + worker + "." + step + "." + occasion
		err := bus.DirectPages(ctx, s.js, bus.Look{Stream: s.split.Schedule(worker, p), Filter: filter, Page: heldPage}, func(msgs []*nats.Msg) error {
			for _, m := range msgs {
				if m.Header.Get(bus.HeaderHeld) != "" {
					held[maphash.String(seed, m.Header.Get(jetstream.SubjectHeader))] = reason.Reason(m.Header.Get(bus.HeaderHeldFor))
				}
			}
			return nil
		})
		if err != nil {
			return nil, s.split.In(p, err)
		}
	}
	out := map[reason.Reason]int{}
	for _, why := range held {
		out[why]++
	}
	return out, nil
}
