package delivery

import (
	"context"
	"errors"
	"time"

	"homing/pkg/bus"
	"homing/pkg/reason"
	"homing/pkg/touch"
)

// parked is how long a touch is set aside for while the system holds its store and
// not others. It costs two writes each time, and what it waits for is over for half
// as long, on average, before it is looked at.
const parked = 5 * time.Minute

func (d *Delivery) paused(a *attempt) bool {
	return d.o.Holds.Paused(a.touch.Worker, a.touch.Customer.Store)
}

// still is the stage that asks whether anything may leave: nobody paused the worker, and no
// unsubscribe waits. It comes twice: before a permit, a code or a connection is taken for an
// email that would have to wait with it, and as the last thing before the claim, after all
// that was slow.
func (d *Delivery) still(ctx context.Context, a *attempt) Decision {
	if d.paused(a) {
		return d.pause(a)
	}
	if d.o.Clicks == nil || a.step.Class != touch.Marketing {
		return Decision{}
	}
	return d.unclicked(ctx, a)
}

// clicksWait is the detail of the hold while unsubscribes wait for intake.
const clicksWait = "unsubscribes that came while Redis was away are being taken in"

var errClicksWait = errors.New(clicksWait)

// unclicked lets no marketing email leave while unsubscribes wait for intake: this may be
// the customer who was told that no more would come. What waits for that stays in flight
// or steps aside; what is not marketing goes past.
func (d *Delivery) unclicked(ctx context.Context, a *attempt) Decision {
	store := a.touch.Customer.Store
	switch waiting, err := d.o.Clicks.In(ctx, store); {
	case err != nil:
		return waitFor(err)
	case !waiting:
		d.works(ctx, a, reason.Rebuilding, clicksWait)
		return Decision{}
	case d.failed(ctx, store, reason.Rebuilding, clicksWait, errClicksWait):
		return setAside(parked, reason.Rebuilding)
	}
	return waitFor(bus.Soon(time.Second))
}

// pause is what becomes of a touch whose worker is paused in its store. Where it is
// in all of them the loop is about to stop, and gets it back.
func (d *Delivery) pause(a *attempt) Decision {
	for store := range d.o.Stores {
		if !d.o.Holds.Paused(a.touch.Worker, store) {
			return setAside(parked, reason.Paused)
		}
	}
	return handBack(bus.ErrShutdown)
}

// held says that the system, not the customer, is the reason to wait. The touch
// stays in flight, and the loop waits with it, pulling no others; where another store
// has no such trouble, it gets out of that one's way.
func (d *Delivery) held(ctx context.Context, a *attempt, why reason.Reason, detail string, err error) Decision {
	switch {
	case d.failed(ctx, a.touch.Customer.Store, why, detail, err):
		return setAside(parked, why)
	case d.o.Holds.Others(why, detail):
		return waitFor(bus.Soon(time.Second))
	}
	return waitFor(err)
}

func (d *Delivery) failed(ctx context.Context, store string, why reason.Reason, detail string, err error) (pass bool) {
	if d.o.Held != nil {
		d.o.Held(why, err)
	}
	sure := why == reason.NoOfferCode // a template may fail for one customer alone
	return d.o.Holds.Failed(ctx, store, why, detail, sure)
}

func (d *Delivery) works(ctx context.Context, a *attempt, why reason.Reason, detail string) {
	d.o.Holds.Worked(ctx, a.touch.Customer.Store, why, detail)
}

// mayTry reports whether a touch may try its channel. Where the store is passed by,
// one does at a time: a relay that neither answers nor refuses would have all of
// them wait for it, and other stores' messages behind them.
func (d *Delivery) mayTry(a *attempt) bool {
	store := a.touch.Customer.Store
	if !d.o.Holds.Passed(store, a.down(), "") {
		return true
	}
	q := d.queue(store)
	if !q.trying.TryLock() {
		return false
	}
	a.endTry = q.trying.Unlock
	return true
}

// readable says, of the stores of some attempts, whether their customers could be read.
func (d *Delivery) readable(ctx context.Context, as []*attempt, err error) {
	if ctx.Err() != nil { // we are stopping: that says nothing
		return
	}
	stores := map[string]bool{}
	for _, a := range as {
		stores[a.touch.Customer.Store] = true
	}
	for store := range stores {
		if err != nil {
			d.failed(ctx, store, reason.Rebuilding, "", err)
		} else {
			d.o.Holds.Worked(ctx, store, reason.Rebuilding, "")
		}
	}
}

// noHolds is where nothing is paused, and nobody is told.
type noHolds struct{}

func (noHolds) Paused(string, string) bool { return false }
func (noHolds) Failed(context.Context, string, reason.Reason, string, bool) bool {
	return false
}
func (noHolds) Passed(string, reason.Reason, string) bool             { return false }
func (noHolds) Others(reason.Reason, string) bool                     { return false }
func (noHolds) Worked(context.Context, string, reason.Reason, string) {}
