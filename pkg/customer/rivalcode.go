package customer

import "encoding/binary"

// The rivals of registers are a section of their own, as hardly any customer has
// some. Of each register that does: which one, how many, and each with its stamp.
const (
	rivalsOfCart = iota
	rivalsOfLeft
	rivalsOfTexts // and on, in the order of Customer.texts
)

// rivals reports whether more than one statement is kept of anything.
func (c *Customer) rivals() bool {
	for _, f := range c.texts() {
		if len(f.Rivals) > 0 {
			return true
		}
	}
	return len(c.Cart.Rivals) > 0 || len(c.Left.Rivals) > 0
}

func appendRivals(b []byte, c *Customer, t stamps) []byte {
	b = rivalsOf(b, rivalsOfCart, c.Cart.Rivals, t.cart)
	b = rivalsOf(b, rivalsOfLeft, c.Left.Rivals, t.cart)
	for i, f := range c.texts() {
		b = rivalsOf(b, rivalsOfTexts+i, f.Rivals, func(b []byte, v string, s Stamp) []byte { return t.place(appendString(b, v), s) })
	}
	return b
}

func rivalsOf[V any](b []byte, which int, rivals []Said[V], one func([]byte, V, Stamp) []byte) []byte {
	if len(rivals) == 0 {
		return b
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(which)), uint64(len(rivals)))
	for _, o := range rivals {
		b = one(b, o.Value, o.Stamp)
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
			c.Cart.Rivals = readRivals(r, t, r.cart)
		case which == rivalsOfLeft:
			c.Left.Rivals = readRivals(r, t, r.cart)
		case which-rivalsOfTexts < uint64(len(texts)):
			texts[which-rivalsOfTexts].Rivals = readRivals(r, t, func(t stamps) (string, Stamp) { return r.string(), r.at(t) })
		default:
			r.bad = true
		}
	}
}

func readRivals[V any](r *reader, t stamps, one func(stamps) (V, Stamp)) []Said[V] {
	out := make([]Said[V], r.count(2))
	for i := range out {
		out[i].Value, out[i].Stamp = one(t)
	}
	return out
}

func (r *reader) cart(t stamps) (k Cart, s Stamp) {
	k.ID = r.string()
	s = r.at(t)
	k.Lines = r.lines()
	return k, s
}
