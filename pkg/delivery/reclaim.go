package delivery

import (
	"context"
	"maps"
	"slices"
	"sync"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"homing/pkg/customer"
)

// held is a claim under which a message may have left, until its outcome is recorded.
type held struct {
	attempt attempt // what it takes to write the claim again
	lease   *lease
	quiet   func() // ends the beats

	mu   sync.Mutex
	gone bool // nothing left under it, or its outcome is recorded
}

// end says that the claim is not to be written again. It waits while that is being done.
func (h *held) end() {
	if h == nil {
		return
	}
	h.quiet()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
}

// again writes the claim, or its outcome, and reports whether that was the last time.
func (h *held) again(ctx context.Context, d *Delivery, to Records) (over bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		return true, nil
	}
	a := h.attempt
	return d.write(ctx, to, &a, h.lease)
}

// writing is how many claims are written at a time.
const writing = 32

// Reclaim tells a Redis that takes over from another, before anybody works with it, what
// nobody but this process knows: claims under which messages may have left are written to
// it, and those under which certainly nothing did, and whose release had no answer, are
// released.
func (d *Delivery) Reclaim(ctx context.Context, to Records) error {
	var all errgroup.Group
	all.SetLimit(writing)
	for _, known := range d.memory.claims() {
		all.Go(func() error {
			if known.held != nil {
				_, err := known.held.again(ctx, d, to)
				return err
			}
			return release(ctx, to, known)
		})
	}
	return all.Wait()
}

// Close is for when no more touches come: what could not be recorded is tried once more,
// until ctx ends, and then this process says no more.
func (d *Delivery) Close(ctx context.Context) {
	var all errgroup.Group
	all.SetLimit(writing)
	for _, known := range d.memory.claims() {
		if known.held == nil {
			continue
		}
		all.Go(func() error {
			_, err := known.held.again(ctx, d, d.o.Customers)
			known.held.end()
			return err
		})
	}
	if err := all.Wait(); err != nil {
		d.o.Log.Warn("what became of some emails could not be recorded: marketing ones among them will be called uncertain, and transactional ones sent again", zap.Error(err))
	}
}

// release releases a claim under which nothing went out, and its place in the caps.
func release(ctx context.Context, to Records, known memo) error {
	for range judgeTries {
		records, err := to.Load(ctx, []customer.Key{known.customer})
		if err != nil {
			return err
		}
		a := attempt{record: records[0], key: known.key}
		k, ok := a.record.Customer.Claimed(known.key)
		if !ok || k.State != customer.Open || !slices.Contains(known.unsent, k.Owner) {
			return nil
		}
		a.owner = k.Owner
		a.freeOthers()
		a.record.Customer.Release(a.key)
		if saved, err := to.Save(ctx, saving(&a.record)); err != nil || saved[0] {
			return err
		}
	}
	return errContended
}

// holds remembers the claim under which a touch's message is about to leave.
func (m *memory) holds(id string, h *held) { m.note(id, func(known *memo) { known.held = h }) }

// claims returns what is known of touches with claims that may still be written somewhere.
func (m *memory) claims() (out []memo) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.of)) {
		if known := m.of[id]; known.held != nil || len(known.unsent) > 0 {
			out = append(out, *known)
			out[len(out)-1].unsent = slices.Clone(known.unsent)
		}
	}
	return out
}
