package projection_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"homing/pkg/bus"
	"homing/pkg/config"
	"homing/pkg/connect"
	"homing/pkg/control"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/place"
	"homing/pkg/projection"
	"homing/pkg/timeline"
)

// worker is what a process has that works with customers in a Redis that may be replaced.
type worker struct {
	guard    *projection.Guard
	store    *projection.Customers
	timeline *timeline.Timeline
	lines    connect.Lines
	to       atomic.Pointer[homingtest.RedisServer] // that new connections lead to
	claim    atomic.Pointer[customer.Entry]         // whose touch it is about to send
	slow     time.Duration                          // how long it takes to hear
	ends     bool                                   // when it has heard
}

const held = 4711

func startWorker(t *testing.T, js jetstream.JetStream, host string, to *homingtest.RedisServer, slow time.Duration, ends bool) *worker {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &worker{guard: projection.NewGuard(false), timeline: timeline.New(js), slow: slow, ends: ends}
	w.to.Store(to)
	w.lines.From = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, w.to.Load().Addr())
	}
	c := config.Default()
	c.Redis.URL = config.URL(to.URL())
	open := func(onConnect func(context.Context, *redis.Conn) error) redis.UniversalClient {
		rdb, err := connect.Redis(&c, w.lines.Dial, onConnect)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = rdb.Close() })
		return rdb
	}
	w.store = projection.New(open(w.guard.OnConnect), w.guard)
	home := place.NewResident(place.Options{JS: js, Host: host})
	log := zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)).Named(host)
	controls := control.New(control.Options{JS: js, Timeline: w.timeline, Stores: []string{"main"}, Now: time.Now, Log: log, Process: host,
		Confirm: 400 * time.Millisecond, Look: func(ctx context.Context) error {
			news, err := home.News(ctx)
			if news {
				time.Sleep(w.slow)
				w.guard.Distrust()
				w.lines.Drop()
				if w.ends {
					cancel()
				}
			}
			return err
		}})
	rebuilder := projection.NewRebuilder(open(nil), w.guard, w.timeline, projection.RebuildOptions{Stores: []string{"main"}, Log: log,
		Handover: projection.Handover{Agreement: home, Hear: controls.UnknownAfter(), Reconnect: w.lines.Drop, Reclaim: w.reclaim}})
	running := make(chan struct{}, 2)
	go func() { controls.Run(ctx); running <- struct{}{} }()
	go func() { rebuilder.Run(ctx); running <- struct{}{} }()
	t.Cleanup(func() { cancel(); <-running; <-running })
	eventually(t, "ready", func() bool { return w.guard.Ready() == nil })
	return w
}

// reclaim writes the claim of what it is about to send.
func (w *worker) reclaim(ctx context.Context, to *projection.Customers) error {
	e := w.claim.Load()
	if e == nil {
		return nil
	}
	return claims(ctx, to, *e)
}

func claims(ctx context.Context, s *projection.Customers, e customer.Entry) error {
	for range 20 {
		r, err := s.Load(ctx, []customer.Key{e.Key})
		if err != nil {
			return err
		}
		r[0].Customer.SetClaim(customer.Claim{Touch: held, State: customer.Open, Lease: 1})
		if ok, err := s.Save(ctx, []*customer.Record{&r[0]}); err != nil || ok[0] {
			return err
		}
	}
	return errors.New("the customer keeps changing")
}

// takes takes an event in as intake does: folded, appended, marked.
func (w *worker) takes(ctx context.Context, e customer.Entry) error {
	epoch, entries := w.store.Epoch(), []customer.Entry{e}
	if err := w.store.Fold(ctx, entries); err != nil {
		return err
	}
	if err := w.timeline.Append(ctx, entries); err != nil {
		return err
	}
	return w.store.MarkIn(ctx, epoch, entries)
}

// A replica is promoted, and one of two processes finds it at once. The other is still
// connected to the former master, which goes on as one, as it does behind sentinels for
// seconds: it takes events in there, and claims a touch. By the time that anybody trusts
// the new master, the other has stopped, and what it did there is in the new one.
func TestNoTwoProcessesUseTwoRedises(t *testing.T) {
	t.Parallel()
	for name, ends := range map[string]bool{"goes on": false, "ends when it has heard": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handover(t, ends)
		})
	}
}

func handover(t *testing.T, ends bool) {
	old := homingtest.StartRedis(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := strings.Cut(old.Addr(), ":")
	next := homingtest.StartRedis(t, "--repl-diskless-sync-delay", "0", "--replicaof", host+" "+port)
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	a, b := startWorker(t, js, "a", old, 500*time.Millisecond, ends), startWorker(t, js, "b", old, 0, false)
	promoted := homingtest.Redis(t, next.AdminURL())
	ctx := t.Context()

	entry := func(n int) customer.Entry { return order(ids(t).Key("main", fmt.Sprint("C-", 10_000+n)), n, n%100) }
	if err := a.takes(ctx, entry(0)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a copy", func() bool {
		info, err := promoted.Info(ctx, "replication").Result()
		return err == nil && strings.Contains(info, "master_link_status:up")
	})
	if err := promoted.ReplicaOf(ctx, "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	// Under way in the old one:
	touch := entry(1)
	if err := claims(ctx, a.store, touch); err != nil {
		t.Fatal(err)
	}
	a.claim.Store(&touch)
	taken := 0
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
			}
			e := entry(n)
			for a.takes(ctx, e) != nil {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
			taken++
		}
	}()
	time.Sleep(50 * time.Millisecond)
	// New connections lead to the new one; b's are lost, and a's are not.
	a.to.Store(next)
	b.to.Store(next)
	b.lines.Drop()
	began := time.Now()
	eventually(t, "a gives the old one up", func() bool {
		_, _ = b.store.Load(ctx, []customer.Key{touch.Key}) // it has something to do
		return a.guard.Epoch() > 0
	})
	t.Logf("given up after %v", time.Since(began))
	var r []customer.Record
	eventually(t, "b trusts the new one", func() bool {
		var err error
		r, err = b.store.Load(ctx, []customer.Key{touch.Key})
		return err == nil
	})
	t.Logf("trusted after %v", time.Since(began))
	if k, ok := r[0].Customer.Claimed(held); !ends && (!ok || k.State != customer.Open) {
		t.Error("a touch that is being sent has no claim in the new Redis")
	}
	for n := range 3 * customer.Buckets { // whose marks are above what the other one did
		if err := b.takes(ctx, entry(1_000_000+n)); err != nil {
			t.Fatalf("taking in by the one that trusts: %v", err)
		}
	}
	close(stop)
	<-done
	if n, err := homingtest.Redis(t, old.AdminURL()).ClientList(ctx).Result(); err != nil || strings.Count(n, "user=homing") > 0 {
		t.Errorf("somebody is still connected to the old one (%v):\n%s", err, n)
	}
	onTimeline(t, a.timeline, projection.New(homingtest.Redis(t, next.URL()), nil), taken)
}

// onTimeline fails unless a Redis has all that is on the timeline, which has so many orders.
func onTimeline(t *testing.T, of *timeline.Timeline, in *projection.Customers, atLeast int) {
	t.Helper()
	buckets := make([]uint8, customer.Buckets)
	for b := range buckets {
		buckets[b] = uint8(b)
	}
	var all []customer.Entry
	if err := of.Read(t.Context(), "main", buckets, 1, 1<<62, func(batch []customer.Entry) error {
		all = append(all, slices.Clone(batch)...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(all) < atLeast || atLeast < 10 {
		t.Errorf("%d entries are on the timeline, and %d were taken in", len(all), atLeast)
	}
	t.Logf("%d entries", len(all))
	missing := 0
	for _, e := range all {
		r, err := in.Load(t.Context(), []customer.Key{e.Key})
		if err != nil {
			t.Fatal(err)
		}
		if !r[0].Found() {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d entries of the timeline are not in Redis", missing, len(all))
	}
}
