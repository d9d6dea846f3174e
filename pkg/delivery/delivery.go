// Package delivery takes touches that fell due, and sends them or says why not:
// customer → gate → wording → offer → render → connection → claim → SMTP →
// settle → fact → ack.
// A touch is claimed before the relay hears of it and settled after, in the
// customer's own record, so that no two replicas send it and none sends it
// again. It decides nothing itself: the rules are gate's, the outcome is the
// relay's.
package delivery

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/customer"
	"homing/pkg/mailer"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/render"
	"homing/pkg/schedule"
	"homing/pkg/touch"
	"homing/workers"
)

// Customers are the customers as they are kept.
type Customers interface {
	Epoch() uint64
	Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error)
	// SaveBeside saves one record and reports whether another, which was read with
	// it, is as it was.
	SaveBeside(ctx context.Context, r *customer.Record, other customer.Record) (saved, same bool, err error)
	Save(ctx context.Context, records []*customer.Record) ([]bool, error)
	MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error
	// Suspect says that a customer is missing who must have been known.
	Suspect()
}

// Timeline is where facts are kept for good.
type Timeline interface {
	Append(ctx context.Context, entries []customer.Entry) error
}

// Schedule is where a held touch waits, and others that may share its mail.
type Schedule interface {
	Put(ctx context.Context, ts []touch.Touch) error
	// Pending returns those of the touches that are pending, with what they display.
	Pending(ctx context.Context, ts []touch.Touch) ([]touch.Touch, error)
	// Waiting returns one customer's touches that are pending with some workers.
	Waiting(ctx context.Context, k customer.Key, workers []string) ([]touch.Touch, error)
}

// Codes are the lists of codes that shops load.
type Codes interface {
	// Take removes a code from a list, for good: nobody else is given it. Its error
	// wraps offer.ErrNoCode when there is none.
	Take(ctx context.Context, store, list string) (string, error)
	// GiveBack returns a code that was taken and certainly not bound.
	GiveBack(store, list, code string)
}

// Renderer makes a mail of a template and data.
type Renderer interface {
	Render(name string, d render.Data) (render.Mail, error)
}

// Route is what a store's emails leave by.
type Route struct {
	DKIM  *mailer.DKIM // nil: unsigned
	Relay *mailer.Relay
	Rate  Rate
}

// Rate is the throughput that all replicas share.
type Rate interface {
	// Wait returns when one more mail to a domain may go out: again is 0. Where that
	// would hold up others it returns at once, with how long to let them pass before
	// it is called again, and why; had says that the mail did so.
	Wait(ctx context.Context, domain string, transactional, had bool) (again time.Duration, why string, err error)
}

// Options are what a Delivery works with.
type Options struct {
	Stores    map[string]*programme.Store // by id
	Routes    map[string]Route            // by store
	Customers Customers
	Timeline  Timeline
	Schedule  Schedule
	Templates Renderer
	Codes     Codes
	Products  func(store string) *product.Snapshot // may be nil, and return nil
	Address   func(store, email string) string     // keyed hash of an address
	// Mailbox says where it is kept what is known of an address with that hash.
	Mailbox func(store, hash string) customer.Key
	// Suppress takes in that an address cannot be used: in force, and on the timeline.
	Suppress func(ctx context.Context, entries []customer.Entry) error
	// Unsubscribe returns the link by which a customer leaves a worker's mail; no
	// marketing mail goes out without.
	Unsubscribe func(k customer.Key, worker string) string
	// Answer returns the link by which a customer gives an answer to a question;
	// "" if question or answer are more than plain words (a-z, - and _).
	Answer  func(k customer.Key, worker, question, answer string) string
	Scale   clock.Scale
	Log     *zap.Logger
	Decided func(t events.Type, reason touch.Reason) // told every outcome; may be nil
	Held    func(reason touch.Reason, err error)     // told why the system waits; may be nil
	Holds   Holds                                    // nil: nothing is paused, and nobody is told
}

// Holds are the reasons of the system, not of a customer, for which a worker does
// not send.
type Holds interface {
	// Paused reports whether somebody wants that a worker sends nothing in a store.
	Paused(worker, store string) bool
	// Failed says that something kept a mail of this worker from leaving, and Worked
	// that it did not. detail tells what, to a person, where there is more than one
	// such thing. sure is a failure that does not pass by itself. Failed reports
	// whether the store is to be passed by meanwhile, for the sake of others.
	Failed(ctx context.Context, store string, why touch.Reason, detail string, sure bool) (pass bool)
	Worked(ctx context.Context, store string, why touch.Reason, detail string)
	// Passed reports whether a store is to be passed by, as Failed last said.
	Passed(store string, why touch.Reason, detail string) bool
}

// Delivery delivers the touches of one worker.
type Delivery struct {
	o Options
	// outcomes holds the outcomes that could not be recorded yet, by touch id:
	// another round of the loop must not have to guess what the relay said.
	outcomes sync.Map // of outcome
	unsent   unsent
	// missing holds customers that were not found, with the epoch: whoever is
	// still missing after a refold does not exist.
	missing sync.Map
	// taken holds codes, by touch id, that were taken from a list and whose binding
	// nobody confirmed: the next round binds the same.
	taken sync.Map // of taken
	// issued holds the ids of touches in hand whose offer stands on the timeline.
	issued sync.Map
	// trying holds a lock for each store that is passed by: who has it tries.
	trying sync.Map // of *sync.Mutex
	// aside are the touches in hand that let others pass.
	aside aside
}

// New returns a delivery.
func New(o Options) *Delivery {
	if o.Holds == nil {
		o.Holds = noHolds{}
	}
	return &Delivery{o: o}
}

// attempt is one touch on its way.
type attempt struct {
	touch   touch.Touch
	id      string // of the touch
	key     uint64 // of its claim
	step    touch.Step
	store   *programme.Store
	worker  *programme.Worker
	route   Route
	record  customer.Record
	owner   uint64          // tells this attempt's claim from any other's
	epoch   uint64          // of the record
	to      string          // whom the composed mail is to
	mailbox customer.Record // what is known of the customer's address
	judged  time.Time       // when the gate was last asked

	had     bool            // it let others pass, for the throughput's sake
	wording workers.Wording // what the mail says, as the worker chose
	shared  []touch.Touch   // others that were pending when it chose
	offer   *customer.Offer // what the mail offers
}

// Handle delivers a batch: it is a bus.Handler. The customers are read in one
// round trip; from there each touch goes its own way.
func (d *Delivery) Handle(ctx context.Context, batch []*bus.Msg) {
	var attempts []*attempt
	var msgs []*bus.Msg
	for _, m := range batch {
		a, err := d.attempt(m.Data())
		if err != nil {
			m.Done(err)
			continue
		}
		attempts, msgs = append(attempts, a), append(msgs, m)
	}
	err := d.load(ctx, attempts...)
	d.read(ctx, attempts, err)
	if err != nil {
		for _, m := range msgs {
			m.Done(err)
		}
		return
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(senders, len(attempts)) {
		wg.Go(func() {
			for i := range next {
				if ctx.Err() != nil { // stopping: what is not begun is not begun
					msgs[i].Done(bus.ErrShutdown)
					continue
				}
				msgs[i].Done(d.deliver(ctx, attempts[i]))
			}
		})
	}
	for i := range attempts {
		next <- i
	}
	close(next)
	wg.Wait()
}

// senders is how many touches of a batch are under way at a time: more than
// there are connections, since some are being rendered and others recorded.
const senders = 24

// elsewhere is how long a touch waits whose store this replica does not know.
const elsewhere = time.Minute

func (d *Delivery) attempt(data []byte) (*attempt, error) {
	t, err := schedule.Decode(data)
	if err != nil {
		return nil, bus.Bad("unknown", "bad_touch", err.Error())
	}
	store, ok := d.o.Stores[t.Customer.Store]
	if !ok {
		return nil, bus.Later(elsewhere) // other replicas may have it in their configuration already, or still
	}
	w := store.Worker(t.Worker)
	if w == nil {
		return nil, bus.Bad("unknown", "bad_touch", "there is no worker "+t.Worker)
	}
	a := &attempt{touch: t, id: t.ID(), store: store, worker: w, route: d.o.Routes[t.Customer.Store], owner: rand.Uint64()}
	a.key = customer.ClaimKey(a.id)
	a.step, _ = w.Step(t.Step)
	return a, nil
}

// deliver takes one touch all the way. Its answer follows bus's table.
func (d *Delivery) deliver(ctx context.Context, a *attempt) error {
	a.had = d.aside.back(a.id)
	if known, ok := d.outcomes.Load(a.id); ok {
		o := known.(outcome)
		a.owner = o.owner
		return d.conclude(ctx, a, o.fact)
	}
	if d.o.Holds.Paused(a.touch.Worker, a.touch.Customer.Store) {
		return d.waits(ctx, a)
	}
	verdict, done, err := d.decide(a)
	if err == nil && done == nil && verdict.Action == touch.Send {
		verdict, err = d.yield(ctx, a)
	}
	if err == nil && done == nil && verdict.Action == touch.Send {
		return d.send(ctx, a)
	}
	return d.turn(ctx, a, verdict, done, err)
}
