package customer

import (
	"cmp"
	"slices"
	"strings"
)

// MaxRivals is how many statements of the latest time a register keeps, the one
// that shows included.
const MaxRivals = 4

// Register keeps what was said last about one thing: the statement of the latest
// time and, of those of one time, the one that was made last; see Stamp.
//
// Which that is may turn out late. Of a statement that comes twice the copy with
// the lower place counts, and the copies come in any order: the one that shows may
// fall behind another of its time. So all statements of the latest time are kept,
// each once. Nearly always that is one.
//
// Of more than MaxRivals statements of one time the last ones are kept. One that
// was pushed out is not known any more when a copy of it comes with a higher place.
type Register[V any] struct {
	Value  V
	Stamp  Stamp
	Rivals []Said[V] // the other statements of the same time, the latest first
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
	if i == MaxRivals {
		return false
	}
	r.keep(slices.Insert(all, i, Said[V]{v, s}))
	return true
}

// all returns the statements, the latest first, in a slice of their own.
func (r *Register[V]) all() []Said[V] {
	if !r.said() {
		return nil
	}
	return append([]Said[V]{{r.Value, r.Stamp}}, r.Rivals...)
}

// keep has statements of one time, of which there is one at least, the latest first.
func (r *Register[V]) keep(all []Said[V]) {
	*r = Register[V]{Value: all[0].Value, Stamp: all[0].Stamp}
	if rivals := all[1:min(len(all), MaxRivals)]; len(rivals) > 0 {
		r.Rivals = rivals
	}
}

// join folds in all that another register keeps.
func (r *Register[V]) join(from Register[V], compare func(a, b V) int) bool {
	changed := false
	for _, o := range from.all() {
		changed = r.say(o.Value, o.Stamp, compare) || changed
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
