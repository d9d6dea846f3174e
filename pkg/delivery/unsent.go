package delivery

import (
	"context"
	"slices"
	"sync"

	"homing/pkg/customer"
)

// unsent holds, by touch id, the owners of claims under which certainly nothing
// went out, and of which Redis did not say that they are gone: their writing or
// their release had no answer.
type unsent struct {
	mu sync.Mutex
	of map[string][]uint64
}

func (u *unsent) add(id string, owner uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of == nil {
		u.of = map[string][]uint64{}
	}
	if !slices.Contains(u.of[id], owner) {
		u.of[id] = append(u.of[id], owner)
	}
}

func (u *unsent) has(id string, owner uint64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Contains(u.of[id], owner)
}

// forget is for when another write to the customer has made sure of it.
func (u *unsent) forget(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.of, id)
}

// idle reports whether a claim is this process's, and certainly nothing went out
// under it.
func (d *Delivery) idle(a *attempt, k customer.Claim) bool { return d.unsent.has(a.id, k.Owner) }

// free releases the claim if an earlier round left one. It is for whoever puts the
// touch aside: the next to take it up, perhaps another process, must not find a
// claim under which it may have been sent.
func (d *Delivery) free(ctx context.Context, a *attempt) error {
	if k, ok := a.record.Customer.Claimed(a.key); ok && k.State == customer.Open && d.idle(a, k) {
		return d.release(ctx, a)
	}
	return nil
}

// release frees the claim and its place in the caps, unless it is another's: of
// an attempt of which nothing went out. It loads the customer anew.
func (d *Delivery) release(ctx context.Context, a *attempt) error {
	d.unsent.add(a.id, a.owner)
	for range claimTries {
		if err := d.load(ctx, a); err != nil {
			return err
		}
		if k, ok := a.record.Customer.Claimed(a.key); !ok || k.State != customer.Open || !d.idle(a, k) {
			return nil
		}
		a.freeOthers()
		a.record.Customer.Release(a.key)
		saved, err := d.o.Customers.Save(ctx, saving(&a.record))
		if err != nil {
			return err
		}
		if saved[0] {
			d.unsent.forget(a.id)
			return nil
		}
	}
	return errContended
}
