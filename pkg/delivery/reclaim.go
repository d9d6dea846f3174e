package delivery

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// held is a claim under which a message may have left, until its outcome is recorded.
type held struct {
	attempt attempt // what it takes to write the claim again
	lease   *lease

	mu   sync.Mutex
	gone bool // nothing left under it, or its outcome is recorded
}

// end says that the claim is not to be written again. It waits while that is being done.
func (h *held) end() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
}

// again writes the claim.
func (h *held) again(ctx context.Context, d *Delivery, to Records) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone {
		return nil
	}
	a := h.attempt
	return d.write(ctx, to, &a, h.lease)
}

// writing is how many claims are written at a time.
const writing = 32

// Reclaim writes the claims of this process, under which messages may have left that
// nobody else knows of, to a Redis that takes over from another, before anybody works
// with that.
func (d *Delivery) Reclaim(ctx context.Context, to Records) error {
	var all errgroup.Group
	all.SetLimit(writing)
	for _, h := range d.memory.held() {
		all.Go(func() error { return h.again(ctx, d, to) })
	}
	return all.Wait()
}

// holds remembers the claim under which a touch's message is about to leave.
func (m *memory) holds(id string, h *held) { m.note(id, func(known *memo) { known.held = h }) }

// held returns the claims under which messages may have left.
func (m *memory) held() (out []*held) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.of)) {
		if h := m.of[id].held; h != nil {
			out = append(out, h)
		}
	}
	return out
}
