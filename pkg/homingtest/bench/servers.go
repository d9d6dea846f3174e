package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/devstack"
	"homing/workers/thankyou"
)

// dirSpec tells a server where its files go.
type dirSpec struct {
	Dir string `json:"dir"`
}

func beginNATS(raw json.RawMessage) (*work, error) {
	var spec dirSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	n, err := devstack.StartNATS(devstack.NATSOptions{Dir: spec.Dir, Port: 0, SyncInterval: time.Second})
	if err != nil {
		return nil, err
	}
	return &work{ready: ready{Addr: n.URL()}, stop: func() error { n.Stop(); return nil }}, nil
}

var errNoRedis = errors.New("there is no redis-server on this machine: install it (Debian, Ubuntu: apt-get install redis-server) and try again")

// beginRedis watches over a real redis-server, so that it ends with its parent.
func beginRedis(raw json.RawMessage) (*work, error) {
	var spec dirSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errNoRedis
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	log := filepath.Join(spec.Dir, "redis.log")
	cmd := exec.Command(path, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", spec.Dir, "--logfile", log,
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--daemonize", "no")
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting redis-server: %w", err)
	}
	stop := func() error {
		_ = cmd.Process.Kill() // nothing it holds is wanted any more
		_ = cmd.Wait()
		return nil
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	rdb := openRedis(addr)
	defer rdb.Close()
	for end := time.Now().Add(10 * time.Second); rdb.Ping(context.Background()).Err() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			said, _ := os.ReadFile(log)
			return nil, errors.Join(fmt.Errorf("redis-server does not answer; it says:\n%s", said), stop())
		}
	}
	return &work{ready: ready{Addr: addr, PID: cmd.Process.Pid}, stop: stop}, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

func openRedis(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}})
}

// stack is a set of fresh servers: every part of the run has its own.
type stack struct {
	dir               string
	nats, redis, sink *child
	nc                *nats.Conn
	js                jetstream.JetStream
	rdb               *redis.Client
}

// newStack starts servers and makes Homing's streams.
func newStack(ctx context.Context) (s *stack, err error) {
	s = &stack{}
	defer func() {
		if err != nil {
			s.stop()
			s = nil
		}
	}()
	if s.dir, err = os.MkdirTemp("", "homing-bench-"); err != nil {
		return s, err
	}
	dir := func(name string) dirSpec { return dirSpec{filepath.Join(s.dir, name)} }
	if err = os.Mkdir(dir(taskRedis).Dir, 0o700); err != nil {
		return s, err
	}
	if s.redis, err = spawn(ctx, taskRedis, dir(taskRedis)); err != nil {
		return s, err
	}
	if s.nats, err = spawn(ctx, taskNATS, dir(taskNATS)); err != nil {
		return s, err
	}
	if s.sink, err = spawn(ctx, taskSink, sinkSpec{}); err != nil {
		return s, err
	}
	s.rdb = openRedis(s.redis.ready.Addr)
	if s.nc, s.js, err = connect(s.nats.ready.Addr); err != nil {
		return s, err
	}
	d := config.Default().NATS.Streams
	_, err = bus.Setup(ctx, s.js, bus.Limits{
		Replicas: 1, StorefrontMaxAge: d.Storefront.MaxAge, StorefrontMaxBytes: int64(d.Storefront.MaxBytes),
		RejectedMaxBytes: int64(d.Rejected.MaxBytes),
	}, []bus.Worker{{Name: thankyou.Name, Triggers: thankyou.Kind.Triggers, Horizon: thankyou.Kind.Horizon}}, time.Now())
	return s, err
}

// inFlight bounds the publishes that wait for their acks.
const inFlight = 8192

func connect(url string) (*nats.Conn, jetstream.JetStream, error) {
	nc, err := nats.Connect(url)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to %s: %w", url, err)
	}
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(inFlight))
	return nc, js, err
}

// stop ends the servers and removes their files.
func (s *stack) stop() {
	if s.nc != nil {
		s.nc.Close()
	}
	if s.rdb != nil {
		_ = s.rdb.Close()
	}
	for _, c := range []*child{s.sink, s.nats, s.redis} {
		if err := c.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	_ = os.RemoveAll(s.dir)
}
