package customer

import (
	"encoding/binary"
	"slices"
)

// stamps is the table of all stamps of one customer, ascending.
type stamps []Stamp

func newStamps(c *Customer) stamps {
	t := make(stamps, 0, 8)
	for _, f := range c.texts() {
		t = addStamps(t, &f.Register)
	}
	for _, os := range [][]Order{c.Orders, c.Untold} {
		for i := range os {
			t = os[i].stamps(t)
		}
	}
	t = addStamps(t, &c.Cart)
	return addStamps(t, &c.Left)
}

func addStamps[V any](t stamps, r *Register[V]) stamps {
	if !r.said() {
		return t
	}
	t = t.add(r.Stamp)
	for _, o := range r.others() {
		t = t.add(o.Stamp)
	}
	return t
}

func (t stamps) add(s Stamp) stamps {
	i, ok := slices.BinarySearchFunc(t, s, Stamp.Compare)
	if ok {
		return t
	}
	return slices.Insert(t, i, s)
}

func (t stamps) place(b []byte, s Stamp) []byte {
	i, _ := slices.BinarySearchFunc(t, s, Stamp.Compare)
	return binary.AppendUvarint(b, uint64(i))
}

func (t stamps) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(t)))
	var before int64
	for _, s := range t {
		b = binary.BigEndian.AppendUint32(binary.AppendVarint(b, s.At-before), s.Tie)
		before = s.At
	}
	return b
}

// placed reports whether any stamp has a place.
func (t stamps) placed() bool {
	return slices.ContainsFunc(t, func(s Stamp) bool { return s.Place != 0 })
}

// appendPlaces writes the place of each stamp, less the one before: 0 for none,
// else one more than the zigzag of that. Events come a while apart and time goes
// with the stream, so that these numbers are smaller than the places. They are a
// section of their own because records from before there were places have none.
func (t stamps) appendPlaces(b []byte) []byte {
	var before uint64
	for _, s := range t {
		if s.Place == 0 {
			b = append(b, 0)
			continue
		}
		d := int64(s.Place - before)
		b = binary.AppendUvarint(b, 1+uint64(d<<1^d>>63))
		before = s.Place
	}
	return b
}

func (r *reader) stamps() stamps {
	t := make(stamps, r.count(5))
	var at int64
	for i := range t {
		at += r.varint()
		t[i].At = at
		if s := r.bytes(4); s != "" {
			t[i].Tie = binary.BigEndian.Uint32(view(s))
		}
	}
	return t
}

func (r *reader) places(t stamps) {
	var before uint64
	for i := range t {
		if x := r.uvarint(); x != 0 {
			x--
			before += uint64(int64(x>>1) ^ -int64(x&1))
			t[i].Place = before
		}
	}
}

// at reads the place of a stamp.
func (r *reader) at(t stamps) Stamp {
	i := r.uvarint()
	if i >= uint64(len(t)) {
		r.bad = true
		return Stamp{}
	}
	return t[i]
}
