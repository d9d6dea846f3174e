// Package natstest starts a NATS inside the process for a test. It imports
// nothing that is built on NATS, so that the tests of every package may use it.
package natstest

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/devstack"
)

// Rarely is how often things happen that are of no use to a test. On fake time,
// needless wake-ups are nearly all that a day costs.
const Rarely = 12 * time.Hour

// mostMemory is what streams in memory may have: room is kept for their limits.
const mostMemory = 8 << 30

// NATS is a server and a connection to it. Both are closed when the test ends.
type NATS struct {
	Server *devstack.NATS
	Conn   *nats.Conn
	JS     jetstream.JetStream
	stop   func()
}

// Start starts a NATS that keeps its streams in dir, which a test in a
// testing/synctest bubble makes before the bubble.
func Start(t testing.TB, dir string) *NATS {
	t.Helper()
	// Every sync is a wake-up of every stream; nothing here survives a crash anyway.
	// An hour: any more often, and a busy server would read again what it had in memory.
	stop := sync.OnceFunc(tick(time.Hour))
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: -1, SyncInterval: Rarely, MaxMemory: mostMemory})
	if err != nil {
		t.Fatal(err)
	}
	n := &NATS{Server: srv, stop: stop}
	t.Cleanup(func() {
		n.Close()
		EmptyPools()
	})
	calm(srv.Server())
	n.Conn, n.JS = n.Connect(t)
	return n
}

// Connect opens a further connection, as another replica has it.
func (n *NATS) Connect(t testing.TB, opts ...jetstream.JetStreamOpt) (*nats.Conn, jetstream.JetStream) {
	t.Helper()
	nc, err := n.Server.Connect(nats.PingInterval(Rarely))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return nc, js
}

// Close closes the connection and stops the server. Calling it again does nothing.
func (n *NATS) Close() {
	if n.Conn != nil {
		n.Conn.Close()
	}
	n.Server.Stop()
	n.stop()
}

// EmptyPools has the collector drop what libraries keep in a sync.Pool: clients
// keep timers there, and one of a bubble must not be used outside of it.
func EmptyPools() {
	runtime.GC() // the first moves what is pooled aside,
	runtime.GC() // the second drops it
}
