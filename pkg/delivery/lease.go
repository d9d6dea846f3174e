package delivery

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/pkg/channel"
	"homing/pkg/customer"
)

const (
	// leaseFor is how long a claim holds without a sign of life.
	leaseFor = 15 * time.Second
	// beatEvery is how often an owner that waits for the relay says it lives.
	beatEvery = 5 * time.Second
	// leaseMargin is what must be left of a lease for the message to go out.
	leaseMargin = 2 * time.Second
)

// lease is the owner's side of an open claim, while the channel is at work. It
// implements channel.Lease. It is in real time: servers do not know ours.
type lease struct {
	epochs func() uint64 // counts how often a Redis was given up

	mu    sync.Mutex
	until time.Time
	epoch uint64 // in which the claim was written last
	lost  bool
}

// startLease begins to beat for a claim that has just been taken. It beats until nothing is
// left to tell of it: what this process knows about it nobody else does, even when the
// touch has gone back to NATS.
func (d *Delivery) startLease(a *attempt) *lease {
	k, _ := a.record.Customer.Claimed(a.key)
	ctx, cancel := context.WithCancel(context.Background())
	l := &lease{epochs: d.o.Customers.Epoch, until: time.UnixMilli(k.Lease), epoch: a.claimed}
	h := &held{attempt: a.owned(), lease: l}
	timer := time.AfterFunc(beatEvery, func() { // most messages have their outcome by then
		for !d.beat(ctx, h) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(beatEvery):
			}
		}
	})
	h.quiet = func() { cancel(); timer.Stop() }
	d.memory.holds(a.id, h)
	return l
}

// Confirm implements channel.Lease. A claim in a Redis that was given up since may be gone:
// others would not see it.
func (l *lease) Confirm() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || time.Until(l.until) < leaseMargin || l.epochs() != l.epoch {
		return channel.ErrLeaseLost
	}
	return nil
}

// Deadline implements channel.Lease.
func (l *lease) Deadline() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// extend says that the claim was written again, in an epoch.
func (l *lease) extend(until time.Time, epoch uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch = epoch
	if until.After(l.until) {
		l.until = until
	}
}

// lose says that somebody else has the claim.
func (l *lease) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = true
}

// beat writes what this process knows about a claim: that it lives, or what became of the
// message. It reports whether there is nothing more to say.
func (d *Delivery) beat(ctx context.Context, h *held) (over bool) {
	over, err := h.again(ctx, d, d.o.Customers)
	if err != nil || !over { // the lease runs on; the next beat may come through
		return false
	}
	id := h.attempt.id
	if !d.memory.enter(id) { // the attempt under way ends it
		return false
	}
	defer d.memory.leave(id)
	d.memory.forget(id)
	return true
}

// owned is what of an attempt it takes to write its claim again.
func (a *attempt) owned() attempt {
	return attempt{touch: a.touch, id: a.id, key: a.key, owner: a.owner, wording: a.wording, other: a.other, mailbox: a.mailbox}
}

// write writes a claim that was taken, once more or again, or with the outcome of its
// message if that is known by now. It extends a lease, and makes a claim again that Redis
// lost. over: others need no more of us, as the claim has an outcome or is someone else's,
// and the lease is lost.
func (d *Delivery) write(ctx context.Context, to Records, a *attempt, l *lease) (over bool, err error) {
	for range judgeTries {
		epoch := d.o.Customers.Epoch()
		records, err := to.Load(ctx, []customer.Key{a.touch.Customer})
		if err != nil {
			return false, err
		}
		a.record, a.apart = records[0], false
		k, ok := a.record.Customer.Claimed(a.key)
		switch {
		case ok && k.State != customer.Open:
			return true, nil
		case ok && k.Owner != a.owner:
			d.o.Log.Warn("lost the claim on a touch while its message was being sent", zap.String("touch", a.id))
			l.lose()
			return true, nil
		}
		until := time.Now().Add(leaseFor)
		left := d.memory.recall(a.id).outcome.thatLeft()
		if left != nil {
			a.freeOthers()
			customer.Apply(&a.record.Customer, left.fact)
		} else {
			next := d.newClaim(a)
			if ok {
				next.At = k.At
			}
			next.Lease = until.UnixMilli()
			a.claimOthers(next)
			a.record.Customer.SetClaim(next)
		}
		saved, err := to.Save(ctx, saving(&a.record))
		switch {
		case err != nil:
			return false, err
		case !saved[0]:
		case left != nil:
			a.left = left.left
			d.keep(a, left.fact)
			return true, nil
		default:
			l.extend(until, epoch)
			return false, nil
		}
	}
	return false, errContended
}
