package product

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
)

// sample keeps up to limit intervals of however many, eight bytes each: those
// whose draw is lowest. Draws are hashes of who and what, not chance, so that
// the sample does not depend on the order in which customers come, and the same
// customers give the same median. Up to limit it is exact.
type sample struct {
	kept []drawn // a heap with the highest draw on top, once it is full
	seen int
}

type drawn struct {
	draw uint32
	days float32
}

func byDraw(a, b drawn) int {
	return cmp.Or(cmp.Compare(a.draw, b.draw), cmp.Compare(a.days, b.days))
}

func (s *sample) add(d drawn, limit int) {
	s.seen++
	if len(s.kept) < limit {
		s.kept = append(s.kept, d)
		if len(s.kept) == limit {
			slices.SortFunc(s.kept, func(a, b drawn) int { return byDraw(b, a) }) // descending is a heap
		}
		return
	}
	if byDraw(d, s.kept[0]) >= 0 {
		return
	}
	s.kept[0] = d
	for i := 0; ; {
		top := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(s.kept) && byDraw(s.kept[child], s.kept[top]) > 0 {
				top = child
			}
		}
		if top == i {
			return
		}
		s.kept[i], s.kept[top] = s.kept[top], s.kept[i]
		i = top
	}
}

func (s *sample) median() float64 {
	xs := make([]float64, len(s.kept))
	for i, d := range s.kept {
		xs[i] = float64(d.days)
	}
	return Median(xs)
}

// draw returns the hash by which an interval is drawn.
func draw(customer, product string, n int) uint32 {
	h := fnv.New64a()
	h.Write([]byte(customer))
	h.Write([]byte{0})
	h.Write([]byte(product))
	h.Write(binary.AppendUvarint([]byte{0}, uint64(n)))
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd // FNV's low bits are not random enough to be compared
	x ^= x >> 33
	return uint32(x >> 16)
}
