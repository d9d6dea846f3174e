package homingtest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/clock"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/homingtest/lengthy"
	"homing/pkg/homingtest/natstest"
	"homing/pkg/installation"
	"homing/pkg/intake"
	"homing/pkg/projection"
	"homing/pkg/schedule"
	"homing/pkg/timeline"
	"homing/pkg/touch"
)

// town is a store with many customers, whose past is taken in as it always is.
type town struct {
	t      testing.TB
	nats   *natstest.NATS
	config *config.Config
	js     jetstream.JetStream
	ids    *customer.Identity
	now    time.Time
}

func newTown(t *testing.T) *town {
	t.Helper()
	srv := natstest.Start(t, t.TempDir())
	_, js := srv.Connect(t, jetstream.WithPublishAsyncMaxPending(8192))
	s := &town{t: t, nats: srv, js: js, config: homingtest.Config(t, ""), now: time.Now().UTC().Truncate(time.Second)}
	s.config.Redis.URL = config.URL(homingtest.StartRedis(t, "--appendonly", "no").URL())
	if _, err := app.SetupStreams(t.Context(), s.config, s.js); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.ids, err = customer.NewIdentity(homingtest.Secret); err != nil {
		t.Fatal(err)
	}
	return s
}

// settle has everybody live, and plans two emails for each.
func (s *town) settle(people, each int) {
	s.t.Helper()
	in := s.intake()
	sched := schedule.New(s.js, clock.Scale{})
	const block = 500 // people whose lives are mixed with each other's
	var g errgroup.Group
	g.SetLimit(4)
	for from := 0; from < people; from += block {
		g.Go(func() error {
			to := min(from+block, people)
			for n := range each {
				entries := make([]customer.Entry, 0, block)
				for i := from; i < to; i++ {
					entries = append(entries, s.moment(i, n, each))
				}
				if err := in.Take(context.Background(), entries); err != nil {
					return err
				}
			}
			var touches []touch.Touch
			for i := from; i < to; i++ {
				due := s.now.Add(time.Duration(1+i%240) * time.Hour)
				order := fmt.Sprintf("o-%d-%d", i, each-1)
				x := touch.Touch{Worker: "review-request", Step: "ask", Customer: s.key(i), Occasion: order, Due: due, Wake: due, Snapshot: &touch.Snapshot{Order: order}}
				y := x
				y.Step = "reminder"
				touches = append(touches, x, y)
			}
			return sched.Put(context.Background(), touches)
		})
	}
	if err := g.Wait(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *town) intake() *intake.Intake {
	return intake.New(intake.Options{Identity: s.ids, Customers: projection.New(homingtest.Redis(s.t, s.config.Redis.URL.Reveal()), nil),
		Timeline: timeline.New(s.js), Business: func(t time.Time) time.Time { return t }})
}

func (s *town) key(i int) customer.Key { return s.ids.Key("main", fmt.Sprint("C-", i)) }

// moment is the nth thing that happens to a customer: an order, or the delivery
// of the one before.
func (s *town) moment(i, n, each int) customer.Entry {
	at := s.now.Add(time.Duration(n-each) * 26 * time.Hour).Add(time.Duration(i%3600) * time.Second)
	who := events.Customer{ID: fmt.Sprint("C-", i), Email: fmt.Sprint("c", i, "@mail.example"), TimeZone: "Europe/Berlin"}
	id := fmt.Sprintf("o-%d-%d", i, n)
	var d events.Data = &events.OrderPlaced{Customer: who,
		Order: events.Order{ID: id, Items: []events.Item{{ProductID: "tea-1", Name: "Assam, 250 g", Quantity: 1}}}}
	if n%3 == 1 {
		d = &events.OrderDelivered{Customer: who, Order: events.OrderChange{ID: fmt.Sprintf("o-%d-%d", i, n-1)}}
	}
	return customer.Entry{Key: s.key(i), Event: events.Event{ID: id, Source: "/shop", Store: "main", Type: d.Type(), Time: at, Data: d}}
}

// Among many customers the story of one is told at once. How many are many
// depends on the build tag; see `make bench-why`.
func TestWhyIsQuickAmongMany(t *testing.T) {
	lengthy.Always(t)
	s := newTown(t)
	began := time.Now()
	s.settle(storyPeople, storyEntries)
	t.Logf("%d customers with %d timeline entries were taken in within %v", storyPeople, storyPeople*storyEntries, time.Since(began).Round(time.Second))
	r := rand.New(rand.NewPCG(1, 2))
	measure := func(name string, times int, o installation.WhyOptions, most time.Duration) {
		var took []time.Duration
		for range times {
			who := fmt.Sprint("C-", r.IntN(storyPeople))
			began := time.Now()
			l, err := installation.Open(installation.Options{Config: s.config, JS: s.js}) // as a command does, with a connection of its own
			if err != nil {
				t.Fatal(err)
			}
			told, err := l.Why(t.Context(), "main", who, o)
			took = append(took, time.Since(began))
			_ = l.Close()
			if err != nil || len(told.Story) != storyEntries || len(told.Pending) != 2 || len(told.Notes) != 0 {
				t.Fatalf("%s: %d lines, %d pending, notes %v: %v", who, len(told.Story), len(told.Pending), told.Notes, err)
			}
		}
		slices.Sort(took)
		at := func(share float64) time.Duration { return took[int(share*float64(len(took)-1))] }
		t.Logf("%s: median %v, 95 %% %v, slowest %v of %d", name, at(0.5), at(0.95), at(1), times)
		if most > 0 && at(0.95) > most {
			t.Errorf("%s: 95 %% take %v, more than %v", name, at(0.95), most)
		}
	}
	measure("why", storyAsks, installation.WhyOptions{}, storyLimit)
	measure("why --all", 20, installation.WhyOptions{All: true}, 0)
	l, err := installation.Open(installation.Options{Config: s.config, JS: s.js})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	began = time.Now()
	total := 0
	all, err := l.PendingByDay(t.Context(), 7, func(int) {})
	for _, c := range all {
		total += c.Total()
	}
	if err != nil || total != 2*storyPeople {
		t.Errorf("%d are pending, want %d: %v", total, 2*storyPeople, err)
	}
	t.Logf("pending: %d counted in %v", total, time.Since(began).Round(time.Millisecond))
}
