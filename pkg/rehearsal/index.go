package rehearsal

import (
	"context"
	"slices"

	"homing/pkg/customer"
	"homing/pkg/projection"
)

// index says which customers of a shard a date concerns. What a record is found under
// may be out of date; who reads it looks.
type index struct {
	born    map[int][]*record   // by day of the year
	ordered map[int64][]*record // by week of the last order
}

func newIndex() index { return index{born: map[int][]*record{}, ordered: map[int64][]*record{}} }

const weekHours = 7 * 24

// settle brings the index up to date.
func (p *people) settle() {
	for _, r := range p.moved {
		was := r.place
		r.place, r.moved = customer.PlaceOf(&r.Customer), false
		if is := r.place; is.Birthday != was.Birthday {
			if r.told = 0; is.Birthday != 0 {
				p.index.born[is.Birthday] = append(p.index.born[is.Birthday], r)
			}
		}
		if is := r.place; is.Last != was.Last || is.Orders != was.Orders {
			r.quiet = false
			if week := is.Last / weekHours; is.Last != 0 && (was.Last == 0 || week != was.Last/weekHours) {
				p.index.ordered[week] = append(p.index.ordered[week], r)
			}
		}
	}
	p.moved = p.moved[:0]
}

// calendarPeople are the customers of all shards, as the calendar sees them.
type calendarPeople struct{ *engine }

// Birthdays implements calendar.Customers.
func (c calendarPeople) Birthdays(_ context.Context, store string, buckets []uint8, days []int) ([]projection.Placed, error) {
	return c.placed(store, buckets, func(p *people, found func(*record, projection.Placed)) {
		for _, day := range days {
			for _, r := range p.index.born[day] {
				if r.place.Birthday == day {
					found(r, projection.Placed{Place: customer.Place{Birthday: day}, Told: r.told})
				}
			}
		}
	}), nil
}

// Lapsing implements calendar.Customers.
func (c calendarPeople) Lapsing(_ context.Context, q projection.LapseQuery) ([]projection.Placed, error) {
	soonest := q.To.Add(-q.Soonest).Unix() / 3600 // nobody lapses sooner after the last order
	return c.placed(q.Store, q.Buckets, func(p *people, found func(*record, projection.Placed)) {
		for week, all := range p.index.ordered {
			if week*weekHours > soonest {
				continue
			}
			p.index.ordered[week] = slices.DeleteFunc(all, func(r *record) bool { return r.place.Last/weekHours != week })
			for _, r := range p.index.ordered[week] {
				if !r.quiet && q.Concerns(r.place) {
					found(r, projection.Placed{Place: customer.Place{Last: r.place.Last, Orders: r.place.Orders}})
				}
			}
		}
	}), nil
}

// placed gathers what a look into the shards' indexes finds, in the order of the keys.
func (c calendarPeople) placed(store string, buckets []uint8, look func(*people, func(*record, projection.Placed))) []projection.Placed {
	var asked [customer.Buckets]bool
	for _, b := range buckets {
		asked[b] = true
	}
	var out []projection.Placed
	for _, s := range c.shards {
		s.people.settle()
		look(s.people, func(r *record, p projection.Placed) {
			if r.Key.Store == store && asked[r.Key.Bucket] {
				p.Key = r.Key
				out = append(out, p)
			}
		})
	}
	slices.SortFunc(out, func(a, b projection.Placed) int { return customer.CompareKeys(a.Key, b.Key) })
	return slices.CompactFunc(out, func(a, b projection.Placed) bool { return a.Key == b.Key })
}

// Tell implements calendar.Customers.
func (c calendarPeople) Tell(_ context.Context, ps []projection.Placed) error {
	for _, p := range ps {
		if r := c.record(p.Key); r != nil && r.place.Birthday == p.Place.Birthday {
			r.told = p.Told
		}
	}
	return nil
}

// Forget implements calendar.Customers.
func (c calendarPeople) Forget(_ context.Context, ps []projection.Placed) error {
	for _, p := range ps {
		if r := c.record(p.Key); r != nil && p.Place.Birthday == 0 && r.place.Last == p.Place.Last && r.place.Orders == p.Place.Orders {
			r.quiet = true
		}
	}
	return nil
}

// Read implements calendar.People.
func (c calendarPeople) Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error) {
	out := make([]customer.Person, 0, len(asks))
	for _, a := range asks {
		one, err := c.shardOf(a.Key).people.Read(ctx, []customer.Ask{a}, near...)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

func (e *engine) record(k customer.Key) *record { return e.shardOf(k).people.records[k] }
