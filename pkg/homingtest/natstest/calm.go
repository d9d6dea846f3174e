package natstest

import (
	"sync/atomic"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/nats-io/nats-server/v2/server"
)

// nats-server reports its statistics every ten seconds, looks after its log every
// second, and reads a clock of its own that ticks ten times a second. It has no
// option for any of them.

//go:linkname statsHBInterval github.com/nats-io/nats-server/v2/server.statsHBInterval
var statsHBInterval time.Duration

//go:linkname changeRateLimitLogInterval github.com/nats-io/nats-server/v2/server.(*Server).changeRateLimitLogInterval
func changeRateLimitLogInterval(*server.Server, time.Duration)

//go:linkname options github.com/nats-io/nats-server/v2/server.(*Server).getOpts
func options(*server.Server) *server.Options

// clockUsers counts who needs the server's clock: the first starts its ticker.
//
//go:linkname clockUsers github.com/nats-io/nats-server/v2/server/ats.refs
var clockUsers atomic.Int64

//go:linkname clock github.com/nats-io/nats-server/v2/server/ats.utime
var clock atomic.Int64

func init() {
	statsHBInterval = Rarely
	clockUsers.Add(1) // so that no server is the first; see tick
}

// calm has the server wake up only for what it is there for. Nobody has connected yet.
func calm(s *server.Server) {
	changeRateLimitLogInterval(s, Rarely)
	options(s).PingInterval = Rarely
}

// tick has the server's clock show the time there is, in a bubble the fake one,
// until stop is called. What is in memory is looked at every ten seconds until it
// was of no use for ten seconds by that clock, and a clock of real time would
// hardly move.
func tick(every time.Duration) (stop func()) {
	clock.Store(time.Now().UnixNano())
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case now := <-t.C:
				clock.Store(now.UnixNano())
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-done }
}
