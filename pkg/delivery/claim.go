package delivery

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"homing/pkg/customer"
)

// claim is the stage that takes the touch and a place in the caps, in the record that
// the touch was planned for, in one step with the check that nothing changed about it
// since the gate judged. Then it looks whether something changed about the other
// records of the person, about their addresses, or about who they are. If something
// did, the touch is judged again.
//
// Two processes that claim at the same time, for two ids of one person, look after they
// have written: at least one sees the other. Both may, and both give way; each waits
// for a moment of its own, so that they don't meet again.
func (d *Delivery) claim(ctx context.Context, a *attempt) Decision {
	k := d.newClaim(a)
	a.detach()
	a.claimOthers(k)
	a.record.Customer.SetClaim(k)
	others, links := a.rests()
	a.claimed = d.o.Customers.Epoch()
	saved, same, err := d.o.Customers.SaveAgainst(ctx, &a.record, others, links)
	if err == nil && saved && same {
		return Decision{}
	}
	// The claim may have been written all the same: next to an address that is no
	// longer what it was, or because the answer was lost and the client wrote a second
	// time. What it was taken for may be wrong by now.
	if gone := d.unclaim(context.WithoutCancel(ctx), a); err == nil {
		err = gone
	}
	if err == nil {
		if saved {
			time.Sleep(rand.N(giveWay))
		}
		err = d.load(ctx, a)
	}
	if err != nil {
		return waitFor(err)
	}
	return judgeAgain
}

// giveWay is how long an attempt waits at most when another claimed for the same
// person: longer than it takes to claim, and to look after it.
const giveWay = 20 * time.Millisecond

// detach has the record share no memory with the person who was read with it. There is room
// for the claims that the message needs.
func (a *attempt) detach() {
	if a.apart {
		return
	}
	c := &a.record.Customer
	c.Claims = append(make([]customer.Claim, 0, len(c.Claims)+1+len(a.wording.Bundles)), c.Claims...)
	c.Offers, c.Notes, a.apart = slices.Clone(c.Offers), slices.Clone(c.Notes), true
}

// newClaim returns the claim of an attempt that begins now.
func (d *Delivery) newClaim(a *attempt) customer.Claim {
	return customer.Claim{
		Touch: a.key, State: customer.Open, At: d.o.Scale.Now().UnixMilli(),
		Owner: a.owner, Lease: time.Now().Add(leaseFor).UnixMilli(), To: a.elsewhere(),
	}
}

// elsewhere is the token of the mailbox that the message goes to, if that isn't one of
// the person's.
func (a *attempt) elsewhere() string {
	if a.other == nil {
		return ""
	}
	return a.mailbox.Token
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
// place in the caps, unless it is another's. It reads the record again. The next
// claim has another owner: this one may be written late.
func (d *Delivery) unclaim(ctx context.Context, a *attempt) error {
	d.memory.unsentBy(a)
	a.owner = rand.Uint64()
	for range judgeTries {
		if err := d.reload(ctx, a); err != nil {
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
