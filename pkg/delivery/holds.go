package delivery

import (
	"context"
	"sync"
	"time"

	"homing/pkg/bus"
	"homing/pkg/touch"
)

// waits is the answer to a touch whose worker is paused in its store. Where it is
// in all of them the loop is about to stop, and gets it back.
func (d *Delivery) waits(ctx context.Context, a *attempt) error {
	for store := range d.o.Stores {
		if !d.o.Holds.Paused(a.touch.Worker, store) {
			return d.park(ctx, a)
		}
	}
	if err := d.free(ctx, a); err != nil {
		return err
	}
	return bus.ErrShutdown
}

// held says that the system, not the customer, is the reason to wait. Its answer
// has the loop keep the touch and try it again, pulling no others; where other
// stores have no such trouble, it is put aside for their sake.
func (d *Delivery) held(ctx context.Context, a *attempt, why touch.Reason, detail string, err error) error {
	if d.failed(ctx, a.touch.Customer.Store, why, detail, err) {
		return d.park(ctx, a)
	}
	return err
}

func (d *Delivery) failed(ctx context.Context, store string, why touch.Reason, detail string, err error) (pass bool) {
	if d.o.Held != nil {
		d.o.Held(why, err)
	}
	sure := why == touch.NoOfferCode // a template may fail for one customer alone
	return d.o.Holds.Failed(ctx, store, why, detail, sure)
}

// mayTry reports whether a touch may try its relay, and returns what ends the try.
// Where the store is passed by, one does at a time: a relay that neither answers
// nor refuses would have all of them wait for it, and other stores' mails behind
// them.
func (d *Delivery) mayTry(a *attempt) (end func(), ok bool) {
	store := a.touch.Customer.Store
	if !d.o.Holds.Passed(store, touch.SMTPDown, "") {
		return func() {}, true
	}
	mu, _ := d.trying.LoadOrStore(store, &sync.Mutex{})
	if !mu.(*sync.Mutex).TryLock() {
		return nil, false
	}
	return mu.(*sync.Mutex).Unlock, true
}

func (d *Delivery) works(ctx context.Context, a *attempt, why touch.Reason, detail string) {
	d.o.Holds.Worked(ctx, a.touch.Customer.Store, why, detail)
}

// read says, of the stores of some attempts, whether their customers could be read.
func (d *Delivery) read(ctx context.Context, as []*attempt, err error) {
	if ctx.Err() != nil { // we are stopping: that says nothing
		return
	}
	stores := map[string]bool{}
	for _, a := range as {
		stores[a.touch.Customer.Store] = true
	}
	for store := range stores {
		if err != nil {
			d.failed(ctx, store, touch.Rebuilding, "", err)
		} else {
			d.o.Holds.Worked(ctx, store, touch.Rebuilding, "")
		}
	}
}

// parked is how long a touch is put aside for. It costs two writes each time, and
// whoever ends what it waits for waits for half as long on average.
const parked = 5 * time.Minute

// park puts a touch aside which the system holds and others of the same worker
// not: those of another store, or without an offer. It is judged again when that
// time is over, and nothing is said of it.
func (d *Delivery) park(ctx context.Context, a *attempt) error {
	if err := d.free(ctx, a); err != nil {
		return err
	}
	t := a.touch
	t.Wake = d.o.Scale.Now().Add(parked)
	if err := d.o.Schedule.Put(ctx, []touch.Touch{t}); err != nil {
		return err
	}
	d.letGo(a)
	return nil
}

// noHolds is where nothing is paused, and nobody is told.
type noHolds struct{}

func (noHolds) Paused(string, string) bool { return false }
func (noHolds) Failed(context.Context, string, touch.Reason, string, bool) bool {
	return false
}
func (noHolds) Passed(string, touch.Reason, string) bool             { return false }
func (noHolds) Worked(context.Context, string, touch.Reason, string) {}
