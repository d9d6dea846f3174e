package customer

import "hash/fnv"

// Lot returns a number that an id draws, always the same: of a store with too many customers
// to look at all, those up to some number are looked at.
func Lot(id string) uint32 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd // FNV's low bits are not random enough to be compared
	return uint32(x >> 32)
}
