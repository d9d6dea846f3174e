package schedule

import (
	"slices"

	"homing/pkg/customer"
	"homing/pkg/trace"
)

// traced begins a span for each entry, and returns the entries as those whose plans belong
// to it. end ends them.
func (p *Planner) traced(entries []customer.Entry) (_ []customer.Entry, end func(aside map[uint64]error, err error)) {
	entries, spans := slices.Clone(entries), make([]*trace.Span, len(entries))
	for i := range entries {
		e := &entries[i]
		spans[i] = p.Trace.Follow("plan", e.Trace, "worker", p.Workers[e.Key.Store].Name, "store", e.Key.Store, "event", string(e.Event.Type))
		e.Trace = spans[i].Headers()
	}
	return entries, func(aside map[uint64]error, err error) {
		for i, s := range spans {
			if err != nil || aside[entries[i].Sequence] != nil {
				s.Fail("not planned yet")
			}
			s.End()
		}
	}
}
