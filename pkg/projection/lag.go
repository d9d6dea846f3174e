package projection

import (
	"context"
	"slices"

	"homing/pkg/customer"
)

// lag is what is behind the timeline.
type lag struct {
	spans []span // of each stream that the timeline is split over
	marks [customer.Buckets]uint64
}

// buckets returns those that are behind.
func (l lag) buckets() (out []uint8) {
	for _, s := range l.spans {
		out = append(out, s.behind...)
	}
	return out
}

// span is what is to be read of one stream: nothing, if it ends before it begins.
type span struct {
	of       []uint8 // its buckets
	behind   []uint8 // those that are behind
	from, to uint64
}

func (r *Rebuilder) behind(ctx context.Context, store string, lasts [customer.Buckets]uint64) (lag, error) {
	marks, gone, err := r.store.marksOf(ctx, store)
	if err != nil {
		return lag{}, err
	}
	l, lost, any := lag{marks: marks}, false, slices.Max(lasts[:]) > 0
	for _, part := range r.timeline.Parts() {
		end := lastOf(lasts, part)
		s := span{of: part, from: end + 1}
		for _, b := range part {
			last := lasts[b]
			if gone[b] {
				last = end // it may have links, of which others told
			}
			if marks[b] < last || gone[b] && any {
				s.behind, lost = append(s.behind, b), lost || gone[b]
				s.from, s.to = min(s.from, marks[b]+1), max(s.to, last)
			}
		}
		l.spans = append(l.spans, s)
	}
	if lost && r.store.relinks() {
		for i, s := range l.spans { // those who told may be on another stream
			l.spans[i].from, l.spans[i].to = 1, lastOf(lasts, s.of)
		}
	}
	return l, nil
}

// ends returns from where to where is read. Of several streams, of which one is read after
// the other, places are counted on.
func (l lag) ends() (from, to uint64) {
	if len(l.spans) == 1 {
		return l.spans[0].from, l.spans[0].to
	}
	for _, s := range l.spans {
		to += s.length()
	}
	return 1, to
}

// place returns where an entry is between the ends.
func (l lag) place(e customer.Entry) (at uint64) {
	for _, s := range l.spans {
		if slices.Contains(s.of, e.Key.Bucket) {
			if at += e.Sequence - min(e.Sequence, s.from-1); len(l.spans) == 1 {
				at = e.Sequence
			}
			return at
		}
		at += s.length()
	}
	return at
}

func (s span) length() uint64 { return s.to + 1 - min(s.from, s.to+1) }

// lastOf returns the highest sequence of some buckets.
func lastOf(lasts [customer.Buckets]uint64, of []uint8) (out uint64) {
	for _, b := range of {
		out = max(out, lasts[b])
	}
	return out
}
