package bus_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/bus"
	"homing/pkg/devstack"
	"homing/pkg/homingtest/lengthy"
)

// The server stops answering without a word, and the replica stops at that time: the
// pull gives up after a moment, and what nats.go makes of it later harms nobody.
func TestAPullEndsWhenTheServerIsSilent(t *testing.T) {
	lengthy.WithRace(t)
	t.Parallel()
	n, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	var silent atomic.Bool
	nc, err := nats.Connect(relayOf(t, n.Server().Addr().String(), &silent))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, []bus.Worker{worker}, time.Now()); err != nil {
		t.Fatal(err)
	}
	src, err := bus.Consumer(js, bus.Storefront, bus.IntakeConsumer)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- src.Pull(ctx, 10, 5*time.Minute, func(jetstream.Msg) {}) }()
	<-time.After(200 * time.Millisecond)
	silent.Store(true)
	cancel()
	select {
	case <-ended:
	case <-time.After(30 * time.Second): // as long as it would go on without the end of ctx, less as much
		t.Error("it waits for a server that says nothing")
	}
	<-time.After(11 * time.Second) // nats.go waits for ten, and then closes the subscription once more
}

// relayOf sits between a client and a server, and passes nothing on while it is
// silent.
func relayOf(t *testing.T, server string, silent *atomic.Bool) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	pass := func(to io.WriteCloser, from io.Reader) {
		defer func() { _ = to.Close() }()
		buf := make([]byte, 4096)
		for {
			n, err := from.Read(buf)
			for silent.Load() && t.Context().Err() == nil {
				<-time.After(5 * time.Millisecond)
			}
			if err != nil {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", server)
			if err != nil {
				_ = c.Close()
				return
			}
			go pass(s, c)
			go pass(c, s)
		}
	}()
	return "nats://" + l.Addr().String()
}
