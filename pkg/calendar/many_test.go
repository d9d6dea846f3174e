package calendar_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// counting counts the records that are read.
type counting struct {
	*projection.Customers
	read atomic.Int64
}

func (c *counting) Load(ctx context.Context, keys []customer.Key) ([]customer.Record, error) {
	c.read.Add(int64(len(keys)))
	return c.Customers.Load(ctx, keys)
}

// Among many customers those whom today concerns are found without reading the
// others. How many are many depends on the build tag; see `make bench-calendar`.
func TestTodaysDatesAreFoundAmongMany(t *testing.T) {
	server := homingtest.StartRedis(t, "--appendonly", "no")
	s := openShop(t, server.URL(), "2026-06-01T09:07:00Z")
	s.limit = many
	began := time.Now()
	s.populate(many)
	t.Logf("%d customers were taken in within %v", many, time.Since(began).Round(time.Millisecond))
	used := s.info("memory", "used_memory")

	births, lapses := s.concerned()
	t.Logf("today tells %d birthdays and %d lapses", births, lapses)
	if births == 0 || lapses == 0 {
		t.Fatal("today concerns nobody: the test shows nothing")
	}
	for _, name := range []string{"the first sweep", "the next day's"} {
		c := &counting{Customers: projection.New(homingtest.Redis(t, s.url), nil)}
		before, began := s.info("commandstats", "cmdstat_hgetall"), time.Now()
		if _, err := s.replica(func(o *calendar.Options) { o.Customers = c }).Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := int64(len(s.said))
		s.said = nil
		t.Logf("%s: %v, %d events, %d records read, %s → %s", name, time.Since(began).Round(time.Millisecond), told, c.read.Load(), before, s.info("commandstats", "cmdstat_hgetall"))
		if name == "the first sweep" && told != int64(births+lapses) {
			t.Errorf("%d were told, want %d", told, births+lapses)
		}
		if read := c.read.Load(); read > told+told/5+10 {
			t.Errorf("%d records were read to tell %d events", read, told)
		}
		s.clock.forward(1, 0)
	}
	t.Logf("used_memory %s with all, %s after", used, s.info("memory", "used_memory"))
}

// populate takes people in: one to five orders within three years, half of them
// with a birthday.
func (s *shop) populate(people int) {
	s.t.Helper()
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() error {
			r := rand.New(rand.NewPCG(uint64(w), 7))
			var batch []customer.Entry
			for i := w; i < people; i += workers {
				who := events.Customer{ID: fmt.Sprint("C-", i), Email: fmt.Sprint("c", i, "@mail.example"), FirstName: "Ann", TimeZone: "Europe/London"}
				if r.IntN(2) == 0 {
					who.Birthday = fmt.Sprintf("19%02d-%02d-%02d", 50+r.IntN(50), 1+r.IntN(12), 1+r.IntN(28))
				}
				key := s.ids.Key("main", who.ID)
				at := s.clock.Add(-time.Duration(r.IntN(3*365*24*60)) * time.Minute)
				for n := range 1 + r.IntN(5) {
					d := &events.OrderPlaced{Customer: who, Order: events.Order{ID: fmt.Sprintf("%d-%d", i, n), Items: []events.Item{{ProductID: "tea-1", Quantity: 1}}}}
					batch = append(batch, customer.Entry{Key: key, Event: events.Event{ID: d.Order.ID, Source: "/s", Store: "main", Type: d.Type(), Time: at, Data: d}})
					at = at.Add(-time.Duration(r.IntN(200*24*60)) * time.Minute)
				}
				if len(batch) >= 1000 || i+workers >= people {
					if err := s.store.Fold(context.Background(), batch); err != nil {
						return err
					}
					batch = batch[:0]
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		s.t.Fatal(err)
	}
}

// info returns a line of what Redis says of itself.
func (s *shop) info(section, field string) string {
	s.t.Helper()
	text, err := s.rdb.Info(s.t.Context(), section).Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			return v
		}
	}
	return "nothing"
}

// concerned counts, by looking at everybody, whose dates are to be told now.
func (s *shop) concerned() (births, lapses int) {
	s.t.Helper()
	near := map[string]bool{}
	for d := range 4 { // 76 hours ahead
		near[s.clock.AddDate(0, 0, d).Format("01-02")] = true
	}
	err := s.store.Scan(context.Background(), "main", func(rs []customer.Record) error {
		for _, r := range rs {
			if b := r.Customer.Birthday.Value; b != "" && near[b[len(b)-5:]] {
				births++
			}
			if at := r.Customer.LastOrderAt().AddDate(0, 0, 180); !at.After(s.clock.Time) && !at.Before(s.clock.AddDate(0, 0, -7)) {
				lapses++
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return births, lapses
}
