package statistics_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/bus"
	"homing/pkg/customer"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/product"
	"homing/pkg/segment"
	"homing/pkg/statistics"
	"homing/pkg/timeline"
)

var noon = time.Date(2025, 6, 10, 12, 0, 0, 0, time.UTC)

// people are the customers of the store main.
type people []customer.Record

func (p people) Scan(_ context.Context, store string, fn func([]customer.Record) error) error {
	if store != "main" {
		return nil
	}
	return fn(p)
}

// Named says that all are alone at their mailbox.
func (p people) Named(_ context.Context, rs []customer.Record) ([]int, error) {
	return make([]int, len(rs)), nil
}

func (p people) Read(context.Context, []customer.Ask, ...customer.Key) ([]customer.Person, error) {
	return nil, errors.New("nobody is to be read")
}

func regular(n int) people {
	var out people
	for i := range n {
		var c customer.Customer
		for j := range 3 {
			d := &events.OrderPlaced{Customer: events.Customer{ID: fmt.Sprint("c", i)},
				Order: events.Order{ID: fmt.Sprint(i, "-", j), Items: []events.Item{{ProductID: "tea", Quantity: 1}}}}
			customer.Apply(&c, events.Event{ID: d.Order.ID, Type: d.Type(), Time: noon.AddDate(0, 0, 30*j), Data: d})
		}
		out = append(out, customer.Record{Customer: c})
	}
	return out
}

func open(t *testing.T) (jetstream.JetStream, *timeline.Timeline) {
	t.Helper()
	js := natstest.Start(t, t.TempDir()).JS
	if _, err := bus.Setup(t.Context(), js, bus.Limits{}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	return js, timeline.New(js)
}

func process(js jetstream.JetStream, tl *timeline.Timeline, who people) *statistics.Statistics {
	return statistics.New(statistics.Options{JS: js, Stores: []string{"main", "outlet"}, Customers: who, People: who, Timeline: tl,
		Nobody: func(store string) customer.Key {
			return customer.Key{Store: store, Bucket: 9, Token: "nobodynobodynobo"}
		}, Now: func() time.Time { return noon }, Log: zap.NewNop()})
}

// says appends what a shop says of a product.
func says(t *testing.T, tl *timeline.Timeline, store string, bucket uint8, p events.Product) {
	t.Helper()
	d := &events.ProductUpdated{Product: p}
	e := customer.Entry{Key: customer.Key{Store: store, Bucket: bucket}, Event: events.Event{ID: p.ID, Source: "/shop", Store: store, Type: d.Type(), Time: time.Now().UTC().Truncate(time.Millisecond), Data: d}}
	if err := tl.Append(t.Context(), []customer.Entry{e}); err != nil {
		t.Fatal(err)
	}
}

func refresh(t *testing.T, c *statistics.Statistics, store string) *product.Snapshot {
	t.Helper()
	s, err := c.Refresh(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatOneProcessComputesTheOthersLoad(t *testing.T) {
	js, tl := open(t)
	says(t, tl, "main", 3, events.Product{ID: "tea", SupplyDays: 40})
	says(t, tl, "main", 200, events.Product{ID: "cup", Available: new(bool)})
	says(t, tl, "outlet", 3, events.Product{ID: "tea", SupplyDays: 7})
	early := process(js, tl, nil)
	if err := early.Update(t.Context(), "main"); err != nil || early.Of("main") != nil {
		t.Errorf("before anything was computed: %v, %+v", err, early.Of("main"))
	}
	computed := refresh(t, process(js, tl, regular(12)), "main")
	if p, _ := computed.Of("tea"); p.SupplyDays != 40 || p.Rhythm != (product.Rhythm{Days: 30, Intervals: 24, Customers: 12}) || computed.Customers != 12 {
		t.Errorf("%+v", computed)
	}
	if p, _ := computed.Of("cup"); !p.Unavailable() {
		t.Errorf("%+v", p)
	}
	another := process(js, tl, nil) // sees no customers, and need not
	if err := another.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(computed, another.Of("main")); d != "" {
		t.Errorf("-computed +opened:\n%s", d)
	}
	if p, ok := another.Of("outlet").Of("tea"); !ok || p.SupplyDays != 7 {
		t.Errorf("a store of which nothing was computed is computed at once: %+v", another.Of("outlet"))
	}
	if another.Of("nowhere") != nil {
		t.Error("an unknown store is known")
	}
}

// eventually waits for what another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 200 {
		if ok() {
			return
		}
		time.Sleep(50 * time.Millisecond) // servers in this process, on real time
	}
	t.Errorf("not after ten seconds: %s", what)
}

func TestARunningProcessHearsWhatIsNew(t *testing.T) {
	js, tl := open(t)
	writer := process(js, tl, regular(12))
	refresh(t, writer, "main")
	c := process(js, tl, nil)
	if err := c.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Run(ctx) }()
	defer func() { cancel(); <-done }()
	time.Sleep(100 * time.Millisecond) // until it listens; else it would hear ten minutes later

	says(t, tl, "main", 3, events.Product{ID: "tea", Available: new(bool)})
	eventually(t, "tea cannot be bought", func() bool { p, _ := c.Of("main").Of("tea"); return p.Unavailable() })
	if p, _ := c.Of("main").Of("tea"); p.Rhythm.Customers != 12 {
		t.Errorf("what customers do is forgotten: %+v", p)
	}
	says(t, tl, "main", 3, events.Product{ID: "tea", SupplyDays: 9})
	eventually(t, "tea lasts nine days", func() bool { p, _ := c.Of("main").Of("tea"); return p.SupplyDays == 9 && p.Unavailable() })

	refresh(t, process(js, tl, regular(30)), "main")
	eventually(t, "newer statistics", func() bool { return c.Of("main").Customers == 30 })
	if p, _ := c.Of("main").Of("tea"); p.SupplyDays != 9 || !p.Unavailable() {
		t.Errorf("what the shop said is forgotten: %+v", p)
	}
}

func TestAProcessCanBeAskedToCompute(t *testing.T) {
	js, tl := open(t)
	if err := statistics.Ask(t.Context(), js.Conn(), "main"); !errors.Is(err, statistics.ErrNobody) {
		t.Errorf("nobody is there: %v", err)
	}
	c := process(js, tl, regular(5))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); c.Serve(ctx) }()
	defer func() { cancel(); <-done }()
	eventually(t, "somebody answers", func() bool { return statistics.Ask(t.Context(), js.Conn(), "main") == nil })
	reader := process(js, tl, nil)
	if err := reader.Update(t.Context(), "main"); err != nil || reader.Of("main").Customers != 5 {
		t.Errorf("%+v, %v", reader.Of("main"), err)
	}
	if err := statistics.Ask(t.Context(), js.Conn(), "nowhere"); err == nil || errors.Is(err, statistics.ErrNobody) {
		t.Errorf("an unknown store: %v", err)
	}
}

func TestWhatFailsIsAnError(t *testing.T) {
	js, tl := open(t)
	c := process(js, tl, regular(1))
	js.Conn().Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := c.Refresh(ctx, "main"); err == nil {
		t.Error("Refresh: no error")
	}
	if err := c.Open(ctx); err == nil {
		t.Error("Open: no error")
	}
	if err := c.Update(ctx, "main"); err == nil {
		t.Error("Update: no error")
	}
}

// An order of which the shop knows no customer counts for its products.
func TestOrdersOfNobodyCountForProducts(t *testing.T) {
	js, tl := open(t)
	c := process(js, tl, people{})
	for _, o := range []events.Order{
		{ID: "1", Items: []events.Item{{ProductID: "tea"}, {ProductID: "pot"}, {ProductID: "tea"}}}, {ID: "1", Items: []events.Item{{ProductID: "tea"}}},
		{ID: "2", Items: []events.Item{{ProductID: "tea"}}}, {ID: "3", Test: true, Items: []events.Item{{ProductID: "tea"}}},
	} {
		d := &events.OrderPlaced{Order: o}
		e := customer.Entry{Key: customer.Key{Store: "main", Bucket: 9, Token: "nobodynobodynobo"}, Event: events.Event{ID: "e" + o.ID, Source: "/shop", Store: "main", Type: d.Type(), Time: noon, Data: d}}
		if err := tl.Append(t.Context(), []customer.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	says(t, tl, "main", 3, events.Product{ID: "tea", SupplyDays: 30})
	s, err := c.Refresh(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Products["tea"].Buyers; got != 2 {
		t.Errorf("%d bought tea, want 2", got)
	}
}

// Statistics are computed anew while a process reads those of before, whose content goes
// as soon as the new ones are there.
func TestWhatIsReplacedWhileItIsReadIsReadAgain(t *testing.T) {
	js, tl := open(t)
	writer, reader := process(js, tl, people{}), process(js, tl, people{})
	if _, err := writer.Refresh(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "OBJ_"+bus.ProductsBucket)
	if err == nil {
		err = stream.Purge(t.Context(), jetstream.WithPurgeSubject("$O."+bus.ProductsBucket+".C.>"))
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began, done := time.Now(), make(chan error)
	go func() { done <- reader.Update(ctx, "main") }()
	time.Sleep(100 * time.Millisecond)
	if _, err := writer.Refresh(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || reader.Of("main") == nil || time.Since(began) > 20*time.Second {
		t.Errorf("%v after %v, and knows %v", err, time.Since(began), reader.Of("main"))
	}
}

// Who is in which segment is counted in the same pass, by what the shop says of its
// products as well.
func TestSegmentsAreCountedWithTheProducts(t *testing.T) {
	js, tl := open(t)
	says(t, tl, "main", 3, events.Product{ID: "tea", Category: "Drinks"})
	says(t, tl, "main", 4, events.Product{ID: "pot", Category: "Drinks"})
	of := func(text string) segment.Expression {
		x, err := segment.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	set := segment.NewSet(segment.Expressions{"drinkers": of(`bought_category("Drinks", 365)`), "others": of(`bought_category("drinks")`), "seen": of(`not holdout`)})
	who := regular(12)
	c := statistics.New(statistics.Options{JS: js, Stores: []string{"main"}, Customers: who, People: who, Timeline: tl,
		Nobody: func(store string) customer.Key {
			return customer.Key{Store: store, Bucket: 9, Token: "nobodynobodynobo"}
		}, Now: func() time.Time { return noon.AddDate(0, 0, 90) }, Log: zap.NewNop(),
		Segments: func(string) (*segment.Set, func(*segment.Input)) {
			return set, func(in *segment.Input) { in.Holdout = in.Customer.ID.Value == "c3" }
		}})
	refresh(t, c, "main")
	another := process(js, tl, nil)
	if err := another.Update(t.Context(), "main"); err != nil {
		t.Fatal(err)
	}
	s := another.Of("main").Segmented()
	if !s.Known() || s.Customers != 12 || s.Buyers != 12 || s.Counts["drinkers"] != 12 || s.Counts["others"] != 0 || s.Counts["seen"] != 11 || s.Counts["active"] != 12 {
		t.Errorf("%+v", s)
	}
	if got := another.Of("main").Category("tea"); got != "Drinks" {
		t.Errorf("%q", got)
	}
	if _, known := another.Of("main").Of("pot"); known {
		t.Error("of a product that nobody bought its category alone is kept")
	}
	says(t, tl, "main", 4, events.Product{ID: "pot", Category: "Pots"})
	says(t, tl, "main", 3, events.Product{ID: "tea", Category: "Teas"})
	if err := another.Update(t.Context(), "main"); err != nil || another.Of("main").Category("tea") != "Teas" || another.Of("main").Category("pot") != "" {
		t.Errorf("%v, %q", err, another.Of("main").Category("tea"))
	}
}
