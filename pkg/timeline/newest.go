package timeline

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"homing/events"
	"homing/pkg/bus"
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
	subject := "timeline." + store + ".*." + string(of)
	m, err := t.ask(ctx, bus.StoredIn(t.js, bus.Timeline), bus.LastOf(subject))
	if err != nil {
		return nil, fmt.Errorf("last entry of %s: %w", subject, err)
	}
	got, err := bus.ReadStored(m.Data)
	if err != nil || got == nil {
		return nil, err
	}
	e, _ := t.entry(got.Sequence, got.Subject, got.Header, got.Data)
	return e, nil
}
