package bus

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// Msg is one message that a loop has in flight.
type Msg struct {
	jetstream.Msg
	loop    *Loop
	settled atomic.Bool

	tries     int       // answers that had it kept
	notBefore time.Time // when it is tried again
}

// Done says what became of the message; see the table at actionFor. Only the
// first call counts.
func (m *Msg) Done(err error) {
	if m.settled.CompareAndSwap(false, true) {
		m.loop.settle(m, err)
	}
}

// A Handler takes a batch. It calls Done on every message, now or later, and
// returns when it can take the next batch. Its context ends when the loop is
// stopping: what must not be cut short detaches itself from it.
type Handler func(ctx context.Context, batch []*Msg)

// Rejecter puts a message on REJECTED and waits until it is there.
type Rejecter func(ctx context.Context, m jetstream.Msg, why *BadError) error

// LoopOptions say how a loop works.
type LoopOptions struct {
	Name     string
	Consumer func(context.Context) (Source, error)
	Handler  Handler
	Reject   Rejecter
	Batch    int // messages in one call of the handler; default 256
	Parallel int // calls of the handler at a time; default 2
	Bytes    int // of the messages in flight, beyond which no more are pulled; default 64 MiB
	// PullFor is how long one pull waits for messages; default 5 minutes. On fake
	// time, where waking up is all the cost there is, it is longer.
	PullFor time.Duration
	Log     *zap.Logger
	// Missing is asked to make streams and consumers that are gone; may be nil.
	Missing func(context.Context) error
	Down    func(error) // told when the loop starts to wait for a server; may be nil
	// Paused reports whether nothing is to be pulled for now, and returns a channel
	// that is closed when that may have changed; may be nil.
	Paused func() (paused bool, changed <-chan struct{})
}

// Loop pulls from a consumer and feeds a handler. It never has more messages in
// flight than the handler's calls can take plus one round to come, nor, but for one pull,
// more bytes than it may: orders of thousands of lines are a thousand times as long as
// others. It tells the server that it is still working on those it has.
type Loop struct {
	o LoopOptions

	mu       sync.Mutex
	inFlight map[*Msg]struct{} // queued, being handled, or waiting for a server
	bytes    int               // of these
	queue    []*Msg
	later    []*Msg        // kept, to be tried again
	backoff  time.Duration // > 0: nothing was answered since a message had to be kept; a server is down
	resume   time.Time     // until when nothing is tried
	changed  chan struct{} // closed when any of the above changes; nil if nobody waits for that

	handled  atomic.Uint64
	stopping atomic.Pointer[atomic.Bool] // of the round that Run is in
	lost     atomic.Bool                 // the last pull failed
}

const (
	pullFor     = 5 * time.Minute // and a heartbeat each tenth of it
	firstWait   = 100 * time.Millisecond
	longestWait = 5 * time.Second
	probeEvery  = 30 * time.Second
)

// NewLoop returns a loop that Run starts.
func NewLoop(o LoopOptions) *Loop {
	if o.Batch == 0 {
		o.Batch = 256
	}
	if o.Parallel == 0 {
		o.Parallel = 2
	}
	if o.Bytes == 0 {
		o.Bytes = 64 << 20
	}
	if o.PullFor == 0 {
		o.PullFor = pullFor
	}
	return &Loop{o: o, inFlight: map[*Msg]struct{}{}}
}

// Handled returns how many messages were answered for good.
func (l *Loop) Handled() uint64 { return l.handled.Load() }

// Name is the loop's.
func (l *Loop) Name() string { return l.o.Name }

// InFlight returns how many messages the loop has and has not answered yet.
func (l *Loop) InFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.inFlight)
}

// Waiting reports whether the loop waits for a server to come back.
func (l *Loop) Waiting() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.backoff > 0 || l.lost.Load()
}

// gone reports whether a stream or a consumer no longer exists.
func gone(err error) bool {
	return errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) ||
		errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, nats.ErrNoResponders)
}

// round works until ctx ends, then gives back what was not begun, waits until all
// that was begun has its answer, and returns.
func (l *Loop) round(ctx context.Context) {
	// Handlers see the end only after stopping is set: what they then cannot
	// finish is given back, not kept.
	stopping := new(atomic.Bool)
	l.stopping.Store(stopping)
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { stopping.Store(true); cancel() })()
	var wg sync.WaitGroup
	wg.Go(func() { l.pull(ctx) })
	wg.Go(func() { l.keepAlive(ctx) })
	calls := make(chan struct{}, l.o.Parallel)
	for {
		select { // first: what is taken from the queue is begun at once
		case calls <- struct{}{}:
		case <-ctx.Done():
		}
		batch := l.next(ctx)
		if batch == nil {
			break
		}
		wg.Go(func() {
			defer func() { <-calls }()
			l.o.Handler(work, batch)
		})
	}
	l.giveBack()
	wg.Wait()
	l.drain()
}

// drain waits until every message has its answer. What is kept or comes back in
// the meantime is given back.
func (l *Loop) drain() {
	for {
		l.mu.Lock()
		changed := l.change() // first: what is kept after giveBack is a change
		l.mu.Unlock()
		l.giveBack()
		l.mu.Lock()
		left := len(l.inFlight)
		l.mu.Unlock()
		if left == 0 {
			return
		}
		<-changed
	}
}

// next returns the next batch, or nil when ctx ends.
func (l *Loop) next(ctx context.Context) []*Msg {
	for ctx.Err() == nil {
		batch, wait, changed := l.due(time.Now())
		if batch != nil {
			return batch
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer:
		case <-changed:
		}
	}
	return nil
}

// due returns a batch to be tried now, or how long to wait for one; 0 is until
// something changes.
func (l *Loop) due(now time.Time) (batch []*Msg, wait time.Duration, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.backoff > 0 && now.Before(l.resume) {
		return nil, l.resume.Sub(now), l.change()
	}
	still := l.later[:0]
	for _, m := range l.later {
		if left := m.notBefore.Sub(now); left > 0 {
			still = append(still, m)
			if wait == 0 || left < wait {
				wait = left
			}
		} else {
			l.queue = append(l.queue, m)
		}
	}
	l.later = still
	if n := min(len(l.queue), l.o.Batch); n > 0 {
		batch = l.queue[:n:n]
		l.queue = l.queue[n:]
	}
	return batch, wait, l.change()
}

// MostInFlight is how many messages a loop with such options has at most: what its
// handler's calls can take, plus one round to come.
func MostInFlight(batch, parallel int) int { return batch * (parallel + 1) }

// forget takes a message off those in flight; the lock is held.
func (l *Loop) forget(m *Msg) {
	if _, is := l.inFlight[m]; is {
		delete(l.inFlight, m)
		l.bytes -= len(m.Data())
	}
}

// room waits until a pull is worth it, and returns for how many messages. When
// all that is in flight keeps failing, it may not be a server that is down, but
// these messages: now and then one more is taken to find out.
func (l *Loop) room(ctx context.Context) int {
	size := MostInFlight(l.o.Batch, l.o.Parallel)
	probe := time.NewTimer(probeEvery)
	defer probe.Stop()
	for {
		l.mu.Lock()
		changed, free := l.change(), size-len(l.inFlight)
		waits := l.backoff > 0 || l.bytes >= l.o.Bytes
		l.mu.Unlock()
		if !waits && free >= max(1, l.o.Batch/2) {
			return free
		}
		select {
		case <-ctx.Done():
			return 0
		case <-changed:
		case <-probe.C:
			if free > 0 {
				return 1
			}
			probe.Reset(probeEvery)
		}
	}
}

// pull fetches for as long as ctx lasts. An error is a server that is away.
func (l *Loop) pull(ctx context.Context) {
	var c Source
	for ctx.Err() == nil {
		n := l.room(ctx)
		if n == 0 {
			return
		}
		var err error
		if c == nil {
			if c, err = l.o.Consumer(ctx); err == nil {
				l.lost.Store(false) // a pull that has nothing to do lasts for minutes
			}
		}
		if err == nil {
			err = c.Pull(ctx, n, l.o.PullFor, func(m jetstream.Msg) { l.take(&Msg{Msg: m, loop: l}) })
		}
		l.lost.Store(err != nil)
		if err != nil && ctx.Err() == nil {
			if l.o.Missing != nil && gone(err) {
				if serr := l.o.Missing(ctx); serr != nil {
					l.o.Log.Warn("cannot make what is missing", zap.String("loop", l.o.Name), zap.Error(serr))
				}
			}
			l.o.Log.Warn("cannot pull, trying again", zap.String("loop", l.o.Name), zap.Error(err))
			c = nil
			sleep(ctx, time.Second)
		}
	}
}

// take queues a message that was pulled.
func (l *Loop) take(m *Msg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight[m] = struct{}{}
	l.bytes += len(m.Data())
	l.queue = append(l.queue, m)
	l.signal()
}

// change is closed at the next change; the lock is held.
func (l *Loop) change() <-chan struct{} {
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.changed
}

// signal wakes those who wait for a change; the lock is held.
func (l *Loop) signal() {
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
