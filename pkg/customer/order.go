package customer

import (
	"cmp"
	"slices"

	"homing/events"
)

// Mark is the newest statement of its kind about a whole order. Of statements of
// one time all are kept, as many as MaxRivals: a copy that comes late may show that one of
// them was made earlier than the others.
type Mark struct {
	Kind  Kind
	Stamp Stamp
}

// Parcel says when something of an order left the shop, or arrived.
type Parcel struct {
	Kind    Kind   // Fulfilled or Delivered
	Product string // empty: the whole order
	First   int64  // ms
	Last    int64  // ms
}

// Part is one statement that pieces of an order were taken.
type Part struct {
	Kind  Kind
	Key   uint64 // what the statement is known by; 0: what is past the bound, joined
	Stamp Stamp
	Lines []Line // by product, each once, all of it where the quantity is 0; none: the whole order
	// Amount is what was paid back for them, in the order's currency; 0: nobody said.
	Amount int64
}

// Limits of what is kept about one order.
const (
	MaxParts     = 32              // statements about pieces that were taken
	maxPartLines = events.MaxItems // of all these
	maxParcels   = events.MaxItems // products that left, and as many that arrived
)

const namedKey = 1 << 47 // set in the key of a statement that has an id of its own

// eventKey is what a statement without an id is known by: its event's source and id.
func eventKey(s Stamp) uint64 { return uint64(s.Tie) + 1 }

// join joins what else is known about the order, and reports whether that changes anything.
func (o *Order) join(d *Order) bool {
	changed := false
	set := func(now bool) { changed = changed || now }
	if d.First < o.First {
		o.First, changed = d.First, true
	}
	if d.Age != 0 && (o.Age == 0 || d.Age < o.Age) {
		o.Age, changed = d.Age, true
	}
	if d.Brought != 0 && (o.Brought == 0 || d.Brought < o.Brought) {
		o.Brought, changed = d.Brought, true
	}
	if d.Test && !o.Test {
		o.Test, changed = true, true
	}
	set(o.say(d))
	if d.Brief && !o.Brief {
		o.shorten()
		changed = true
	}
	if t := o.Taken | d.Taken; t != o.Taken {
		o.Taken, changed = t, true
	}
	for _, m := range d.Marks {
		set(o.mark(m))
	}
	for _, p := range d.Parcels {
		set(o.parcel(p))
	}
	if d.Past != 0 && (o.Past == 0 || d.Past < o.Past) {
		o.Past, changed = d.Past, true
		o.boundParts()
	}
	for _, p := range d.Parts {
		set(o.part(p))
	}
	return changed
}

// say takes over what the order is now, if it was told later.
func (o *Order) say(d *Order) bool {
	now, told := o.register(), d.register()
	if o.Brief {
		forgetValues(&told)
	}
	changed := now.join(told, compareContent)
	o.setRegister(now)
	return changed
}

func (o *Order) setRegister(now Register[Content]) {
	o.Content, o.Told, o.Rivals = now.Value, now.Stamp, now.Rivals
}

// register returns what was told of what the order is.
func (o *Order) register() Register[Content] {
	return Register[Content]{o.Content, o.Told, o.Rivals}
}

// forgetValues forgets what was said, but neither when nor what the order costs.
func forgetValues(r *Register[Content]) {
	said := slices.Clone(r.others())
	for i := range said {
		said[i].Value = Content{Total: said[i].Value.Total}
	}
	r.Value, r.Rivals = Content{Total: r.Value.Total}, rivals(said, r.passed())
}

func compareMarks(a, b Mark) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.Stamp.Compare(b.Stamp))
}

// mark joins a statement about the whole order.
func (o *Order) mark(m Mark) bool {
	rivals := 0
	for i := 0; i < len(o.Marks); i++ {
		switch x := o.Marks[i]; {
		case x.Kind != m.Kind:
		case x.Stamp.At > m.Stamp.At, x == m:
			return false
		case x.Stamp.At < m.Stamp.At, x.Stamp.Same(m.Stamp):
			if x.Stamp.At == m.Stamp.At && x.Stamp.Place < m.Stamp.Place {
				return false // m is a later copy
			}
			o.Marks = slices.Delete(o.Marks, i, i+1)
			i--
		default:
			rivals++
		}
	}
	i, _ := slices.BinarySearchFunc(o.Marks, m, compareMarks)
	if rivals < MaxRivals {
		o.Marks = slices.Insert(o.Marks, i, m)
		return true
	}
	if i == 0 || o.Marks[i-1].Kind != m.Kind {
		return false // before all of them
	}
	oldest := slices.IndexFunc(o.Marks, func(x Mark) bool { return x.Kind == m.Kind })
	o.Marks = slices.Delete(slices.Insert(o.Marks, i, m), oldest, oldest+1)
	return true
}

// last returns the newest statement of a kind about the whole order.
func (o *Order) last(k Kind) (s Stamp) {
	for _, m := range o.Marks {
		if m.Kind == k && m.Stamp.After(s) {
			s = m.Stamp
		}
	}
	for _, p := range o.Parts {
		if p.Kind == k && len(p.Lines) == 0 && p.Stamp.After(s) {
			s = p.Stamp
		}
	}
	return s
}

// parcel joins that something left, or arrived.
func (o *Order) parcel(p Parcel) bool {
	if o.Brief && p.Product != "" {
		return false
	}
	i, ok := slices.BinarySearchFunc(o.Parcels, p, func(a, b Parcel) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Product, b.Product))
	})
	if ok {
		x := &o.Parcels[i]
		was := *x
		x.First, x.Last = min(x.First, p.First), max(x.Last, p.Last)
		return *x != was
	}
	if len(o.Parcels) <= maxParcels {
		o.Parcels = slices.Insert(o.Parcels, i, p)
		return true
	}
	of, last := 0, 0
	for j, x := range o.Parcels {
		if x.Kind == p.Kind {
			of, last = of+1, j
		}
	}
	if of > maxParcels && i > last {
		return false // the whole order and so many products are known; those by the first names stay
	}
	o.Parcels = slices.Insert(o.Parcels, i, p)
	if of > maxParcels {
		o.Parcels = slices.Delete(o.Parcels, last+1, last+2)
	}
	return true
}

func compareParts(a, b Part) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Kind, b.Kind))
}

// part joins one statement about pieces. Told again, it counts once, with what it
// said last.
func (o *Order) part(p Part) bool {
	switch {
	case o.Brief && len(p.Lines) == 0:
		return o.mark(Mark{p.Kind, p.Stamp})
	case o.Brief:
		was := o.Taken
		o.Taken |= 1 << p.Kind
		return o.Taken != was
	case p.Key == 0 || o.Past != 0 && p.Key >= o.Past:
		return o.joinPast(p)
	}
	i, ok := slices.BinarySearchFunc(o.Parts, p, compareParts)
	if ok {
		x := &o.Parts[i]
		// Of two events of one time about one refund the one with more counts, as
		// copies of them come with other places.
		newer := cmp.Or(cmp.Compare(p.Stamp.At, x.Stamp.At), compareLines(p.Lines, x.Lines), cmp.Compare(p.Amount, x.Amount),
			cmp.Compare(p.Stamp.Tie, x.Stamp.Tie), cmp.Compare(x.Stamp.Place, p.Stamp.Place))
		if newer <= 0 {
			return false
		}
		*x = p
	} else {
		o.Parts = slices.Insert(o.Parts, i, p)
	}
	o.boundParts()
	return true
}

// boundParts joins those of the parts that are past the bound: which of them are,
// depends on their keys alone, so that whatever the sequence in which they come,
// the same are.
func (o *Order) boundParts() {
	n, lines, past := 0, 0, len(o.Parts)
	for i, p := range o.Parts {
		if p.Key == 0 {
			continue
		}
		n, lines = n+1, lines+len(p.Lines)
		if n > MaxParts || lines > maxPartLines || o.Past != 0 && p.Key >= o.Past {
			past = i
			break
		}
	}
	if past == len(o.Parts) {
		return
	}
	o.Past = o.Parts[past].Key
	for past > 0 && o.Parts[past-1].Key == o.Past { // of another kind
		past--
	}
	rest := slices.Clone(o.Parts[past:])
	o.Parts = o.Parts[:past]
	for _, p := range rest {
		o.joinPast(p)
	}
}

// joinPast joins what is past the bound: of a product that it names, all pieces
// count as taken, since what was said twice cannot be told any more from what
// happened twice.
func (o *Order) joinPast(p Part) bool {
	p.Key = 0
	ls := slices.Clone(p.Lines)
	for i := range ls {
		ls[i].Quantity = 0
	}
	p.Lines, p.Amount = ls, 0
	i, ok := slices.BinarySearchFunc(o.Parts, p, compareParts)
	if !ok {
		o.Parts = slices.Insert(o.Parts, i, p)
		return true
	}
	x := &o.Parts[i]
	was := *x
	if p.Stamp.After(x.Stamp) {
		x.Stamp = p.Stamp
	}
	if len(x.Lines) > 0 && len(p.Lines) > 0 {
		x.Lines = slices.Clone(x.Lines)
		for _, l := range p.Lines {
			x.Lines = add(x.Lines, l.Product, 0)
		}
	}
	if len(p.Lines) == 0 || len(x.Lines) > maxPartLines {
		x.Lines = nil
	}
	return x.Stamp != was.Stamp || len(x.Lines) != len(was.Lines)
}

// size is how many things are known about the order.
func (o *Order) size() int {
	n := len(o.Lines) + len(o.Parcels)
	for _, p := range o.Parts {
		n += 1 + len(p.Lines)
	}
	return n
}

// shorten forgets the lines of an order and what was told about pieces of it, but
// not that pieces were taken.
func (o *Order) shorten() {
	parts := o.Parts
	now := o.register()
	forgetValues(&now)
	o.setRegister(now)
	o.Brief, o.Parts, o.Past = true, nil, 0
	o.Parcels = slices.DeleteFunc(o.Parcels, func(p Parcel) bool { return p.Product != "" })
	for _, p := range parts {
		o.part(p)
	}
}

// clone is a copy that shares nothing that a join changes.
func (o *Order) clone() Order {
	c := *o
	c.Marks, c.Parcels, c.Parts = slices.Clone(o.Marks), slices.Clone(o.Parcels), slices.Clone(o.Parts)
	return c
}
