package customer

import "encoding/binary"

// How an order is written: what it has, its id, and then of that only which there
// is. Most orders were told once, and no more.
const (
	hasTold    = 1 << iota // place of its stamp, cart, lines, extras
	hasCart                // its cart
	hasExtras              // see appendExtras
	hasAge                 // how long before it was told last it was told first
	hasFirst               // how long before that something was told about it
	hasRivals              // count; as hasTold each, with cart and extras; count of Passed, and these
	hasMarks               // count; kind, place of its stamp each. Else: it was placed when it was told last
	hasParcels             // count; kind, product, first, last each
	hasParts               // Past, count; see appendParts
	hasTaken               // Taken
	isTest
	isBrief
	hasBrought // how long after that something was told about it
)

func appendOrders(b []byte, os []Order, t stamps, home string) []byte {
	b = binary.AppendUvarint(b, uint64(len(os)))
	for i := range os {
		b = appendOrder(b, &os[i], t, home)
	}
	return b
}

// appendOrder writes an order. Which address came with it is written where it isn't the
// account's, home, or where none did.
func appendOrder(b []byte, o *Order, t stamps, home string) []byte {
	if o.Brief {
		home = ""
	}
	has := o.has(home)
	b = appendString(binary.AppendUvarint(b, has), o.ID)
	if has&hasTold != 0 {
		b = appendContent(t.place(b, o.Told), &o.Content, has, home)
	}
	if has&hasAge != 0 {
		b = binary.AppendVarint(b, o.Told.At-o.Age)
	}
	if has&hasFirst != 0 {
		b = binary.AppendVarint(b, o.Age-o.First)
	}
	if has&hasRivals != 0 {
		b = binary.AppendUvarint(b, uint64(len(o.Rivals.Said)))
		for i := range o.Rivals.Said {
			b = appendContent(t.place(b, o.Rivals.Said[i].Stamp), &o.Rivals.Said[i].Value, hasCart|hasExtras, home)
		}
		b = binary.AppendUvarint(b, uint64(len(o.Rivals.Passed)))
		for _, tie := range o.Rivals.Passed {
			b = binary.BigEndian.AppendUint32(b, tie)
		}
	}
	if has&hasMarks != 0 {
		b = binary.AppendUvarint(b, uint64(len(o.Marks)))
		for _, m := range o.Marks {
			b = t.place(append(b, byte(m.Kind)), m.Stamp)
		}
	}
	if has&hasParcels != 0 {
		b = binary.AppendUvarint(b, uint64(len(o.Parcels)))
		for _, p := range o.Parcels {
			b = o.appendProduct(append(b, byte(p.Kind)), p.Product)
			b = binary.AppendVarint(binary.AppendVarint(b, p.First-o.First), p.Last-p.First)
		}
	}
	if has&hasParts != 0 {
		b = appendParts(b, o, t)
	}
	if has&hasTaken != 0 {
		b = append(b, o.Taken)
	}
	if has&hasBrought != 0 {
		b = binary.AppendVarint(b, o.Brought-o.First)
	}
	return b
}

func appendContent(b []byte, c *Content, has uint64, home string) []byte {
	if has&hasCart != 0 {
		b = appendString(b, c.CartID)
	}
	if b = appendLines(b, c.Lines); has&hasExtras != 0 {
		b = appendExtras(b, c, home)
	}
	return b
}

// has returns which of the order is written.
func (o *Order) has(home string) (has uint64) {
	if o.Age != 0 {
		has = hasTold
		if o.Age != o.Told.At {
			has |= hasAge
		}
	}
	if o.Age != o.First {
		has |= hasFirst
	}
	if o.CartID != "" {
		has |= hasCart
	}
	if o.extras(home) {
		has |= hasExtras
	}
	if !o.once() {
		has |= hasMarks
	}
	if len(o.Parcels) > 0 {
		has |= hasParcels
	}
	return has | o.hasMore()
}

// hasMore returns which there is of what few orders have.
func (o *Order) hasMore() (has uint64) {
	if o.Rivals != nil {
		has |= hasRivals
	}
	if len(o.Parts) > 0 || o.Past != 0 {
		has |= hasParts
	}
	if o.Taken != 0 {
		has |= hasTaken
	}
	if o.Test {
		has |= isTest
	}
	if o.Brief {
		has |= isBrief
	}
	if o.Brought != 0 {
		has |= hasBrought
	}
	return has
}

// once reports whether all that is known about the whole order is that it was placed.
func (o *Order) once() bool { return len(o.Marks) == 1 && o.Marks[0] == Mark{Placed, o.Told} }

// stamps adds every stamp that is written by its place.
func (o *Order) stamps(t stamps) stamps {
	if o.Age != 0 {
		t = t.add(o.Told)
	}
	if o.Rivals != nil {
		for i := range o.Rivals.Said {
			t = t.add(o.Rivals.Said[i].Stamp)
		}
	}
	if !o.once() {
		for _, m := range o.Marks {
			t = t.add(m.Stamp)
		}
	}
	for i := range o.Parts {
		t = t.add(o.Parts[i].Stamp)
	}
	return t
}

func (r *reader) orders(t stamps) []Order {
	n := r.count(3)
	out, marks := make([]Order, n, n+1), make([]Mark, n) // room for the event that is about to be folded in
	r.room = make([]Line, 0, min(4*n, len(r.rest)/3))
	for i := range out {
		out[i].Marks = marks[i : i+1 : i+1]
		r.order(&out[i], t)
	}
	return out
}

func (r *reader) order(o *Order, t stamps) {
	has := r.uvarint()
	o.ID = r.string()
	if has&hasTold != 0 {
		o.Told = r.at(t)
		r.content(&o.Content, has)
		o.Age = o.Told.At
	}
	if has&hasAge != 0 {
		o.Age -= r.varint()
	}
	if o.First = o.Age; has&hasFirst != 0 {
		o.First -= r.varint()
	}
	if has&hasRivals != 0 {
		o.Rivals = &Rivals[Content]{Said: make([]Said[Content], r.count(4))}
		for i := range o.Rivals.Said {
			o.Rivals.Said[i].Stamp = r.at(t)
			r.content(&o.Rivals.Said[i].Value, hasCart|hasExtras)
		}
		for range r.count(4) {
			if s := r.bytes(4); s != "" {
				o.Rivals.Passed = append(o.Rivals.Passed, binary.BigEndian.Uint32(view(s)))
			}
		}
	}
	if has&hasMarks == 0 {
		o.Marks[0] = Mark{Placed, o.Told}
	} else {
		o.Marks = make([]Mark, r.count(2))
		for i := range o.Marks {
			o.Marks[i] = Mark{Kind(r.byte()), r.at(t)}
		}
	}
	if has&hasParcels != 0 {
		o.Parcels = make([]Parcel, r.count(4))
		for i := range o.Parcels {
			p := Parcel{Kind: Kind(r.byte()), Product: r.product(o), First: o.First + r.varint()}
			p.Last = p.First + r.varint()
			o.Parcels[i] = p
		}
	}
	if has&hasParts != 0 {
		r.parts(o, t)
	}
	if has&hasTaken != 0 {
		o.Taken = r.byte()
	}
	if has&hasBrought != 0 {
		o.Brought = o.First + r.varint()
	}
	o.Test, o.Brief = has&isTest != 0, has&isBrief != 0
}

func (r *reader) content(c *Content, has uint64) {
	c.To = notWritten
	if has&hasCart != 0 {
		c.CartID = r.string()
	}
	if c.Lines = r.lines(); has&hasExtras != 0 {
		r.extras(c)
	}
}

// appendProduct writes a product as the place of a line of it, counted from 1, or
// 0 and its id.
func (o *Order) appendProduct(b []byte, product string) []byte {
	for i, l := range o.Lines {
		if l.Product == product {
			return binary.AppendUvarint(b, uint64(i+1))
		}
	}
	return appendString(append(b, 0), product)
}

func (r *reader) product(o *Order) string {
	i := r.uvarint()
	switch {
	case i == 0:
		return r.string()
	case i > uint64(len(o.Lines)):
		r.bad = true
		return ""
	}
	return o.Lines[i-1].Product
}

// appendParts writes the statements about pieces: whether they are known by their
// event, which their stamp tells, kind, stamp, and what they took.
func appendParts(b []byte, o *Order, t stamps) []byte {
	b = binary.AppendUvarint(binary.AppendUvarint(b, o.Past), uint64(len(o.Parts)))
	for _, p := range o.Parts {
		if own := p.Key != eventKey(p.Stamp); own {
			b = putUint48(append(b, byte(p.Kind)|ownKey), p.Key)
		} else {
			b = append(b, byte(p.Kind))
		}
		b = binary.AppendUvarint(t.place(b, p.Stamp), uint64(len(p.Lines)))
		for _, l := range p.Lines {
			b = binary.AppendUvarint(o.appendProduct(b, l.Product), uint64(l.Quantity))
		}
	}
	return b
}

const ownKey = 0x80

func (r *reader) parts(o *Order, t stamps) {
	o.Past = r.uvarint()
	o.Parts = make([]Part, r.count(3))
	for i := range o.Parts {
		p := &o.Parts[i]
		k := r.byte()
		if k&ownKey != 0 {
			if s := r.bytes(6); s != "" {
				p.Key = uint48(view(s))
			}
		}
		p.Kind, p.Stamp = Kind(k&^ownKey), r.at(t)
		if k&ownKey == 0 {
			p.Key = eventKey(p.Stamp)
		}
		if n := r.count(2); n > 0 {
			p.Lines = make([]Line, n)
			for j := range p.Lines {
				p.Lines[j] = Line{Product: r.product(o), Quantity: int(r.uvarint())}
			}
		}
	}
}
