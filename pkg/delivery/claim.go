package delivery

import (
	"context"
	"math/rand/v2"
	"time"

	"homing/pkg/customer"
)

// claim is the stage that takes the touch and a place in the caps, in one step with
// the check that nothing changed since the gate judged, neither about the customer
// nor about their address. If something did, the touch is judged again.
func (d *Delivery) claim(ctx context.Context, a *attempt) Decision {
	k := d.newClaim(a)
	a.claimOthers(k)
	a.record.Customer.SetClaim(k)
	saved, same, err := d.o.Customers.SaveBeside(ctx, &a.record, a.mailbox)
	if err == nil && saved && same {
		return Decision{}
	}
	// The claim may have been written all the same: next to an address that is no
	// longer what it was, or because the answer was lost and the client wrote a second
	// time. What it was taken for may be wrong by now.
	if gone := d.unclaim(context.WithoutCancel(ctx), a); err == nil {
		err = gone
	}
	if err != nil {
		return waitFor(err)
	}
	return judgeAgain
}

// newClaim returns the claim of an attempt that begins now.
func (d *Delivery) newClaim(a *attempt) customer.Claim {
	return customer.Claim{
		Touch: a.key, State: customer.Open, At: d.o.Scale.Now().UnixMilli(),
		Owner: a.owner, Lease: time.Now().Add(leaseFor).UnixMilli(),
	}
}

// free releases the claim if there is one under which certainly nothing went out.
// It is for every touch that has no outcome yet: the next to take it up, perhaps
// another process, must not find a claim under which it may have been sent.
func (d *Delivery) free(ctx context.Context, a *attempt) error {
	if k, ok := a.record.Customer.Claimed(a.key); ok && k.State == customer.Open && d.idle(a, k) {
		return d.unclaim(ctx, a)
	}
	return nil
}

// unclaim releases the claim of an attempt under which nothing went out, and its
// place in the caps, unless it is another's. It loads the customer again. The next
// claim has another owner: this one may be written late.
func (d *Delivery) unclaim(ctx context.Context, a *attempt) error {
	d.memory.unsentBy(a.id, a.owner)
	a.owner = rand.Uint64()
	for range judgeTries {
		if err := d.load(ctx, a); err != nil {
			return err
		}
		if k, ok := a.record.Customer.Claimed(a.key); !ok || k.State != customer.Open || !d.idle(a, k) {
			return nil
		}
		a.freeOthers()
		a.record.Customer.Release(a.key)
		saved, err := d.o.Customers.Save(ctx, saving(&a.record))
		if err != nil || saved[0] {
			return err
		}
	}
	return errContended
}

func saving(r *customer.Record) []*customer.Record { return []*customer.Record{r} }
