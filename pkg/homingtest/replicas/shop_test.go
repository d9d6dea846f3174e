package replicas

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/homingtest"
)

// replicas is how many processes share the work.
const replicas = 3

// config is what an operator writes. Marketing leaves at any hour: the tests run
// whenever they are run.
const config = `
nats: {url: %q, replicas: %d%s}
redis: {url: %q}
smtp: {url: "smtp+insecure://%s", connections: %d%s}
http: {listen: "127.0.0.1:%d", gateway: "127.0.0.1:%d", public_url: %q}
secret_file: %q
templates: {dir: %q, source: %s}
stores:
  main: {name: Example Shop, url: "https://shop.example", from: "Example Shop <hello@shop.example>",
         postal_address: "1 High Street, Exampleton", time_zone: Europe/London, locale: en, currency: GBP}
%s`

// connections are those of one replica to the sink.
const connections = 8

// Fragments of configuration.
const (
	unpaced   = `pacing: {quiet_hours: {from: "00:00", to: "00:00"}, throughput: {per_second: 0}, frequency: []}` + "\n"
	marketing = "workers: {thank-you: {class: marketing}}\n"
)

// shop is one installation: servers, and replicas of Homing.
type shop struct {
	t        *testing.T
	nats     *natsServer
	redis    *homingtest.RedisServer
	redisURL string // in the place of a Redis of its own
	natsURL  string
	copies   int // of each stream
	sink     *homingtest.Sink
	sinkAddr string
	relay    string // in the place of the sink
	more     string // configuration
	natsMore string // of the section nats
	// partitions is over how many the streams are split; zero: one. shares are what each
	// replica is told to run, in the place of all.
	partitions bus.Partitions
	shares     [][]string
	smtp       string // of the section smtp
	program    string // that replicas run; empty: this version's
	source     string // of the templates; empty: files
	js         jetstream.JetStream
	replicas   []*replica
}

// open starts the servers and n replicas, and waits until all of them are ready.
// answer is the sink's, and may be nil.
func open(t *testing.T, n int, more string, answer func(command, arg string) string) *shop {
	t.Helper()
	s := &shop{t: t, nats: startNATS(t), copies: 1, more: more}
	s.natsURL = s.nats.url
	s.open(n, answer)
	return s
}

// open is open with a NATS that has been started.
func (s *shop) open(n int, answer func(command, arg string) string) {
	t := s.t
	t.Helper()
	s.sink = &homingtest.Sink{Answer: answer}
	if s.redisURL == "" {
		s.redis = homingtest.StartRedis(t)
		s.redisURL = s.redis.URL()
	}
	var err error
	if s.sinkAddr, err = s.sink.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sink.Close)
	s.sinkAddr = cmp.Or(s.relay, s.sinkAddr)
	nc, err := nats.Connect(s.natsURL, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if s.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	if s.js = bus.Split(s.js, s.partitions); s.partitions > 1 {
		s.natsMore = fmt.Sprintf(", partitions: %d", s.partitions)
	}
	starting <- struct{}{}
	defer func() { <-starting }()
	for i := range n {
		var share []string
		if s.shares != nil {
			share = s.shares[i]
		}
		s.replicas = append(s.replicas, s.newReplica(share...))
	}
	for _, r := range s.replicas {
		r.awaitReady()
	}
}

// starting are the shops whose replicas start: unlike what follows, that is no waiting but
// work, a second of a processor for each replica.
var starting = make(chan struct{}, runtime.NumCPU())

// replica is one `homing run`.
type replica struct {
	t             *testing.T
	program       string
	config        string // path
	log           string // path
	listen, links int    // ports: of health and metrics, and of the gateway
	share         []string
	cmd           *exec.Cmd
}

// newReplica starts one more replica, which runs a share, or all.
func (s *shop) newReplica(share ...string) *replica {
	s.t.Helper()
	r := s.prepare(share...)
	r.start()
	return r
}

// prepare is newReplica without the start.
func (s *shop) prepare(share ...string) *replica {
	s.t.Helper()
	dir := s.t.TempDir()
	if s.program == "" {
		s.program = program(s.t)
	}
	r := &replica{t: s.t, program: s.program, config: filepath.Join(dir, "homing.yaml"), log: filepath.Join(dir, "log"),
		listen: homingtest.FreePort(s.t), links: homingtest.FreePort(s.t), share: share}
	templates, err := filepath.Abs(filepath.Join(root, "templates"))
	if err != nil {
		s.t.Fatal(err)
	}
	secret := filepath.Join(dir, "secret")
	text := fmt.Sprintf(config, s.natsURL, s.copies, s.natsMore, s.redisURL, s.sinkAddr, connections, s.smtp, r.listen, r.links, homingtest.PublicURL, secret, templates, cmp.Or(s.source, "files"), s.more)
	if err := errors.Join(os.WriteFile(secret, []byte(homingtest.Secret), 0o600), os.WriteFile(r.config, []byte(text), 0o600)); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if r.cmd == nil {
			return
		}
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		if s.t.Failed() {
			r.tell()
		}
	})
	return r
}

func (r *replica) start() {
	r.t.Helper()
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	r.cmd = r.command(append([]string{"run"}, r.share...)...)
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
}

// command is a homing command with this replica's configuration.
func (r *replica) command(args ...string) *exec.Cmd {
	cmd := exec.Command(r.program, append(args, "--config", r.config)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "HOMING_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// tell shows the end of the log.
func (r *replica) tell() {
	text, _ := os.ReadFile(r.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	r.t.Logf("the end of a replica's log:\n%s", strings.Join(lines[max(0, len(lines)-15):], "\n"))
}

func (r *replica) awaitReady() {
	r.t.Helper()
	until(r.t, "a replica being ready", time.Minute, func() bool {
		res, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", r.listen))
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the replica as a crash would.
func (r *replica) kill() {
	r.t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Errorf("a replica ended by itself: %v", err)
	}
	_ = r.cmd.Wait()
}

// restart kills the replica and starts it again.
func (r *replica) restart() {
	r.t.Helper()
	r.kill()
	r.start()
}

// stop stops the replica as an operator would. It must end well, and in time.
func (r *replica) stop() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Errorf("a replica ended by itself: %v", err)
		return
	}
	began := time.Now()
	kill := time.AfterFunc(stopWithin, func() { _ = r.cmd.Process.Kill() })
	defer kill.Stop()
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("a replica was told to stop and ended after %v: %v", time.Since(began).Round(time.Millisecond), err)
	}
}

// stopWithin is a little more than `homing run` gives itself.
const stopWithin = 35 * time.Second

func (s *shop) stop() {
	s.t.Helper()
	for _, r := range s.replicas {
		r.stop()
	}
}

// homing runs a command to its end, which must be a good one.
func (s *shop) homing(args ...string) string {
	s.t.Helper()
	cmd := s.replicas[0].command(args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("homing %s: %v\n%s%s", strings.Join(args, " "), err, out, complaint.String())
	}
	return string(out)
}

// happens publishes what happened, in this order, and returns when the stream
// has all of it.
func (s *shop) happens(all ...events.Event) {
	s.t.Helper()
	var acks []jetstream.PubAckFuture
	for _, e := range all {
		body, err := events.Encode(e)
		if err != nil {
			s.t.Fatal(err)
		}
		ack, err := s.js.PublishAsync(events.Subject(e.Store, e.Type), body, jetstream.WithStallWait(10*time.Second))
		if err != nil {
			s.t.Fatal(err)
		}
		acks = append(acks, ack)
	}
	for _, a := range acks {
		select {
		case <-a.Ok():
		case err := <-a.Err():
			s.t.Fatal(err)
		case <-time.After(20 * time.Second):
			s.t.Fatal("NATS does not acknowledge what was published")
		}
	}
}

// takenIn waits until everything published has been taken in.
func (s *shop) takenIn() {
	s.t.Helper()
	until(s.t, "all being taken in", 30*time.Second, func() bool {
		c, err := s.js.Consumer(s.t.Context(), bus.Storefront, bus.IntakeConsumer)
		return err == nil && c.CachedInfo().NumPending == 0 && c.CachedInfo().NumAckPending == 0
	})
}

// event is something that happened some time ago.
func event(id string, ago time.Duration, data events.Data) events.Event {
	at := time.Now().Add(-ago).UTC().Truncate(time.Millisecond)
	return events.Event{ID: id, Source: "/test", Type: data.Type(), Store: "main", Time: at, Data: data}
}

// orders are those of n customers, c-0 and so on, of each as many, placed so
// long ago that the thanks are due at once. prefix tells them from others.
func orders(prefix string, n, each int) []events.Event {
	var out []events.Event
	for i := range n * each {
		number := fmt.Sprintf("%s%d", prefix, i)
		out = append(out, event("e-"+number, 31*time.Minute, homingtest.Order(fmt.Sprintf("c-%d", i%n), number)))
	}
	return out
}
