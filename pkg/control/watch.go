package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/reason"
)

const (
	// lasting is for how long something fails, without a success in between, before
	// it is a hold: what recovers at once is nobody's business.
	lasting = 10 * time.Second
	// stale is after how long without a failure nobody knows any more: longer than
	// delivery puts a touch aside that is to try again.
	stale = 7 * time.Minute
	// hush is how long after a hold began the same process begins it again: replicas
	// that do not see the same must not answer each other all day.
	hush = 10 * time.Minute
	// unseen is for how long what was written may not have come back to us.
	unseen = 3 * time.Second
)

// A Watch makes holds of the system of one worker: they begin when what its email
// needs fails and goes on failing, and end at the first success, in whichever
// replica. It is safe for concurrent use. What it cannot write down now it does at
// the next failure or success.
type Watch struct {
	c      *Controls
	worker string
	stores []string

	mu     sync.Mutex
	fails  map[string]failure   // by hold and detail
	began  map[string]time.Time // when a hold was written down
	ended  map[string]time.Time // when its end was
	untold []transition
}

// failure is what goes on failing: since when, and until when at least. Real time:
// servers do not fail faster on a fast clock.
type failure struct{ since, last time.Time }

func (f failure) on(now time.Time) bool { return !f.last.IsZero() && now.Sub(f.last) < stale }

func (f failure) lasts(now time.Time) bool { return f.on(now) && f.last.Sub(f.since) >= lasting }

// transition is one whose fact does not stand on the timeline yet.
type transition struct {
	hold     Hold
	to       events.Type
	revision uint64
}

// Watch returns the watch of a worker in the stores in which it sends.
func (c *Controls) Watch(worker string, stores []string) *Watch {
	return &Watch{c: c, worker: worker, stores: stores,
		fails: map[string]failure{}, began: map[string]time.Time{}, ended: map[string]time.Time{}}
}

func (w *Watch) hold(store string, why reason.Reason, detail string) (h Hold, id string) {
	h = Hold{Worker: w.worker, Store: store, Reason: string(why), Detail: detail}
	return h, h.key() + " " + h.about()
}

// about is which thing a hold is about, where a worker and a store may have several for
// one reason: of templates and lists the detail says it. Of a relay, or a channel, there is one, and
// the detail is what it said last.
func (h Hold) about() string {
	if h.Reason == string(reason.SMTPDown) || h.Reason == string(reason.ChannelDown) {
		return ""
	}
	return h.Detail
}

// Failed says that something kept an email of a store from leaving. detail tells
// what, to a person, where there is more than one such thing; sure is a failure
// that does not pass by itself, which need not last to be a hold. It reports
// whether the store should be passed by for now: this lasts, and other stores of
// the worker have no such trouble.
func (w *Watch) Failed(ctx context.Context, store string, why reason.Reason, detail string, sure bool) (pass bool) {
	h, id := w.hold(store, why, detail)
	now := time.Now()
	w.mu.Lock()
	f := w.fails[id]
	if !f.on(now) {
		f.since = now
		if sure {
			f.since = now.Add(-lasting)
		}
	}
	f.last = now
	w.fails[id] = f
	begin := f.lasts(now) && now.Sub(w.began[id]) >= hush && !w.c.inForce(h)
	if begin {
		w.began[id] = now
	}
	w.mu.Unlock()
	if begin {
		w.begin(ctx, h, id)
	}
	w.tell(ctx)
	return w.Passed(store, why, detail)
}

// Passed reports whether a store is to be passed by, as Failed last said.
func (w *Watch) Passed(store string, why reason.Reason, detail string) bool {
	_, id := w.hold(store, why, detail)
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fails[id].lasts(now) && w.others(now, why, detail)
}

// Others reports whether a store of the worker has no such trouble.
func (w *Watch) Others(why reason.Reason, detail string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.others(time.Now(), why, detail)
}

func (w *Watch) others(now time.Time, why reason.Reason, detail string) bool {
	return slices.ContainsFunc(w.stores, func(s string) bool {
		_, other := w.hold(s, why, detail)
		return !w.fails[other].on(now) && !w.c.Paused(w.worker, s)
	})
}

// Worked says that what may fail did not.
func (w *Watch) Worked(ctx context.Context, store string, why reason.Reason, detail string) {
	h, id := w.hold(store, why, detail)
	now := time.Now()
	w.mu.Lock()
	delete(w.fails, id)
	end := (w.c.inForce(h) || now.Sub(w.began[id]) < unseen) && now.Sub(w.ended[id]) >= unseen
	if end {
		w.ended[id] = now
	}
	w.mu.Unlock()
	if end {
		w.end(ctx, h, id)
	}
	w.tell(ctx)
}

func (w *Watch) begin(ctx context.Context, h Hold, id string) {
	h.Since = w.c.o.Now().UTC().Truncate(time.Millisecond)
	did, revision, err := w.c.create(ctx, h)
	switch {
	case err != nil:
		w.c.o.Log.Warn("cannot write a hold down, trying again", append(h.fields(), zap.Error(err))...)
		w.mu.Lock()
		delete(w.began, id)
		w.mu.Unlock()
	case did:
		w.c.o.Log.Error("held: emails wait", h.fields()...)
		w.note(transition{h, events.TypeWorkerHeld, revision})
	}
}

func (w *Watch) end(ctx context.Context, h Hold, id string) {
	did, stored, err := w.c.remove(ctx, h)
	switch {
	case err != nil:
		w.c.o.Log.Warn("cannot end a hold, trying again", append(h.fields(), zap.Error(err))...)
		w.mu.Lock()
		delete(w.ended, id)
		w.mu.Unlock()
	case did:
		w.c.o.Log.Info("goes on", h.fields()...)
		w.note(transition{stored, events.TypeWorkerResumed, stored.revision})
	}
}

func (w *Watch) note(t transition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.untold = append(w.untold, t)
}

// tell puts the facts on the timeline that are not there yet, in their order.
func (w *Watch) tell(ctx context.Context) {
	w.mu.Lock()
	todo := w.untold
	w.untold = nil
	w.mu.Unlock()
	for i, t := range todo {
		if err := w.c.tell(ctx, t.hold, t.to, t.revision); err != nil {
			w.c.o.Log.Warn("cannot tell of a hold, trying again", append(t.hold.fields(), zap.Error(err))...)
			w.mu.Lock()
			w.untold = append(todo[i:], w.untold...)
			w.mu.Unlock()
			return
		}
	}
}

func (h Hold) fields() []zap.Field {
	return []zap.Field{zap.String("worker", h.Worker), zap.String("store", h.Store), zap.String("reason", h.Reason), zap.String("detail", h.Detail)}
}

// inForce reports whether a hold of the system is, as far as is known here.
func (c *Controls) inForce(h Hold) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.holds, func(o Hold) bool {
		return o.key() == h.key() && o.about() == h.about()
	})
}
