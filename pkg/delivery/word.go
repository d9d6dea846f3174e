package delivery

import (
	"context"
	"slices"

	"homing/pkg/customer"
	"homing/pkg/touch"
)

// word is the stage in which the worker chooses what the message says. One that
// takes over the content of others is shown those that are pending and free.
func (d *Delivery) word(ctx context.Context, a *attempt) Decision {
	person := d.personOf(a)
	in, store := person.Input(d.o.Scale.Now()), person.Store
	in.Customer = in.Customer.Without(a.covers)
	free := func(id string) bool {
		t, err := touchOf(id)
		t.Customer.Store = a.touch.Customer.Store
		_, claimed := t.ClaimIn(in.Customer)
		return err == nil && !claimed && id != a.id
	}
	var err error
	if in.Gathered, err = d.gather(ctx, a, a.worker.Gathers(a.touch, in), free); err != nil {
		return waitFor(err)
	}
	in.Gathered = slices.DeleteFunc(in.Gathered, func(t touch.Touch) bool {
		elsewhere := !customer.SameAddress(a.to, a.worker.Goes(t, &a.record.Customer, &a.person.Customer))
		if !elsewhere && store.GoesBefore(asNamed(a, t), in).Action == touch.Send {
			return false
		}
		// It is for another address, or another worker's email comes first, and is sent by itself.
		in.Customer = in.Customer.With(customer.Claim{Touch: asNamed(a, t).ClaimKey(), State: customer.Dropped, At: in.Now.UnixMilli()})
		return true
	})
	a.shared = in.Gathered
	a.wording = a.worker.Compose(a.touch, in)
	a.wording.Bundles = slices.DeleteFunc(slices.Clone(a.wording.Bundles), func(id string) bool { return !free(id) })
	return Decision{}
}

// asNamed returns a touch as a worker names it, which knows one id of the person.
func asNamed(a *attempt, t touch.Touch) touch.Touch {
	t.Customer = a.touch.Customer
	return t
}

// touchOf is the touch with an id, of a store that is not told.
func touchOf(id string) (touch.Touch, error) {
	worker, step, token, occasion, err := touch.ParseID(id)
	return touch.Touch{Worker: worker, Step: step, Customer: customer.Key{Token: token}, Occasion: occasion}, err
}

// gather returns those of the named touches that are pending and free, in the
// order in which they were named. They may be pending under any id of the person.
func (d *Delivery) gather(ctx context.Context, a *attempt, named []touch.Touch, free func(id string) bool) ([]touch.Touch, error) {
	place := map[string]int{}
	var ask []touch.Touch
	for _, t := range named {
		t = asNamed(a, t)
		if !free(t.ID()) {
			continue
		}
		place[t.ID()] = len(ask)
		ask = append(ask, t)
		for _, token := range a.person.Customer.Tokens {
			if token != t.Customer.Token {
				u := t.Under(token)
				place[u.ID()] = len(ask)
				ask = append(ask, u)
			}
		}
	}
	if len(ask) == 0 {
		return nil, nil
	}
	out, err := d.o.Schedule.Pending(ctx, ask)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(x, y touch.Touch) int { return place[x.ID()] - place[y.ID()] })
	seen := map[string]bool{}
	return slices.DeleteFunc(out, func(t touch.Touch) bool { // pending under two ids, and shown once
		id := asNamed(a, t).ID()
		again := seen[id]
		seen[id] = true
		return again
	}), nil
}

// claimOthers claims the touches that the message takes over while it is on its
// way: none of them can leave by itself during that time. Their claims have no
// time, which tells them from others, and takes no place in the caps: the one
// message has its own.
func (a *attempt) claimOthers(k customer.Claim) {
	k.At, k.To = 0, ""
	for _, id := range a.wording.Bundles {
		k.Touch = customer.ClaimKey(id)
		if held, ok := a.record.Customer.Claimed(k.Touch); !ok || a.covers(held) {
			a.record.Customer.SetClaim(k)
		}
	}
}

// freeOthers gives back what claimOthers took.
func (a *attempt) freeOthers() {
	a.record.Customer.Claims = slices.DeleteFunc(a.record.Customer.Claims, a.covers)
}

// covers reports whether a claim was taken by claimOthers, in this attempt or in
// the one that holds the claim on the touch still.
func (a *attempt) covers(k customer.Claim) bool {
	if k.State != customer.Open || k.At != 0 || k.Touch == a.key {
		return false
	}
	own, _ := a.record.Customer.Claimed(a.key)
	return k.Owner == a.owner || own.State == customer.Open && own.Owner == k.Owner
}

// bundled names the touches that the message took over, of which only the claims
// are left. The worker is asked which they could be; it isn't shown the claims in
// question, since it names no touch that has one.
func (d *Delivery) bundled(a *attempt, is func(customer.Claim) bool) []string {
	taken := map[uint64]bool{}
	in := d.personOf(a).Input(d.o.Scale.Now())
	in.Customer = in.Customer.Without(func(k customer.Claim) bool {
		if k.Touch != a.key && is(k) {
			taken[k.Touch] = true
		}
		return taken[k.Touch]
	})
	if len(taken) == 0 {
		return nil
	}
	var out []string
	for _, t := range a.worker.Gathers(a.touch, in) {
		t.Customer = a.touch.Customer
		if id := t.ID(); taken[customer.ClaimKey(id)] {
			out = append(out, id)
		}
	}
	return out
}
