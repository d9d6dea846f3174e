package delivery

import (
	"context"
	"sync"
	"time"

	"homing/pkg/customer"
)

// markEvery is how long facts gather before they are marked together. Nobody waits
// for that but their acknowledgement: the message has left by then.
const markEvery = 20 * time.Millisecond

// A recorder puts facts that are folded already on the timeline, and then marks
// them: those of one moment together, since each request costs NATS and Redis about
// as much as one with many.
type recorder struct {
	timeline  Timeline
	customers Customers

	mu        sync.Mutex
	appending bool
	appends   []*entry // wait for the one that is appending
	marks     []*entry // wait for the next mark
}

// entry is one fact on its way.
type entry struct {
	epoch uint64 // of the fold
	entry customer.Entry
	done  chan error
}

func newRecorder(t Timeline, c Customers) *recorder { return &recorder{timeline: t, customers: c} }

// record appends and marks an entry.
func (r *recorder) record(ctx context.Context, epoch uint64, e customer.Entry) error {
	x := &entry{epoch: epoch, entry: e, done: make(chan error, 1)}
	if err := r.append(ctx, x); err != nil {
		return err
	}
	r.mu.Lock()
	r.marks = append(r.marks, x)
	if len(r.marks) == 1 {
		time.AfterFunc(markEvery, func() { r.mark(context.WithoutCancel(ctx)) })
	}
	r.mu.Unlock()
	return <-x.done
}

// now appends and marks an entry at once, for what waits for it.
func (r *recorder) now(ctx context.Context, epoch uint64, e customer.Entry) error {
	x := &entry{epoch: epoch, entry: e, done: make(chan error, 1)}
	if err := r.append(ctx, x); err != nil {
		return err
	}
	return r.customers.MarkIn(ctx, epoch, []customer.Entry{x.entry})
}

// append returns when an entry is on the timeline, and has its sequence. Those that
// come while others are being appended go together.
func (r *recorder) append(ctx context.Context, x *entry) error {
	r.mu.Lock()
	if r.appending {
		r.appends = append(r.appends, x)
		r.mu.Unlock()
		return <-x.done
	}
	r.appending = true
	r.mu.Unlock()
	err := r.appendAll(ctx, []*entry{x})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.appending = len(r.appends) > 0; r.appending {
		go r.appendRest(context.WithoutCancel(ctx))
	}
	return err
}

// appendRest appends what waits, until nothing does.
func (r *recorder) appendRest(ctx context.Context) {
	for {
		r.mu.Lock()
		batch := r.appends
		r.appends = nil
		r.appending = len(batch) > 0
		r.mu.Unlock()
		if batch == nil {
			return
		}
		err := r.appendAll(ctx, batch)
		for _, x := range batch {
			x.done <- err
		}
	}
}

func (r *recorder) appendAll(ctx context.Context, batch []*entry) error {
	entries := make([]customer.Entry, len(batch))
	for i, x := range batch {
		entries[i] = x.entry
	}
	err := r.timeline.Append(ctx, entries)
	for i, x := range batch {
		x.entry = entries[i]
	}
	return err
}

// mark marks what has gathered.
func (r *recorder) mark(ctx context.Context) {
	r.mu.Lock()
	batch := r.marks
	r.marks = nil
	r.mu.Unlock()
	of := map[uint64][]customer.Entry{}
	for _, x := range batch {
		of[x.epoch] = append(of[x.epoch], x.entry)
	}
	failed := map[uint64]error{}
	for epoch, entries := range of {
		failed[epoch] = r.customers.MarkIn(ctx, epoch, entries)
	}
	for _, x := range batch {
		x.done <- failed[x.epoch]
	}
}
