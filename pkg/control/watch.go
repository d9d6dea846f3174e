package control

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// lasting is for how long something fails, without a success in between, before
	// it is a hold: what mends itself at once is nobody's business.
	lasting = 10 * time.Second
	// hush is how long after a hold began the same process begins it anew: replicas
	// that do not see the same must not answer each other all day.
	hush = time.Minute
	// hurry is for how long a hold that was just ended is not ended again.
	hurry = time.Second
)

// A Watch makes holds of the system of one worker: they begin when what its mail
// needs fails and goes on failing, and end at the first success, in whichever
// replica. It is safe for concurrent use. What it cannot write down now it does at
// the next failure or success.
type Watch struct {
	c      *Controls
	worker string
	stores []string
	now    func() time.Time // real time: servers do not fail faster on a fast clock

	mu    sync.Mutex
	since map[string]time.Time // of what fails, by hold and detail
	told  map[string]time.Time // when a hold was begun
	ended map[string]time.Time // when one was
}

// Watch returns the watch of a worker in some stores.
func (c *Controls) Watch(worker string, stores []string) *Watch {
	return &Watch{c: c, worker: worker, stores: stores, now: time.Now,
		since: map[string]time.Time{}, told: map[string]time.Time{}, ended: map[string]time.Time{}}
}

func (w *Watch) hold(store, reason, detail string) (h Hold, id string) {
	h = Hold{Worker: w.worker, Store: store, Reason: reason, Detail: detail}
	return h, h.key() + " " + detail
}

// Failed says that something kept a mail of a store from leaving. detail tells
// what, to a person, where there is more than one such thing; sure is a failure
// that does not pass by itself, which need not last to be a hold. It reports
// whether the store should be passed by meanwhile: this lasts, and other stores of
// the worker have no such trouble.
func (w *Watch) Failed(ctx context.Context, store, reason, detail string, sure bool) (pass bool) {
	h, id := w.hold(store, reason, detail)
	now := w.now()
	w.mu.Lock()
	if w.since[id].IsZero() {
		w.since[id] = now
	}
	lasts := sure || now.Sub(w.since[id]) >= lasting
	others := slices.ContainsFunc(w.stores, func(s string) bool { _, other := w.hold(s, reason, detail); return w.since[other].IsZero() })
	tell := lasts && now.Sub(w.told[id]) >= hush && !w.c.inForce(h)
	if tell {
		w.told[id] = now
	}
	w.mu.Unlock()
	if tell {
		began, err := w.c.Hold(ctx, h)
		if began {
			w.c.o.Log.Error("held: mails wait", h.fields()...)
		}
		if err != nil {
			w.c.o.Log.Warn("cannot write a hold down, trying again", append(h.fields(), zap.Error(err))...)
			w.mu.Lock()
			delete(w.told, id)
			w.mu.Unlock()
		}
	}
	return lasts && others
}

// Worked says that what may fail did not.
func (w *Watch) Worked(ctx context.Context, store, reason, detail string) {
	h, id := w.hold(store, reason, detail)
	w.mu.Lock()
	delete(w.since, id)
	tell := w.c.inForce(h) && w.now().Sub(w.ended[id]) >= hurry
	if tell {
		w.ended[id] = w.now()
	}
	w.mu.Unlock()
	if !tell {
		return
	}
	ended, err := w.c.Release(ctx, h)
	if ended {
		w.c.o.Log.Info("goes on", h.fields()...)
	}
	if err != nil {
		w.c.o.Log.Warn("cannot end a hold, trying again", append(h.fields(), zap.Error(err))...)
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
		return o.Worker == h.Worker && o.Store == h.Store && o.Reason == h.Reason && o.Detail == h.Detail
	})
}
