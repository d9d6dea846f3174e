package customer

import "encoding/binary"

// moreSeen is set where an order is not just one that was placed once.
const moreSeen = 0x80

// appendSeen writes hash, flags, and unless it is erased, when it was first told;
// with moreSeen also its age and what was told last.
func appendSeen(b []byte, seen []SeenOrder) []byte {
	for _, s := range seen {
		more := s.Age != s.First || s.Last != [4]int64{s.First}
		b = append(putUint48(b, s.Hash), s.Flags)
		switch {
		case s.erased():
		case !more:
			b = binary.AppendVarint(b, s.First)
		default:
			b[len(b)-1] |= moreSeen
			b = binary.AppendVarint(binary.AppendVarint(b, s.First), s.Age)
			for _, at := range s.Last {
				b = binary.AppendVarint(b, at)
			}
		}
	}
	return b
}

func (r *reader) seen() []SeenOrder {
	out := make([]SeenOrder, 0, len(r.rest)/seenBytes+1)
	for r.rest != "" && !r.bad {
		head := r.bytes(seenBytes)
		if r.bad {
			break
		}
		s := SeenOrder{Hash: uint48(view(head)), Flags: head[6] &^ moreSeen}
		if !s.erased() {
			s.First = r.varint()
			s.Age, s.Last[0] = s.First, s.First
		}
		if head[6]&moreSeen != 0 {
			s.Age = r.varint()
			for i := range s.Last {
				s.Last[i] = r.varint()
			}
		}
		out = append(out, s)
	}
	return out
}
