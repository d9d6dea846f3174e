package connect

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"homing/pkg/config"
)

const (
	// look is how often a connection that is away is asked why: nats.go tells nobody
	// about a reconnect that fails at TLS or at the login.
	look = 250 * time.Millisecond
	// silent is how long nothing may be heard before that is said.
	silent = 1500 * time.Millisecond
	// rarely is how often the same kind of trouble of a connection that is there is
	// said.
	rarely = 10 * time.Second
)

// watcher logs how a connection to NATS fares: each trouble once, until it is back.
type watcher struct {
	url config.URL
	log *zap.Logger

	mu    sync.Mutex
	last  error                // what kept us from connecting, as far as nats.go tells
	words map[string]bool      // said since it was last there
	kinds map[string]time.Time // troubles of a connection that is there
}

// note is told why there is no connection, as far as nats.go tells.
func (w *watcher) note(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = err
}

// async is told about what does not end a connection, such as a right that is missing.
func (w *watcher) async(err error) {
	kind := err.Error()
	kind = kind[:min(len(kind), 60)] // what follows is a subject, often a random one
	w.mu.Lock()
	said := time.Since(w.kinds[kind]) < rarely
	if !said {
		if len(w.kinds) > 100 {
			clear(w.kinds)
		}
		w.kinds[kind] = time.Now()
	}
	w.mu.Unlock()
	if !said {
		w.log.Warn("NATS", zap.Error(err))
	}
}

// run follows the connection until it is closed.
func (w *watcher) run(nc *nats.Conn) {
	changes := nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.CLOSED)
	defer nc.RemoveStatusListener(changes)
	for since := time.Now(); ; {
		var next <-chan time.Time
		switch nc.Status() {
		case nats.CLOSED:
			return
		case nats.CONNECTED:
			w.there(nc)
			since = time.Time{}
		default:
			if since.IsZero() {
				since = time.Now()
			}
			w.away(nc.LastError(), time.Since(since))
			next = time.After(look)
		}
		select {
		case <-changes:
		case <-next:
		}
	}
}

// there says that a connection is back.
func (w *watcher) there(nc *nats.Conn) {
	w.mu.Lock()
	back := len(w.words) > 0
	clear(w.words)
	w.last = nil
	w.mu.Unlock()
	if back {
		w.log.Info("NATS is back", zap.String("server", nc.ConnectedServerName()), zap.String("version", nc.ConnectedServerVersion()))
	}
}

// away says why a connection is not there, if that was not said yet.
func (w *watcher) away(err error, since time.Duration) {
	w.mu.Lock()
	if err == nil {
		err = w.last
	}
	words := ""
	switch {
	case err != nil:
		words = Trouble(err)
	case since >= silent:
		words = "it does not answer"
	}
	say := words != "" && !w.words[words]
	if say {
		w.words[words] = true
	}
	w.mu.Unlock()
	if say {
		w.log.Warn("waiting for NATS", zap.Stringer("nats.url", w.url), zap.String("why", words), zap.Error(err))
	}
}
