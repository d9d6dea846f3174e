//go:build linux

package homingtest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
)

// The disk of NATS is full, a real file system with no room on it. Nothing that was
// acknowledged is lost; once there is room and NATS has its JetStream again (a server
// switches it off at the first write that fails, until it is started again), Homing goes
// on by itself.
func TestTheDiskOfNATSIsFull(t *testing.T) {
	lengthy.Always(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("no file system of its own may be mounted here, this test did not run: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	server := startNATSAt(t, dir, 0)
	defer func() { server.Stop() }()
	redis, err := devstack.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Stop)
	sink := &homingtest.Sink{}
	t.Cleanup(sink.Close)
	c := homingtest.Config(t, "workers: {thank-you: {after: 3s}}\n")
	c.NATS.Streams.Storefront.MaxBytes, c.NATS.Streams.Rejected.MaxBytes = 0, 0
	c.NATS.URL, c.Redis.URL, c.HTTP.Listen, c.HTTP.Gateway = config.URL(server.URL()), config.URL(redis.URL()), "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(app.Options{Config: c, Log: zap.NewNop(), Templates: homingtest.Templates(), Load: homingtest.Load, RedisEmbedded: true, SMTPDial: sink.Dial})
	if err == nil {
		err = a.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	eventually(t, "ready", func() bool { return a.Ready() == nil })

	nc, err := nats.Connect(server.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	publish := func(n int) error {
		e := events.Event{ID: fmt.Sprint("e", n), Source: "/test", Type: events.TypeOrderPlaced, Store: "main", Time: time.Now().UTC(), Data: homingtest.Order(fmt.Sprint("c", n), fmt.Sprint("o", n))}
		body, err := events.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err = js.Publish(ctx, events.Subject("main", e.Type), body)
		return err
	}
	for ; stored < 20; stored++ {
		if err := publish(stored); err != nil {
			t.Fatal(err)
		}
	}
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	refused := false
	for n := 1000; n < 3000 && !refused; n++ { // what is acknowledged counts, what is not may be lost
		if err := publish(n); err != nil {
			refused = true
		} else {
			stored++
		}
	}
	if !refused {
		t.Fatal("NATS stored all that it was sent, with its disk full")
	}
	eventually(t, "not ready", func() bool { return a.Ready() != nil })
	t.Logf("stored %d; with the disk full: %v; %d emails left", stored, a.Ready(), len(sink.Mails()))

	// Nothing leaves whose fact cannot be written: those that were on their way, and no more.
	<-time.After(2 * time.Second)
	before := len(sink.Mails())
	<-time.After(5 * time.Second)
	if now := len(sink.Mails()); now != before {
		t.Errorf("%d emails left, and then %d, with nobody to say so", before, now)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	port := server.Server().Addr().String()
	server.Stop()
	server = startNATSAt(t, dir, portOf(t, port))
	eventually(t, "ready again", func() bool { return a.Ready() == nil })
	eventually(t, "all is sent", func() bool { return len(distinct(sink)) >= stored })
	eventually(t, "all has its fact", func() bool {
		n := 0
		for _, stream := range bus.Partitions(c.NATS.Partitions).Timelines() {
			s, err := js.Stream(t.Context(), stream)
			if err != nil {
				return false
			}
			i, err := s.Info(t.Context(), jetstream.WithSubjectFilter("timeline.main.*.email.sent"))
			if err != nil {
				return false
			}
			for _, of := range i.State.Subjects {
				n += int(of)
			}
		}
		return n >= stored
	})
	if n := len(distinct(sink)); n > len(sink.Mails()) || len(sink.Mails()) != n {
		t.Errorf("%d emails to %d customers", len(sink.Mails()), n)
	}
}

func distinct(s *homingtest.Sink) map[string]bool {
	out := map[string]bool{}
	for _, m := range s.Mails() {
		out[m.MessageID] = true
	}
	return out
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return a.Port
}

func startNATSAt(t *testing.T, dir string, port int) *devstack.NATS {
	t.Helper()
	s, err := devstack.StartNATS(devstack.NATSOptions{Dir: dir, Port: port})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill writes until there is no room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for b := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(b)
	}
	for b := make([]byte, 1); ; { // the last page
		if _, err := f.Write(b); err != nil {
			return
		}
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 900 {
		if is() {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatalf("not %s after 90 seconds", what)
}
