package customer

import (
	"encoding/binary"
	"slices"
)

// What a record says of a subscription, apart from its id and when it was last spoken of.
const (
	saysActive = 1 << iota
	saysPaused
	saysCancelled
	saysRenews
	saysDays
	saysProducts
	saysUnpaid
)

// appendSubscriptions writes, for each, its id, what is said of it, the latest time, and
// how long before that each thing was said, with its value after it.
func appendSubscriptions(b []byte, all []Subscription) []byte {
	for i := range all {
		s := &all[i]
		latest := s.latest()
		b = append(appendString(b, s.ID), s.says())
		b = binary.AppendVarint(b, latest)
		before := func(at int64) { b = binary.AppendUvarint(b, uint64(latest-at)) }
		if s.Active != 0 {
			before(s.Active)
		}
		if s.Paused != 0 {
			before(s.Paused)
		}
		if s.Cancelled != 0 {
			before(s.Cancelled)
			b = append(b, s.Why)
			ends := int64(0) // nearly always: none
			if s.Ends != 0 {
				ends = s.Ends - latest
				ends = ends<<1 | 1
			}
			b = binary.AppendVarint(b, ends)
		}
		if s.Renews.At != 0 {
			before(s.Renews.At)
			b = binary.AppendVarint(b, s.Renews.Value-latest)
		}
		if s.Days.At != 0 {
			before(s.Days.At)
			b = binary.AppendVarint(b, s.Days.Value)
		}
		if s.Products.At != 0 {
			before(s.Products.At)
			b = binary.AppendUvarint(b, uint64(len(s.Products.Value)))
			for _, p := range s.Products.Value {
				b = putUint48(b, p)
			}
		}
		if len(s.Unpaid) > 0 {
			b = binary.AppendUvarint(b, uint64(len(s.Unpaid)))
			for _, at := range s.Unpaid {
				before(at)
			}
		}
	}
	return b
}

func (s *Subscription) says() (said byte) {
	for i, some := range []bool{s.Active != 0, s.Paused != 0, s.Cancelled != 0, s.Renews.At != 0, s.Days.At != 0, s.Products.At != 0, len(s.Unpaid) > 0} {
		if some {
			said |= 1 << i
		}
	}
	return said
}

func (r *reader) subscriptions() (out []Subscription) {
	for r.rest != "" && !r.bad {
		s := Subscription{ID: r.string()}
		said := r.byte()
		latest := r.varint()
		before := func() int64 { return latest - int64(r.uvarint()) }
		if said&saysActive != 0 {
			s.Active = before()
		}
		if said&saysPaused != 0 {
			s.Paused = before()
		}
		if said&saysCancelled != 0 {
			s.Cancelled, s.Why = before(), r.byte()
			if ends := r.varint(); ends&1 != 0 {
				s.Ends = ends>>1 + latest
			}
		}
		if said&saysRenews != 0 {
			s.Renews.At = before()
			s.Renews.Value = r.varint() + latest
		}
		if said&saysDays != 0 {
			s.Days = Lasting[int64]{before(), r.varint()}
		}
		if said&saysProducts != 0 {
			s.Products.At = before()
			for range r.count(6) {
				if p := r.bytes(6); p != "" {
					s.Products.Value = append(s.Products.Value, uint48(view(p)))
				}
			}
		}
		if said&saysUnpaid != 0 {
			for range r.count(1) {
				s.Unpaid = append(s.Unpaid, before())
			}
			slices.Sort(s.Unpaid)
		}
		out = append(out, s)
	}
	return out
}
