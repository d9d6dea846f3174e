package timeline

import (
	"context"
	"errors"
	"sync"

	"homing/events"
	"homing/pkg/customer"
)

// Newest returns the last entry of each of some types, in any store. What cannot be
// read is told and left out.
func (t *Timeline) Newest(ctx context.Context, of []events.Type) ([]customer.Entry, error) {
	found := make([]*customer.Entry, len(of))
	errs := make([]error, len(of))
	var wg sync.WaitGroup
	for i, x := range of {
		wg.Go(func() { found[i], errs[i] = t.newest(ctx, "*", x) })
	}
	wg.Wait()
	var out []customer.Entry
	for _, e := range found {
		if e != nil {
			out = append(out, *e)
		}
	}
	return out, errors.Join(errs...)
}

// NewestIn returns the last entry of a type in a store; nil: there is none, or it cannot
// be read, which is told.
func (t *Timeline) NewestIn(ctx context.Context, store string, of events.Type) (*customer.Entry, error) {
	return t.newest(ctx, store, of)
}

func (t *Timeline) newest(ctx context.Context, store string, of events.Type) (*customer.Entry, error) {
	var last *customer.Entry
	for p := range t.split.Count() {
		e, err := t.newestOn(ctx, p, OfType(store, of))
		if err != nil {
			return nil, err
		}
		if e != nil && (last == nil || customer.CompareEntries(*e, *last) > 0) {
			last = e
		}
	}
	return last, nil
}

// newestOn returns the last entry of a subject in a partition; nil: there is none, or it
// cannot be read.
func (t *Timeline) newestOn(ctx context.Context, p int, subject string) (*customer.Entry, error) {
	got, err := t.lastOf(ctx, p, subject)
	if err != nil || got == nil {
		return nil, err
	}
	e, _ := t.entry(t.split.Position(p, got.Sequence), got.Time, got.Subject, got.Header, got.Data)
	return e, nil
}
