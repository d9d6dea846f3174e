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

	stop func() // ends the beats
}

// startLease begins to beat for a claim that has just been taken.
func (d *Delivery) startLease(a *attempt) *lease {
	k, _ := a.record.Customer.Claimed(a.key)
	l := &lease{epochs: d.o.Customers.Epoch, until: time.UnixMilli(k.Lease), epoch: a.claimed}
	d.memory.holds(a.id, &held{attempt: a.owned(), lease: l})
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	timer := time.AfterFunc(beatEvery, func() { // most messages have left by then
		defer close(finished)
		for ctx.Err() == nil {
			d.beat(ctx, a, l)
			select {
			case <-ctx.Done():
			case <-time.After(beatEvery):
			}
		}
	})
	l.stop = func() {
		cancel()
		if !timer.Stop() {
			<-finished
		}
	}
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

// beat extends the claim, or makes it again if Redis lost it. When someone else
// holds it by now, the lease is lost.
func (d *Delivery) beat(ctx context.Context, a *attempt, l *lease) {
	own := a.owned()
	_ = d.write(ctx, d.o.Customers, &own, l) // the lease runs on; the next beat may come through
}

// owned is what of an attempt it takes to write its claim again.
func (a *attempt) owned() attempt {
	return attempt{touch: a.touch, id: a.id, key: a.key, owner: a.owner, wording: a.wording, other: a.other, mailbox: a.mailbox}
}

// write writes a claim that was taken, once more or again. One that has an outcome by now
// stays as it is.
func (d *Delivery) write(ctx context.Context, to Records, a *attempt, l *lease) error {
	for range judgeTries {
		epoch := d.o.Customers.Epoch()
		records, err := to.Load(ctx, []customer.Key{a.touch.Customer})
		if err != nil {
			return err
		}
		a.record = records[0]
		k, ok := a.record.Customer.Claimed(a.key)
		switch {
		case ok && k.State != customer.Open:
			return nil
		case ok && k.Owner != a.owner:
			d.o.Log.Warn("lost the claim on a touch while its message was being sent", zap.String("touch", a.id))
			l.lose()
			return nil
		}
		until := time.Now().Add(leaseFor)
		next := d.newClaim(a)
		if ok {
			next.At = k.At
		}
		next.Lease = until.UnixMilli()
		a.claimOthers(next)
		a.record.Customer.SetClaim(next)
		if saved, err := to.Save(ctx, saving(&a.record)); err != nil {
			return err
		} else if saved[0] {
			l.extend(until, epoch)
			return nil
		}
	}
	return errContended
}
