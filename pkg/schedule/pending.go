package schedule

import (
	"context"

	"homing/pkg/bus"
	"homing/pkg/touch"
)

// most is how many touches are looked up with one request; the server refuses
// more than 1024 subjects, and a touch has two.
const most = 400

// Pending returns those of the touches that are pending, as they were put: on
// the schedule, or fallen due and not yet decided.
func (s *Schedule) Pending(ctx context.Context, ts []touch.Touch) ([]touch.Touch, error) {
	var out []touch.Touch
	seen := map[string]bool{}
	err := s.latest(ctx, ts, func(t touch.Touch, _ uint64, _ bool) {
		if id := t.Customer.Store + " " + t.ID(); !seen[id] {
			seen[id] = true
			out = append(out, t)
		}
	})
	return out, err
}

// latest calls fn with the messages that touches have, and their sequences: on the
// schedule, and fallen due.
func (s *Schedule) latest(ctx context.Context, ts []touch.Touch, fn func(t touch.Touch, seq uint64, due bool)) error {
	subjects := map[string][]string{} // by stream
	parts := map[string]int{}
	for _, t := range ts {
		name, p := s.stream(t.Worker, t.Customer.Bucket)
		subjects[name], parts[name] = append(subjects[name], s.subject(t), s.dueSubject(t)), p
	}
	for stream, all := range subjects {
		for len(all) > 0 {
			n := min(len(all), 2*most)
			msgs, err := bus.DirectGet(ctx, s.js, stream, map[string]any{"multi_last": all[:n], "batch": n})
			if err != nil {
				return s.split.In(parts[stream], err)
			}
			all = all[n:]
			for _, m := range msgs {
				t, err := Decode(m.Data)
				if err != nil {
					return err
				}
				seq, err := bus.SequenceOf(m)
				if err != nil {
					return err
				}
				fn(t, seq, fellDue(m))
			}
		}
	}
	return nil
}
