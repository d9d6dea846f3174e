package announcement_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/announcement"
	"homing/pkg/bus"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/devstack"
	"homing/pkg/homingtest"
	"homing/pkg/product"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/schedule"
	"homing/pkg/timeline"
	"homing/pkg/touch"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const shop = `
stores:
  main:
    name: Example Shop
    url: "https://shop.example"
    from: "Example Shop <hello@shop.example>"
    postal_address: 1 High Street, Exampleton
    locale: en
    currency: GBP
workers:
  announcements: {status: live}
`

// house is a store's customers in a real Redis, and a real NATS.
type house struct {
	t         testing.TB
	js        jetstream.JetStream
	ids       *customer.Identity
	customers *projection.Customers
	stores    map[string]*programme.Store
	entries   announcement.Entries
	schedule  *schedule.Schedule
	known     *product.Snapshot // what the night found out; nil: nothing yet
}

func open(t testing.TB, people int) *house {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	srv, err := devstack.StartNATS(devstack.NATSOptions{Dir: t.TempDir()})
	must(err)
	t.Cleanup(srv.Stop)
	nc, err := nats.Connect("", nats.InProcessServer(srv.Server()))
	must(err)
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	must(err)
	_, err = bus.Setup(t.Context(), js, bus.Limits{}, []bus.Worker{{Name: announcement.Worker, ByHand: true}}, time.Now())
	must(err)
	ids, err := customer.NewIdentity(homingtest.Secret)
	must(err)
	c, err := config.Parse("test", []byte(shop), nil, programme.WorkerNames())
	must(err)
	stores, err := programme.Open(c, ids)
	must(err)
	rdb := homingtest.Redis(t, homingtest.StartRedis(t).URL())
	h := &house{t, js, ids, projection.New(rdb, nil), stores, announcement.Entries{JS: js}, schedule.New(js, clock.Scale{}), nil}
	h.populate(people)
	return h
}

func (h *house) populate(people int) {
	h.t.Helper()
	var batch []customer.Entry
	for i := range people {
		who := events.Customer{ID: fmt.Sprint("C-", i), Email: fmt.Sprint("c", i, "@mail.example"), FirstName: "Ann", TimeZone: "Europe/London",
			Consent: &events.Consent{Email: events.Subscribed}}
		d := &events.OrderPlaced{Customer: who, Order: events.Order{ID: fmt.Sprint(i), Items: []events.Item{{ProductID: "tea-1", Quantity: 1}}}}
		batch = append(batch, customer.Entry{Key: h.ids.Key("main", who.ID), Event: events.Event{ID: d.Order.ID, Source: "/s", Store: "main", Type: d.Type(), Time: time.Now().Add(-time.Hour), Data: d}})
		if len(batch) < 1000 && i+1 < people {
			continue
		}
		if err := h.customers.Fold(context.Background(), batch); err != nil {
			h.t.Fatal(err)
		}
		batch = batch[:0]
	}
}

// process returns what plans in a process of its own.
func (h *house) process(c announcement.Customers, s announcement.Schedule) *announcement.Planner {
	board := announcement.NewBoard(h.entries, time.Now)
	if err := board.Read(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return announcement.NewPlanner(announcement.Options{
		Board: board, Entries: h.entries, Stores: h.stores, Customers: c, Facts: timeline.New(h.js), Schedule: s, Scale: clock.Scale{}, Log: zap.NewNop(),
		Recipients: func(context.Context, string) (*announcement.Recipients, error) {
			return &announcement.Recipients{Store: h.stores["main"], People: projection.NewPeople(h.customers, h.ids), Products: h.known,
				Address: func(email string) string { return h.ids.Address("main", email) }}, nil
		},
	})
}

// run runs a process until something is so of the announcement.
func (h *house) run(p *announcement.Planner, so func(a *announcement.Announcement) bool) *announcement.Announcement {
	h.t.Helper()
	return h.runOf(p, "spring", so)
}

func (h *house) runOf(p *announcement.Planner, id string, so func(a *announcement.Announcement) bool) *announcement.Announcement {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { p.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	for range 6000 {
		a, err := h.entries.Get(ctx, "main", id)
		if err != nil {
			h.t.Fatal(err)
		}
		if so(a) {
			return a
		}
		<-time.After(10 * time.Millisecond)
	}
	h.t.Fatal("nothing of the kind within a minute")
	return nil
}

// noted keeps which touches were put, and dies after some pages.
type noted struct {
	announcement.Schedule
	pages int // then it fails; 0: never
	mu    sync.Mutex
	put   map[string]int
}

func (n *noted) Put(ctx context.Context, ts []touch.Touch) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.pages--; n.pages == 0 {
		return errors.New("it died")
	}
	for _, t := range ts {
		n.put[t.ID()]++
	}
	return n.Schedule.Put(ctx, ts)
}

func (n *noted) some() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.put) > 0
}

// soon is an announcement that is planned at once, since its time is near.
func (h *house) soon(id, who string) {
	h.t.Helper()
	d := right()
	d.ID, d.Who, d.Zone = id, who, "UTC"
	in := time.Now().UTC().Add(time.Hour)
	if err := d.At.UnmarshalText([]byte(in.Format("2006-01-02 15:04"))); err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.entries.Create(h.t.Context(), d, time.Now()); err != nil {
		h.t.Fatal(err)
	}
}

// A process dies while it plans, and another one begins again: all are planned, each under
// one id, and the counts are those of one walk.
func TestPlanningOutlivesItsProcess(t *testing.T) {
	const n = 3000
	h := open(t, n)
	h.soon("spring", "")
	first := &noted{Schedule: h.schedule, pages: 3, put: map[string]int{}}
	a := h.run(h.process(h.customers, first), func(a *announcement.Announcement) bool { return first.some() && a.Walk.Owner == "" })
	if !a.Planned.IsZero() {
		t.Fatal("it was planned all the same")
	}
	second := &noted{Schedule: h.schedule, put: map[string]int{}}
	a = h.run(h.process(h.customers, second), func(a *announcement.Announcement) bool { return !a.Planned.IsZero() })
	if a.Walk.Customers != n || a.Walk.Planned != n || a.State() != announcement.Sending {
		t.Errorf("%s, %+v", a.State(), a.Walk)
	}
	if scheduled, due, err := h.schedule.Count(t.Context(), announcement.Worker, "main", "newsletter", "spring"); err != nil || scheduled != n || due != 0 {
		t.Errorf("%d scheduled, %d due (%v), want %d", scheduled, due, err, n)
	}
	for id, times := range second.put {
		if times > 1 {
			t.Errorf("%s was put %d times in one walk", id, times)
		}
	}
}

// Where a walk left off it goes on, in the same Redis, and begins again in another.
func TestAWalkGoesOnWhereItWas(t *testing.T) {
	h := open(t, 3000)
	read := func(place string, most int) (seen int, resumed bool, next string) {
		stop := errors.New("enough")
		err := h.customers.ScanFrom(t.Context(), "main", place, func(is bool) { resumed = is }, func(batch []customer.Record, n string) error {
			seen, next = seen+len(batch), n
			if most > 0 && seen >= most {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
		return seen, resumed, next
	}
	some, resumed, place := read("", 1000)
	if resumed || place == "" || some >= 3000 {
		t.Fatalf("%d, resumed %v, at %q", some, resumed, place)
	}
	if rest, resumed, next := read(place, 0); !resumed || some+rest != 3000 || next != "" {
		t.Errorf("%d after %d, resumed %v, at %q", rest, some, resumed, next)
	}
	if all, resumed, _ := read("another/77", 0); resumed || all != 3000 {
		t.Errorf("in another Redis: %d, resumed %v", all, resumed)
	}
}

// BenchmarkPlanning puts an announcement to 100,000 customers on the schedule, as a process
// does, and publishes messages of the same kind and size alone: what planning costs is the
// ratio. The second is for a segment.
func BenchmarkPlanning(b *testing.B) {
	for name, who := range map[string]string{"all": "", "segment": `country != "US" and orders < 100 and not bought("gift-card", 90)`} {
		b.Run(name, func(b *testing.B) { benchmarkPlanning(b, who) })
	}
}

func benchmarkPlanning(b *testing.B, who string) {
	const n = 100_000
	h := open(b, n)
	if who != "" {
		h.night(b)
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		id := fmt.Sprint("spring-", i)
		h.soon(id, who)
		p := h.process(h.customers, h.schedule)
		runtime.GC() // what the customers left behind
		before := cpu(b)
		began := time.Now()
		h.runOf(p, id, func(a *announcement.Announcement) bool { return !a.Planned.IsZero() && a.Walk.Planned == n })
		took, used := time.Since(began), cpu(b)-before
		b.ReportMetric(n/took.Seconds(), "planned/s")
		b.ReportMetric(float64(used.Microseconds())/n, "cpu-µs/planned")
		began = time.Now()
		h.publishAll(b, id+"-alone", n)
		b.ReportMetric(took.Seconds()/time.Since(began).Seconds(), "times-publishing")
	}
}

// cpu is what this process has used, with NATS and without Redis.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// night has it be known who is in which segment.
func (h *house) night(b *testing.B) {
	k := product.NewCollector(time.Now(), nil)
	k.Segment(h.stores["main"].Segments, nil)
	if err := h.customers.Scan(b.Context(), "main", func(batch []customer.Record) error {
		for i := range batch {
			k.Add(&batch[i].Customer)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	h.known = k.Snapshot()
	k.Segments(h.known)
}

// publishAll puts touches on the schedule that are there already.
func (h *house) publishAll(b *testing.B, id string, n int) {
	at := time.Now().Add(time.Hour)
	for from := 0; from < n; from += 500 {
		ts := make([]touch.Touch, 500)
		for i := range ts {
			key := h.ids.Key("main", fmt.Sprint("C-", from+i))
			ts[i] = touch.Touch{Worker: announcement.Worker, Step: "newsletter", Customer: key, Occasion: id, Due: at, Wake: at, Caused: at, Address: key.Token, Snapshot: &touch.Snapshot{}}
		}
		if err := h.schedule.Put(b.Context(), ts); err != nil {
			b.Fatal(err)
		}
	}
}
