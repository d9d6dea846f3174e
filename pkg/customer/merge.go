package customer

import (
	"cmp"
	"slices"

	"homing/events"
)

// Absorbed is an id that a customer goes on for, since it turned out to be the same
// person. The record of that id says so, too: Merged.
type Absorbed struct {
	ID string
	At int64 // ms: when that was said last
}

// MaxAbsorbed is how many ids are remembered that a customer goes on for.
const MaxAbsorbed = 50

// absorbs folds that the customer goes on for another id.
func (c *Customer) absorbs(d *events.CustomerMerged, s Stamp) bool {
	return c.absorb(Absorbed{d.From, s.At})
}

// Absorbs reports whether it is known that the customer goes on for an id, by what was
// said then or later.
func (c *Customer) Absorbs(id string, s Stamp) bool {
	return slices.ContainsFunc(c.Absorbed, func(a Absorbed) bool { return a.ID == id && a.At >= s.At })
}

// becomes folds, into the record of the id that is no longer used, which one goes on.
func (c *Customer) becomes(d *events.PersonMerged, s Stamp) bool {
	return !(c.Erased.At != 0 && s.At <= c.Erased.At) && c.Merged.set(d.Into, s)
}

func (c *Customer) absorb(a Absorbed) bool {
	i, found := slices.BinarySearchFunc(c.Absorbed, a.ID, func(x Absorbed, id string) int { return cmp.Compare(x.ID, id) })
	switch {
	case found && c.Absorbed[i].At >= a.At:
		return false
	case found:
		c.Absorbed[i].At = a.At
		return true
	case len(c.Absorbed) >= MaxAbsorbed:
		return false
	}
	c.Absorbed = slices.Insert(c.Absorbed, i, a)
	return true
}

// GoesOn lists the ids from one to that which the shop goes on with, each merged into
// the next. Where merges form a ring, the shop goes on with the id that it named last.
func GoesOn(k Key, merged func(Key) (into Key, s Stamp, ok bool)) []Key {
	var way []Key
	var said []Stamp // when each was merged into the next
	for {
		way = append(way, k)
		into, s, ok := merged(k)
		if !ok {
			return way
		}
		said = append(said, s)
		if i := slices.Index(way, into); i >= 0 {
			return append(way[:i:i], endOfRing(way[i:], said[i:])...)
		}
		k = into
	}
}

// endOfRing has a ring of merges end with the id that was named last.
func endOfRing(ring []Key, said []Stamp) []Key {
	last := 0
	for i, s := range said {
		if s.After(said[last]) {
			last = i
		}
	}
	end := (last + 1) % len(ring)
	return slices.Concat(ring[end+1:], ring[:end+1])
}
