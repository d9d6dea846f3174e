package schedule

import (
	"context"

	"homing/pkg/touch"
)

// most is how many touches are looked up with one request; the server refuses
// more than 1024 subjects, and a touch has two.
const most = 400

// Pending returns those of the touches that are pending, as they were put: on
// the schedule, or fallen due and not yet decided.
func (s *Schedule) Pending(ctx context.Context, ts []touch.Touch) ([]touch.Touch, error) {
	subjects := map[string][]string{} // by worker
	for _, t := range ts {
		subjects[t.Worker] = append(subjects[t.Worker], Subject(t), DueSubject(t))
	}
	var out []touch.Touch
	seen := map[string]bool{}
	for worker, all := range subjects {
		for len(all) > 0 {
			n := min(len(all), 2*most)
			msgs, err := directGet(ctx, s.js.Conn(), worker, map[string]any{"multi_last": all[:n], "batch": n})
			if err != nil {
				return nil, err
			}
			all = all[n:]
			for _, m := range msgs {
				t, err := Decode(m.Data)
				if err != nil {
					return nil, err
				}
				if id := t.Customer.Store + " " + t.ID(); !seen[id] {
					seen[id] = true
					out = append(out, t)
				}
			}
		}
	}
	return out, nil
}

// carry gives the plans that do not know what the email displays what the
// pending touches display. A plan for which none is pending is left out: it has
// its outcome, or the event that knows is yet to be planned, and knows the time.
func (s *Schedule) carry(ctx context.Context, plans []touch.Touch) ([]touch.Touch, error) {
	var bare []touch.Touch
	for _, t := range plans {
		if t.Snapshot == nil {
			bare = append(bare, t)
		}
	}
	if len(bare) == 0 {
		return plans, nil
	}
	pending, err := s.Pending(ctx, bare)
	if err != nil {
		return nil, err
	}
	by := map[string]touch.Touch{}
	for _, t := range pending {
		by[Subject(t)] = t
	}
	out := make([]touch.Touch, 0, len(plans))
	for _, t := range plans {
		if t.Snapshot == nil {
			p, ok := by[Subject(t)]
			if !ok {
				continue
			}
			t.Snapshot, t.Tries, t.Caused = p.Snapshot, p.Tries, p.Caused
		}
		out = append(out, t)
	}
	return out, nil
}
