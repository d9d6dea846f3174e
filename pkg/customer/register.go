package customer

import (
	"cmp"
	"slices"
	"strings"
)

// How much a register keeps of the latest time. Beyond both, a late copy of a
// statement that was passed long ago is taken for a new one.
const (
	MaxRivals = 4  // statements, the one that shows included
	MaxPassed = 12 // hashes of those that were pushed out
)

// Register keeps what was said last about one thing: the statement of the latest
// time and, of those of one time, the one that was made last; see Stamp.
//
// Which that is may turn out late. Of a statement that comes twice the copy with
// the lower place counts, and the copies come in any order: the one that shows may
// fall behind another of its time. So the statements of the latest time are kept,
// each once. Nearly always that is one. Of more than MaxRivals the last ones stay,
// and the others are remembered, so that their copies change nothing.
type Register[V any] struct {
	Value  V
	Stamp  Stamp
	Rivals *Rivals[V] // nil, but for very few; never changed, only replaced
}

// Rivals are what else was said of a thing, at the same time.
type Rivals[V any] struct {
	Said   []Said[V] // the latest first
	Passed []uint32  // Tie of still others of that time, which are earlier than all of these; ascending
}

// rivals returns those of s that are there.
func rivals[V any](said []Said[V], passed []uint32) *Rivals[V] {
	if len(said)+len(passed) == 0 {
		return nil
	}
	return &Rivals[V]{said, passed}
}

// Said is a statement.
type Said[V any] struct {
	Value V
	Stamp Stamp
}

// said reports whether there is any statement.
func (r *Register[V]) said() bool { return r.Stamp != Stamp{} }

// say folds a statement in, and reports whether that changed anything. Two copies
// of one statement, without a place to tell them apart, may differ all the same if
// a shop gives an id twice: then the greater one counts.
func (r *Register[V]) say(v V, s Stamp, compare func(a, b V) int) bool {
	switch {
	case !r.said() || s.At > r.Stamp.At:
		*r = Register[V]{Value: v, Stamp: s}
		return true
	case s.At < r.Stamp.At:
		return false
	}
	if _, passed := slices.BinarySearch(r.passed(), s.Tie); passed {
		return false
	}
	all := r.all()
	i := slices.IndexFunc(all, func(o Said[V]) bool { return o.Stamp.Same(s) })
	if i >= 0 {
		old := all[i]
		if cmp.Or(cmp.Compare(s.Place, old.Stamp.Place), compare(old.Value, v)) >= 0 {
			return false
		}
		all = slices.Delete(all, i, i+1)
	}
	i, _ = slices.BinarySearchFunc(all, s, func(o Said[V], s Stamp) int { return s.Compare(o.Stamp) })
	all = slices.Insert(all, i, Said[V]{v, s})
	n := min(len(all), MaxRivals)
	changed := false
	for _, o := range all[n:] {
		changed = r.pass(o.Stamp.Tie)
	}
	if i == n {
		return changed
	}
	r.Value, r.Stamp, r.Rivals = all[0].Value, all[0].Stamp, rivals(all[1:n:n], r.passed())
	return true
}

// pass remembers a statement that is not kept, and reports whether it did.
func (r *Register[V]) pass(tie uint32) bool {
	passed := r.passed()
	i, found := slices.BinarySearch(passed, tie)
	full := len(passed) == MaxPassed
	if found || full && i == 0 {
		return false
	}
	all := slices.Concat(passed[:i], []uint32{tie}, passed[i:])
	if full {
		all = all[1:] // the lowest hash, so that the order in which they come does not matter
	}
	r.Rivals = rivals(r.others(), all)
	return true
}

// all returns the statements, the latest first, in a slice of their own.
func (r *Register[V]) all() []Said[V] {
	if !r.said() {
		return nil
	}
	return append([]Said[V]{{r.Value, r.Stamp}}, r.others()...)
}

// others returns the statements that do not show.
func (r *Register[V]) others() []Said[V] {
	if r.Rivals == nil {
		return nil
	}
	return r.Rivals.Said
}

func (r *Register[V]) passed() []uint32 {
	if r.Rivals == nil {
		return nil
	}
	return r.Rivals.Passed
}

// join folds in all that another register keeps.
func (r *Register[V]) join(from Register[V], compare func(a, b V) int) bool {
	changed := false
	for _, o := range from.all() {
		changed = r.say(o.Value, o.Stamp, compare) || changed
	}
	if from.Stamp.At != r.Stamp.At {
		return changed
	}
	for _, tie := range from.passed() {
		if !slices.ContainsFunc(r.all(), func(o Said[V]) bool { return o.Stamp.Tie == tie }) {
			changed = r.pass(tie) || changed
		}
	}
	return changed
}

// erase forgets what was said up to s.
func (r *Register[V]) erase(s Stamp) {
	if r.Stamp.At <= s.At {
		*r = Register[V]{}
	}
}

// Text is a field of which the latest statement counts.
type Text struct{ Register[string] }

// set folds v in. An empty v says nothing.
func (t *Text) set(v string, s Stamp) bool { return v != "" && t.say(v, s, strings.Compare) }
