package numbers

import (
	"encoding/binary"
	"slices"
	"strings"

	"homing/pkg/customer"
)

// members are people of a trial, by a part of their tokens, ascending: the differences from
// one to the next. It tells nobody who they are.
type members []byte

// mostMembers bounds a trial: nobody comes to one that has as many, which takes a megabyte
// and a half.
const mostMembers = 1 << 18

// member returns 48 bits of a token.
func member(token string) uint64 {
	b, err := customer.Tokens.DecodeString(strings.ToLower(token))
	if err != nil || len(b) < 6 {
		return 0
	}
	return binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...))
}

func (m members) list() (out []uint64) {
	last := uint64(0)
	for len(m) > 0 {
		d, n := binary.Uvarint(m)
		if n <= 0 {
			return out
		}
		last += d
		out, m = append(out, last), m[n:]
	}
	return out
}

func membersOf(all []uint64) (m members) {
	slices.Sort(all)
	last := uint64(0)
	for _, x := range slices.Compact(all) {
		m = binary.AppendUvarint(m, x-last)
		last = x
	}
	return m
}
