package projection

import (
	"context"
	"errors"
	"slices"

	"homing/pkg/combine"
	"homing/pkg/customer"
)

// ErrContended says that a customer kept being changed by others.
var ErrContended = errors.New("a customer is being changed by too many at once")

// foldTries bounds the rounds of compare-and-set. Each round lost is one that
// another process won.
const foldTries = 20

// Fold applies events to their customers: load, apply, compare-and-set, and
// again for those that others changed in the meantime. It takes two round trips when
// nobody does. Events that change nothing are not written.
// What entries say about who is who is in force before they are, see IntroduceTo, and
// an erasure reaches the others who were the person before it is; see reach.
func (s *Customers) Fold(ctx context.Context, folds []customer.Entry) error {
	if s.introductions == nil || s.refolds || !slices.ContainsFunc(folds, erases) {
		return s.fold(ctx, folds)
	}
	others := slices.DeleteFunc(slices.Clone(folds), erases)
	if err := s.fold(ctx, others); err != nil {
		return err
	}
	for _, e := range folds {
		if erases(e) {
			if err := s.erase(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Customers) fold(ctx context.Context, folds []customer.Entry) error {
	if err := s.Link(ctx, linksOf(folds)); err != nil {
		return err
	}
	w := foldings.Get()
	defer w.free()
	w.group(folds)
	for range foldTries {
		if len(w.todo) == 0 {
			return nil
		}
		if err := w.round(ctx, s, folds); err != nil {
			return err
		}
	}
	return ErrContended
}

// folding is the memory of a fold, which the next one uses again: a batch of intake
// takes some megabytes.
type folding struct {
	index   map[customer.Key]int
	todo    []folded
	next    []int // of each entry, the next one of the same customer; 0: none
	keys    []customer.Key
	loading loading
	changed []*customer.Record
	of      []int // which customer of todo each that changed is
	ok      []bool
	saves   []save
	bodies  []byte
	who     []introduction
	tell    []customer.Entry
	strays  []customer.Ask // whose entries stray; see passOn
}

// folded is a customer of a fold.
type folded struct {
	key         customer.Key
	first, last int // of their entries
}

var foldings = combine.Spare[folding]{New: func() *folding { return &folding{index: map[customer.Key]int{}} }}

// mostKept bounds the customers of a fold whose memory is kept.
const mostKept = 4096

func (w *folding) free() {
	if len(w.loading.records) <= mostKept && cap(w.bodies) <= 1<<10*mostKept {
		clear(w.index)
		clear(w.changed)
		clear(w.saves)
		clear(w.who[:cap(w.who)])
		w.loading.clear()
		foldings.Put(w)
	}
}

// group gathers the entries of each customer. What concerns no customer, such as
// a product or an order of nobody, is folded into none.
func (w *folding) group(folds []customer.Entry) {
	w.todo, w.next = w.todo[:0], append(w.next[:0], make([]int, len(folds))...)
	for n := range folds {
		if !customer.Folds(folds[n].Event.Type) || folds[n].Event.OfNobody() {
			continue
		}
		i, ok := w.index[folds[n].Key]
		if !ok {
			w.index[folds[n].Key] = len(w.todo)
			w.todo = append(w.todo, folded{folds[n].Key, n, n})
			continue
		}
		w.next[w.todo[i].last] = n
		w.todo[i].last = n
	}
}

// round folds what is to be folded, and leaves to do what others changed in the
// meantime.
func (w *folding) round(ctx context.Context, s *Customers, folds []customer.Entry) error {
	w.keys = w.keys[:0]
	for _, g := range w.todo {
		w.keys = append(w.keys, g.key)
	}
	records, err := w.loading.load(ctx, s, w.keys)
	if err != nil {
		return err
	}
	w.changed, w.of = w.changed[:0], w.of[:0]
	w.who, w.tell, w.strays = w.who[:0], nil, nil
	for i, g := range w.todo {
		changed := false
		for n, more := g.first, true; more; n, more = w.next[n], w.next[n] != 0 {
			w.who = s.newcomers(w.who, &records[i].Customer, &folds[n])
			told, tell := customer.ApplyTelling(&records[i].Customer, &folds[n])
			changed, w.tell = told || changed, append(w.tell, tell...)
			if records[i].Customer.Strays(&folds[n]) {
				w.strays = append(w.strays, customer.Ask{Key: folds[n].Key})
			}
		}
		if changed {
			w.changed, w.of = append(w.changed, &records[i]), append(w.of, i)
		}
	}
	tells := s.introductions != nil && !s.refolds
	meetings, err := s.introduce(ctx, w.who)
	if err == nil {
		err = s.reached(ctx, meetings)
	}
	if err == nil && tells {
		err = s.tellOthers(ctx, w.tell) // before the record knows it: who folds again tells again
	}
	if err == nil {
		err = w.save(ctx, s)
	}
	if err == nil {
		err = s.reached(ctx, meetings) // of an erasure at the same moment one of both sees the other
	}
	if err == nil && tells {
		err = s.passOn(ctx, w.strays, meetings)
	}
	if err != nil {
		return err
	}
	lost := w.todo[:0]
	for n, i := range w.of {
		if !w.ok[n] {
			lost = append(lost, w.todo[i])
		}
	}
	w.todo = lost
	return nil
}

// save writes those who changed.
func (w *folding) save(ctx context.Context, s *Customers) error {
	w.ok, w.saves, w.bodies = append(w.ok[:0], make([]bool, len(w.changed))...), w.saves[:0], w.bodies[:0]
	for n, r := range w.changed {
		from := len(w.bodies)
		w.bodies = customer.Append(w.bodies, &r.Customer)
		w.saves = append(w.saves, saveOf(r, &w.ok[n], w.bodies[from:len(w.bodies):len(w.bodies)]))
	}
	return s.saves.Do(ctx, w.saves)
}
