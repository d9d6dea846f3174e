package control

import "context"

// Pause begins a hold that an operator wants: in one store, or in all of them. It
// reports false when that was so already.
func (c *Controls) Pause(ctx context.Context, h Hold) (bool, error) {
	if err := c.Read(ctx); err != nil {
		return false, err
	}
	if c.Paused(h.Worker, h.Store) {
		return false, nil
	}
	return c.Hold(ctx, h)
}

// Resume ends what Pause began. In all stores: whatever is paused. In one, where
// all are: the others stay paused. Holds of the system end with it: they begin
// again if their cause is still there, and go if nobody is left to see that it is
// not. It reports false when nothing was held.
func (c *Controls) Resume(ctx context.Context, h Hold) (bool, error) {
	if err := c.Read(ctx); err != nil {
		return false, err
	}
	any := false
	for _, paused := range c.Holds() {
		if paused.Worker != h.Worker || h.Store != "" && paused.Store != "" && paused.Store != h.Store {
			continue
		}
		if h.Store != "" && paused.Store == "" {
			// First the others, so that none of them sends in between.
			if err := c.pauseOthers(ctx, paused, h.Store); err != nil {
				return any, err
			}
			paused.only = h.Store
		}
		did, err := c.Release(ctx, paused)
		any = any || did
		if err != nil {
			return any, err
		}
	}
	return any, nil
}

// pauseOthers replaces a hold in all stores with one in each of them but one. It is
// not a transition for them, and nobody is told.
func (c *Controls) pauseOthers(ctx context.Context, h Hold, but string) error {
	for _, s := range c.o.Stores {
		if s == but {
			continue
		}
		h.Store = s
		if _, _, err := c.create(ctx, h); err != nil {
			return err
		}
	}
	return nil
}
