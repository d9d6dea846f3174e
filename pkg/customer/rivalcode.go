package customer

import (
	"cmp"
	"encoding/binary"
)

// The rivals of registers are a section of their own, as hardly any customer has
// some. Of each register that does: which one, how many rivals and each with its
// stamp, and how many were passed and their hashes. A text that is the one that
// shows is left out: a shop that gives all it says one time mostly says the same.
const (
	rivalsOfCart = iota
	rivalsOfLeft
	rivalsOfTexts // and on, in the order of Customer.texts
)

// rivals reports whether more than one statement is kept of anything.
func (c *Customer) rivals() bool {
	for _, f := range c.texts() {
		if f.Rivals != nil {
			return true
		}
	}
	return c.Cart.Rivals != nil || c.Left.Rivals != nil
}

func appendRivals(b []byte, c *Customer, t stamps) []byte {
	b = rivalsOf(b, rivalsOfCart, &c.Cart, t.cart)
	b = rivalsOf(b, rivalsOfLeft, &c.Left, t.cart)
	for i, f := range c.texts() {
		b = rivalsOf(b, rivalsOfTexts+i, &f.Register, func(b []byte, v string, s Stamp) []byte {
			if v == f.Value {
				v = ""
			}
			return t.place(appendString(b, v), s)
		})
	}
	return b
}

func rivalsOf[V any](b []byte, which int, r *Register[V], one func([]byte, V, Stamp) []byte) []byte {
	if r.Rivals == nil {
		return b
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(which)), uint64(len(r.Rivals.Said)))
	for _, o := range r.Rivals.Said {
		b = one(b, o.Value, o.Stamp)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Rivals.Passed)))
	for _, tie := range r.Rivals.Passed {
		b = binary.BigEndian.AppendUint32(b, tie)
	}
	return b
}

// cart writes what was said of a cart.
func (t stamps) cart(b []byte, k Cart, s Stamp) []byte {
	return appendLines(t.place(appendString(b, k.ID), s), k.Lines)
}

func (r *reader) rivals(c *Customer, t stamps) {
	texts := c.texts()
	for r.rest != "" && !r.bad {
		which := r.uvarint()
		switch {
		case which == rivalsOfCart:
			readRivals(r, t, &c.Cart, r.cart)
		case which == rivalsOfLeft:
			readRivals(r, t, &c.Left, r.cart)
		case which-rivalsOfTexts < uint64(len(texts)):
			f := texts[which-rivalsOfTexts]
			readRivals(r, t, &f.Register, func(t stamps) (string, Stamp) { return cmp.Or(r.string(), f.Value), r.at(t) })
		default:
			r.bad = true
		}
	}
}

func readRivals[V any](r *reader, t stamps, into *Register[V], one func(stamps) (V, Stamp)) {
	said := make([]Said[V], r.count(2))
	for i := range said {
		said[i].Value, said[i].Stamp = one(t)
	}
	var passed []uint32
	for range r.count(4) {
		if s := r.bytes(4); s != "" {
			passed = append(passed, binary.BigEndian.Uint32(view(s)))
		}
	}
	into.Rivals = rivals(said, passed)
}

func (r *reader) cart(t stamps) (k Cart, s Stamp) {
	k.ID = r.string()
	s = r.at(t)
	k.Lines = r.lines()
	return k, s
}
