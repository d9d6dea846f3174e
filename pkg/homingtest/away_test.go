package homingtest_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/pkg/devstack"
	"homing/pkg/homingtest"
)

// Redis is killed and NATS is restarted, again and again, and the relay hangs up
// now and then, while two replicas send. Neither exits; both wait and go on,
// nothing is lost, and no marketing mail is sent twice.
func TestServersThatGoAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	redis := homingtest.StartRedis(t)
	var n atomic.Int64
	sink := &homingtest.Sink{Answer: func(command, _ string) string {
		if n.Add(1)%50 == 0 && command == "MAIL" {
			return homingtest.CutBefore
		}
		return ""
	}}
	addr, err := sink.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Close)
	ps := []*homingtest.Process{
		homingtest.StartProcess(t, server.URL(), redis.URL(), "smtp+insecure://"+addr, marketing),
		homingtest.StartProcess(t, server.URL(), redis.URL(), "smtp+insecure://"+addr, marketing),
	}
	nc, err := nats.Connect(server.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	const orders = 3000
	publishPastOrders(t, js, orders)
	port := server.Server().Addr().(*net.TCPAddr).Port
	for range 3 {
		<-time.After(300 * time.Millisecond)
		redis.Kill()
		<-time.After(500 * time.Millisecond)
		redis.Restart()
		<-time.After(300 * time.Millisecond)
		server.Stop()
		<-time.After(500 * time.Millisecond)
		if server, err = devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: port}); err != nil {
			t.Fatal(err)
		}
	}
	got := waitForOutcomes(t, js, orders)
	auditKills(t, sink, got, orders, 0, true)
	for i, p := range ps {
		if err := p.Stop(); err != nil {
			t.Errorf("replica %d did not stop cleanly: %v", i, err)
		}
	}
}
