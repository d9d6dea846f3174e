package projection_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/intake"
	"homing/pkg/projection"
	"homing/pkg/timeline"
)

// shop is an intake between a real NATS and a real Redis.
type shop struct {
	t         *testing.T
	js        jetstream.JetStream
	guard     *projection.Guard
	store     *projection.Customers // behind the guard
	raw       *projection.Customers
	timeline  *timeline.Timeline
	rebuilder *projection.Rebuilder
	intake    *intake.Intake
	loop      *bus.Loop
	published uint64
}

func openShop(t *testing.T, s *homingtest.RedisServer) *shop {
	t.Helper()
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	o := &shop{t: t, js: js, guard: projection.NewGuard(false), timeline: timeline.New(js)}
	o.store = projection.New(guarded(t, s.URL(), o.guard), o.guard)
	o.raw = projection.New(homingtest.Redis(t, s.URL()), nil)
	o.rebuilder = projection.NewRebuilder(homingtest.Redis(t, s.URL()), o.guard, o.timeline,
		projection.RebuildOptions{Stores: []string{"main"}, Log: zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))})
	o.intake = intake.New(intake.Options{Identity: ids(t), Customers: o.store, Timeline: o.timeline, Stores: []string{"main"},
		Business: func(t time.Time) time.Time { return t }})
	o.loop = o.run(o.intake.Handle)
	return o
}

// run runs a loop that takes events in.
func (o *shop) run(handler bus.Handler) *bus.Loop {
	l := bus.NewLoop(bus.LoopOptions{Name: "intake", Consumer: bus.Consumer(o.js, bus.Storefront, bus.IntakeConsumer),
		Handler: handler, Reject: bus.RejectTo(o.js), Batch: 32, Log: zap.NewNop()})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	o.t.Cleanup(func() { cancel(); <-done })
	return l
}

const people = 40

// orders publishes n orders and, if asked, waits until they are taken in.
func (o *shop) orders(n int, wait bool) {
	o.t.Helper()
	for range n {
		n := o.published + 1
		e := order(customer.Key{}, int(n%people), 0).Event
		e.ID = fmt.Sprint("e", n)
		e.Time = e.Time.Add(time.Duration(n) * time.Minute)
		e.Data.(*events.OrderPlaced).Order.ID = fmt.Sprint(n)
		o.publish(e)
	}
	if wait {
		eventually(o.t, "taken in", func() bool { return o.loop.Handled() >= o.published })
	}
}

// thanks settles a touch of each customer, as delivery does once the relay
// accepted the email: folded, appended, marked.
func (o *shop) thanks() []customer.Entry {
	o.t.Helper()
	var out []customer.Entry
	for n := range people {
		out = append(out, thanked(ids(o.t).Key("main", fmt.Sprint("C-", 10_000+n)), n, 0))
	}
	ctx := o.t.Context()
	if err := errors.Join(o.store.Fold(ctx, out), o.timeline.Append(ctx, out), o.store.Mark(ctx, out)); err != nil {
		o.t.Fatal(err)
	}
	return out
}

// entries is the whole timeline.
func (o *shop) entries() []customer.Entry {
	o.t.Helper()
	var out []customer.Entry
	buckets := make([]uint8, customer.Buckets)
	for b := range buckets {
		buckets[b] = uint8(b)
	}
	err := o.timeline.Read(o.t.Context(), "main", buckets, 1, 1<<62, func(batch []customer.Entry) error {
		out = append(out, batch...)
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

// behind counts the entries that Redis does not hold. Each must lie above its
// bucket's mark: that a mark is there proves every fold up to it.
func (o *shop) behind(entries []customer.Entry) int {
	o.t.Helper()
	marks, err := o.raw.Marks(o.t.Context(), "main")
	if err != nil {
		o.t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		r := load(o.t, o.raw, e.Key)
		if customer.Apply(&r.Customer, e.Event) {
			n++
			if e.Sequence <= marks[e.Key.Bucket] {
				o.t.Errorf("entry %d is lost, and the mark of bucket %d is %d", e.Sequence, e.Key.Bucket, marks[e.Key.Bucket])
			}
		}
	}
	return n
}

// aof is the file that Redis appends its writes to.
func aof(t *testing.T, s *homingtest.RedisServer) (path string, size int64) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Dir(), "appendonlydir", "*.incr.aof"))
	if err != nil || len(found) != 1 {
		t.Fatalf("append-only files %v, %v", found, err)
	}
	info, err := os.Stat(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return found[0], info.Size()
}

// A Redis that does not sync is killed, and what it wrote last never reached its
// disk. All of it comes back from the timeline, before anybody reads a customer.
func TestARedisThatLosesItsTailIsFoldedUpToTheTimelineAgain(t *testing.T) {
	s := homingtest.StartRedis(t, "--appendfsync", "no", "--aof-load-truncated", "yes")
	o := openShop(t, s)
	if err := o.rebuilder.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.orders(300, true)
	path, kept := aof(t, s)
	o.orders(300, true)
	facts := o.thanks()
	_, all := aof(t, s)
	epoch := o.guard.Epoch()

	s.Kill()
	if err := os.Truncate(path, kept+(all-kept)/3); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	entries := o.entries()
	lost := o.behind(entries)
	t.Logf("%d of %d entries were lost with %d of %d bytes", lost, len(entries), (all-kept)*2/3, all)
	if lost < 100 {
		t.Fatalf("only %d entries were lost: the test shows nothing", lost)
	}
	if k, ok := claim(load(t, o.raw, facts[0].Key), facts[0]); ok {
		t.Fatalf("the claim on an email that was sent is there still: %+v", k)
	}

	o.orders(50, false) // come in while nobody may touch a customer
	if _, err := o.store.Load(t.Context(), []customer.Key{facts[0].Key}); err == nil {
		t.Fatal("a customer was read from a Redis that lost its tail")
	}
	eventually(t, "distrusted", func() bool { return errors.Is(o.guard.Ready(), projection.ErrRebuilding) && o.guard.Epoch() > epoch })

	if err := o.rebuilder.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := o.behind(entries); n != 0 {
		t.Errorf("%d entries are missing after the refold", n)
	}
	for _, f := range facts {
		if k, ok := claim(load(t, o.store, f.Key), f); !ok || k.State != customer.Sent {
			t.Errorf("the claim of %s is %+v: the email would be sent again", f.Event.ID, k)
		}
	}
	eventually(t, "at work again", func() bool { return o.loop.Handled() >= o.published })
	after := o.entries()
	if want := len(entries) + 50; len(after) != want {
		t.Errorf("%d entries on the timeline, want %d", len(after), want)
	}
	complete(t, o.store, after)
}

func claim(r customer.Record, fact customer.Entry) (customer.Claim, bool) {
	return r.Customer.Claimed(customer.ClaimKey(fact.Event.Data.(events.Fact).Body().Touch))
}

func TestARedisThatWasReplacedByAnEmptyOneIsFilled(t *testing.T) {
	s := homingtest.StartRedis(t, "--appendfsync", "no")
	o := openShop(t, s)
	if err := o.rebuilder.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.orders(60, true)
	facts := o.thanks()
	s.Kill()
	if err := os.RemoveAll(filepath.Join(s.Dir(), "appendonlydir")); err != nil {
		t.Fatal(err)
	}
	s.Restart()
	if n := o.behind(o.entries()); n < 60+len(facts) {
		t.Fatalf("%d entries are missing of an empty Redis", n)
	}
	if err := o.rebuilder.Prove(t.Context()); err != nil {
		t.Fatal(err)
	}
	complete(t, o.store, o.entries())
	if got := load(t, o.store, facts[0].Key); len(got.Timeline()) == 0 || strings.TrimSpace(got.Version) == "" {
		t.Errorf("the record has %d entries and version %q", len(got.Timeline()), got.Version)
	}
}
