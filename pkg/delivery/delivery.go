// Package delivery takes touches that fell due, and sends them or says why not.
// Each goes through the stages in stages.go; what a stage decides is
// carried out by finish, in finish.go, and nowhere else. A touch is claimed in the
// customer's own record before its message leaves and settled after, so that no
// two replicas send it and none sends it again. Delivery makes no rules itself:
// they are gate's, and what an answer means is the channel's knowledge.
package delivery

import (
	"context"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/channel"
	"homing/pkg/clock"
	"homing/pkg/combine"
	"homing/pkg/customer"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/reason"
	"homing/pkg/touch"
	"homing/pkg/trace"
)

// Records are customers' records.
type Records interface {
	Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error)
	// Save saves those that are in the version in which they were read, and says which were.
	Save(ctx context.Context, records []*customer.Record) ([]bool, error)
}

// Customers are the customers as they are kept.
type Customers interface {
	Records
	// Epoch counts how often the Redis that they are in was given up: for another, or as
	// it had lost something.
	Epoch() uint64
	// SaveAgainst saves one record, and reports whether others, and the links of
	// mailboxes, are as they were, looking after it was saved.
	SaveAgainst(ctx context.Context, r *customer.Record, others []*customer.Record, links []customer.Links) (saved, same bool, err error)
	MarkIn(ctx context.Context, epoch uint64, entries []customer.Entry) error
	// Suspect says that a customer is missing who must have been known.
	Suspect()
}

// People are the customers' records, joined to persons.
type People interface {
	// Read returns persons. It takes one round trip where each has one id, and near
	// names their mailboxes.
	Read(ctx context.Context, asks []customer.Ask, near ...customer.Key) ([]customer.Person, error)
}

// Timeline is where facts are kept for good.
type Timeline interface {
	Append(ctx context.Context, entries []customer.Entry) error
}

// Schedule is where a held touch waits, and others that may share its message.
type Schedule interface {
	// PutBack schedules a touch again that fell due as the message of a sequence, unless
	// that was deleted or replaced: the customer was erased, or it was planned again. Why
	// is for those who count what waits.
	PutBack(ctx context.Context, t touch.Touch, sequence uint64, why reason.Reason) (bool, error)
	// Pending returns those of the touches that are pending, with what they display.
	Pending(ctx context.Context, ts []touch.Touch) ([]touch.Touch, error)
	// Waiting returns the touches of one id that are pending with some workers.
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

// Route is what a store's messages leave by.
type Route struct {
	Channel     channel.Channel
	Connections int // of the channel, open at a time
	Rate        Rate
}

// Way names the messages of one worker in one store.
type Way struct{ Store, Worker string }

// Rate is the throughput that all replicas share.
type Rate interface {
	// Wait returns when one more message to a domain may go out: again is 0. Where that
	// would hold up others it returns at once, with how long to let them pass before
	// it is called again, and why; had says that this message has let others pass.
	Wait(ctx context.Context, domain string, transactional, had bool) (again time.Duration, why string, err error)
	// GiveBack returns the permit of a message that was not handed over, and for which Wait
	// was called at a time.
	GiveBack(ctx context.Context, at time.Time) error
}

// Holds are the reasons of the system, not of a customer, for which a worker does
// not send.
type Holds interface {
	// Paused reports whether somebody paused a worker in a store, or this process may
	// not send at all.
	Paused(worker, store string) bool
	// Failed says that something kept a message of this worker from leaving, and Worked
	// that it did not. detail tells what, to a person, where there is more than one
	// such thing. sure is a failure that does not pass by itself. Failed reports
	// whether the store is to be passed by for now, for the sake of others.
	Failed(ctx context.Context, store string, why reason.Reason, detail string, sure bool) (pass bool)
	Worked(ctx context.Context, store string, why reason.Reason, detail string)
	// Passed reports whether a store is to be passed by, as Failed last said.
	Passed(store string, why reason.Reason, detail string) bool
	// Others reports whether a store of the worker has no such trouble.
	Others(why reason.Reason, detail string) bool
}

// Clicks are the unsubscribes that intake has yet to fold.
type Clicks interface {
	// In reports whether one waits in a store.
	In(ctx context.Context, store string) (bool, error)
}

// Asked counts how often mailboxes are asked whether they want email.
type Asked interface {
	// Take notes that a touch asks at an address, or returns why that is too often.
	Take(ctx context.Context, store, address, id string, now time.Time) (tooOften string, err error)
}

// Options are what a Delivery works with.
type Options struct {
	Stores    map[string]*programme.Store // by id
	Routes    map[string]Route            // by store
	Others    map[Way]Route               // of workers that leave by another route than their store's; may be nil
	Customers Customers
	People    People
	Timeline  Timeline
	Schedule  Schedule
	Codes     Codes
	Products  func(store string) *product.Snapshot       // may be nil, and return nil
	Habits    func(c *customer.Customer) *product.Habits // that are known already; may be nil
	Address   func(store, email string) string           // keyed hash of an address
	// Mailbox says where it is kept what is known about an address with that hash.
	Mailbox func(store, hash string) customer.Key
	// Code says where it is kept whose a code is that its customer passes on.
	Code func(store, code string) customer.Key
	// Take takes in what concerns others as well, such as that an address cannot be used: in
	// force, and on the timeline.
	Take  func(ctx context.Context, entries []customer.Entry) error
	Scale clock.Scale
	Log   *zap.Logger
	// Doubt is until when touches that fell due, and have no claim, may have been sent by
	// somebody else; zero, or nil: none were. See doubt.go.
	Doubt func() time.Time
	// Keep is given a copy of what left, perhaps, with its fact. It doesn't wait. It may
	// be nil.
	Keep    func(k customer.Key, f events.Event, c channel.Copy)
	Decided func(t events.Type, reason reason.Reason) // told every outcome; may be nil
	Held    func(reason reason.Reason, err error)     // told why the system waits; may be nil
	Holds   Holds                                     // nil: nothing is paused, and nobody is told
	Clicks  Clicks                                    // nil: there are none
	// Occasions says what people decided about what they made; nil: they make nothing.
	Occasions touch.Occasions
	Asked     Asked // nil: nobody counts
	// InFlight is how many touches the loop holds at most; 0: any number. One store
	// of several gets two thirds of that.
	InFlight int
	Alone    bool // touches come one at a time, by Deliver: nothing waits for company
	Times    Times
	Trace    *trace.Tracer // may be nil
}

// Delivery delivers the touches of one worker.
type Delivery struct {
	o       Options
	memory  memory
	queues  queues
	appends combine.Combiner[*customer.Entry]
	marks   combine.Combiner[folded]

	first, judged []stage             // see stages
	finished      func(time.Duration) // told how long it took to carry out a decision; nil: nobody is
	alone         attempt             // that is made by Deliver
}

// New returns a delivery.
func New(o Options) *Delivery {
	if o.Holds == nil {
		o.Holds = noHolds{}
	}
	d := &Delivery{o: o}
	d.appends.Flush, d.marks.Flush = d.appendAll, d.markAll
	d.first, d.judged = d.stages()
	if o.Times.Stage != nil {
		d.finished = o.Times.Stage("finish")
	}
	return d
}

// Handle takes a batch: it is a bus.Handler. The customers are read in one round
// trip; from there each touch goes its own way, and none waits for another of its
// batch.
func (d *Delivery) Handle(ctx context.Context, batch []*bus.Msg) {
	var attempts []*attempt
	for _, m := range batch {
		a, err := d.attempt(m)
		if err != nil {
			m.Done(err)
			continue
		}
		attempts = append(attempts, a)
	}
	d.memory.during(ctx)
	err := d.load(ctx, attempts...)
	d.readable(ctx, attempts, err)
	for _, a := range attempts {
		if err != nil {
			a.msg.Done(err)
			continue
		}
		d.begin(ctx, a)
	}
}

// begin has a touch wait for its turn in its store. Where the store has more than
// its share in flight, the touch comes back later, for the sake of other stores.
// A due message may come a second time: it waits for the first, since what this
// process knows about a touch is of one attempt.
func (d *Delivery) begin(ctx context.Context, a *attempt) {
	if !d.memory.enter(a.id) {
		a.msg.Done(bus.Soon(time.Second))
		return
	}
	d.trace(a)
	q, share := d.queue(a.touch.Customer.Store), d.share()
	if d.memory.knows(a.id) || d.doubtful(a) {
		share = 0 // what only this process knows stays in it, and a later time would end a doubt
	}
	if !q.join(waiting{ctx, a}, share, func() { d.work(q) }) {
		go func() { d.done(a, d.finish(ctx, a, setAside(q.crowdedFor(), reason.Throughput))) }()
	}
}

// queue returns the queue of a store.
func (d *Delivery) queue(store string) *queue {
	return d.queues.store(store, 2*d.o.Routes[store].Connections)
}

// done is the end of an attempt: the loop is told what follows.
func (d *Delivery) done(a *attempt, err error) {
	d.memory.leave(a.id)
	a.msg.Done(err)
	if a.span != nil {
		a.traced(err)
	}
	if err == nil {
		d.tell(a, time.Now())
	}
}

// Open returns the ids of touches that were begun and are not finished, in order.
func (d *Delivery) Open() []string { return d.memory.open() }

// share is how many touches of one store may be in its queue; 0: any number. What is
// aside is in flight as well, and may be of one store.
func (d *Delivery) share() int {
	if len(d.o.Stores) < 2 || d.o.InFlight == 0 {
		return 0
	}
	return max(1, d.o.InFlight*2/3-d.memory.asideNow())
}

// deliver takes one touch all the way; decided is called when others may follow.
// What it returns follows bus's table.
func (d *Delivery) deliver(ctx context.Context, a *attempt, decided func()) error {
	decision := d.decide(ctx, a)
	a.release() // what follows may take its time
	decided()
	d.unpermit(ctx, a)
	began, span := time.Now(), a.span.Inside("finish")
	err := d.finish(ctx, a, decision)
	span.End()
	if d.finished != nil {
		d.finished(time.Since(began))
	}
	if a.answered { // nothing delays the record of an answer
		d.works(ctx, a, a.down(), "")
	}
	return err
}
