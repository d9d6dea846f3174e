package delivery

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/pkg/channel"
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
	mu    sync.Mutex
	until time.Time
	lost  bool

	stop func() // ends the beats
}

// startLease begins to beat for a claim that has just been taken.
func (d *Delivery) startLease(a *attempt) *lease {
	k, _ := a.record.Customer.Claimed(a.key)
	l := &lease{until: time.UnixMilli(k.Lease)}
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

// Confirm implements channel.Lease.
func (l *lease) Confirm() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost || time.Until(l.until) < leaseMargin {
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

func (l *lease) extend(until time.Time, ours bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ours {
		l.lost = true
	} else if until.After(l.until) {
		l.until = until
	}
}

// beat extends the claim, or makes it again if Redis lost it. When someone else
// holds it by now, the lease is lost.
func (d *Delivery) beat(ctx context.Context, a *attempt, l *lease) {
	b := attempt{touch: a.touch, key: a.key, owner: a.owner, wording: a.wording, other: a.other, mailbox: a.mailbox}
	for range judgeTries {
		if err := d.reload(ctx, &b); err != nil {
			return // the lease runs on; the next beat may come through
		}
		k, ok := b.record.Customer.Claimed(a.key)
		if ok && k.Owner != a.owner {
			d.o.Log.Warn("lost the claim on a touch while its message was being sent", zap.String("touch", a.id))
			l.extend(time.Time{}, false)
			return
		}
		until := time.Now().Add(leaseFor)
		next := d.newClaim(a)
		if ok {
			next.At = k.At
		}
		next.Lease = until.UnixMilli()
		b.claimOthers(next)
		b.record.Customer.SetClaim(next)
		if saved, err := d.o.Customers.Save(ctx, saving(&b.record)); err != nil {
			return
		} else if saved[0] {
			l.extend(until, true)
			return
		}
	}
}
