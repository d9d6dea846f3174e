package calendar_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/calendar"
	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// clock is a business time that the test moves; real time is the same.
type clock struct{ time.Time }

func (c *clock) Now() time.Time                    { return c.Time }
func (c *clock) Real(t time.Time) time.Time        { return t }
func (c *clock) Business(t time.Time) time.Time    { return t }
func (c *clock) set(value string, t *testing.T)    { c.Time = at(t, value) }
func (c *clock) forward(days int, d time.Duration) { c.Time = c.AddDate(0, 0, days).Add(d) }

func at(t *testing.T, value string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, value)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// shop is a store with a calendar or more, whose events are gathered.
type shop struct {
	t     *testing.T
	url   string
	store *projection.Customers
	rdb   *redis.Client
	ids   *customer.Identity
	clock clock
	set   calendar.Settings
	limit int
	away  error // what publishing fails with

	mu   sync.Mutex
	said []events.Event
	left int
}

// lapsesAfter is a rule: so many days, and more of them for each order after the first, up
// to three times as long.
func lapsesAfter(days, more int) *calendar.Lapses {
	const day = 24 * time.Hour
	after := func(orders int) time.Duration { return time.Duration(min(days+(orders-1)*more, 3*days)) * day }
	return &calendar.Lapses{Soonest: time.Duration(days) * day, Rule: func(context.Context) (calendar.LapseRule, error) {
		latest := after(1)
		if more > 0 {
			latest = after(100)
		}
		return calendar.LapseRule{Latest: latest, After: after}, nil
	}}
}

func openShop(t *testing.T, url, now string) *shop {
	t.Helper()
	id, err := customer.NewIdentity(homingtest.Secret)
	if err != nil {
		t.Fatal(err)
	}
	rdb := homingtest.Redis(t, url)
	s := &shop{t: t, url: url, rdb: rdb, store: projection.New(rdb, nil), ids: id, limit: 5000,
		set: calendar.Settings{Zone: time.UTC, Birthdays: &calendar.Birthdays{}, Lapses: lapsesAfter(180, 0)}}
	s.clock.set(now, t)
	return s
}

// replica returns a calendar of a process of its own. with changes its options.
func (s *shop) replica(with ...func(o *calendar.Options)) *calendar.Calendar {
	rdb := homingtest.Redis(s.t, s.url)
	o := calendar.Options{
		Stores: map[string]calendar.Settings{"main": s.set}, CatchUp: 7 * 24 * time.Hour, DailyLimit: s.limit,
		Customers: projection.New(rdb, nil), People: projection.NewPeople(projection.New(rdb, nil), s.ids), Redis: rdb, Publish: s.publish, Scale: &s.clock, Log: zap.NewNop(),
		LeftOver: func(_ string, n int) { s.mu.Lock(); s.left += n; s.mu.Unlock() },
	}
	for _, f := range with {
		f(&o)
	}
	return calendar.New(o)
}

func (s *shop) publish(_ context.Context, es []events.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return s.away
	}
	s.said = append(s.said, es...)
	return nil
}

// sweep does the day's work, and all of it.
func (s *shop) sweep() {
	s.t.Helper()
	open, err := s.replica().Sweep(s.t.Context())
	if err != nil || open != 0 {
		s.t.Fatalf("%d turns are others', %v", open, err)
	}
}

// heard returns what was said since, by the names of the customers, sorted.
func (s *shop) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, e := range s.said {
		out = append(out, string(e.Type)[len("customer."):]+" "+e.Data.(events.CustomerData).Who().ID)
	}
	s.said = nil
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func (s *shop) expect(want string) {
	s.t.Helper()
	if got := s.heard(); got != want {
		s.t.Errorf("at %v: said %q, want %q", s.clock.Format(time.RFC3339), got, want)
	}
}

// happens folds an event that happens now, as intake does.
func (s *shop) happens(d events.Data) {
	s.t.Helper()
	who := d.(events.CustomerData).Who()
	e := events.Event{ID: fmt.Sprint(s.clock.UnixNano(), who.ID), Source: "/s", Store: "main", Type: d.Type(), Time: s.clock.Time, Data: d}
	if err := s.store.Fold(s.t.Context(), []customer.Entry{{Key: s.ids.Key("main", who.ID), Event: e}}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) born(id, birthday, zone string) {
	s.happens(&events.CustomerUpdated{Customer: events.Customer{ID: id, Birthday: birthday, TimeZone: zone}})
}

func (s *shop) orders(id string, daysAgo ...int) {
	now := s.clock.Time
	for _, d := range daysAgo {
		s.clock.Time = now.AddDate(0, 0, -d)
		s.happens(&events.OrderPlaced{Customer: events.Customer{ID: id}, Order: events.Order{ID: fmt.Sprint(id, "-", s.clock.Format("0601021504"))}})
	}
	s.clock.Time = now
}

func both(t *testing.T, now string, run func(t *testing.T, s *shop)) {
	homingtest.BothRedises(t, func(t *testing.T, url string) { run(t, openShop(t, url, now)) })
}

func TestBirthdaysAreToldOnceAYear(t *testing.T) {
	both(t, "2026-12-29T00:07:00Z", func(t *testing.T, s *shop) {
		s.born("guest:ann", "1990-01-01", "")
		s.born("bob", "--12-31", "Asia/Tokyo")
		s.born("cid", "1970-06-01", "")
		s.born("dot", "1970-12-28", "Pacific/Pago_Pago") // still today, there
		s.born("eve", "1970-12-28", "Europe/London")     // over
		s.sweep()
		year := map[string]int{}
		for _, e := range s.said {
			year[e.ID] = e.Data.(*events.CustomerBirthday).Year
		}
		want := map[string]int{"birthday-" + s.ids.Key("main", "guest:ann").Token + "-2027": 2027,
			"birthday-" + s.ids.Key("main", "bob").Token + "-2026": 2026, "birthday-" + s.ids.Key("main", "dot").Token + "-2026": 2026}
		if !maps.Equal(year, want) {
			t.Errorf("years by id %v, want %v", year, want)
		}
		s.expect("birthday bob, birthday dot, birthday guest:ann")
		for range 10 {
			s.clock.forward(1, 0)
			s.sweep()
			s.expect("")
		}
		s.clock.set("2027-12-29T13:07:00Z", t)
		s.sweep()
		s.expect("birthday bob, birthday guest:ann") // dot's is over; told a year before
	})
}

func TestABirthdayThatBecomesKnownLateIsToldUntilItIsOver(t *testing.T) {
	both(t, "2026-06-01T00:07:00Z", func(t *testing.T, s *shop) {
		s.sweep()
		s.born("ann", "--06-02", "")
		s.sweep()
		s.expect("") // today's is done
		s.clock.forward(1, 0)
		s.sweep()
		s.expect("birthday ann")
		s.born("ann", "--06-20", "") // a mistake put right
		s.clock.forward(15, 0)
		s.sweep()
		s.expect("birthday ann")
		s.born("bob", "--06-10", "")
		s.clock.forward(1, 0)
		s.sweep()
		s.expect("")
	})
}

func TestBirthdaysAfterAnOutage(t *testing.T) {
	both(t, "2026-06-01T00:07:00Z", func(t *testing.T, s *shop) {
		s.born("ann", "--06-09", "")
		s.born("bob", "--06-11", "")
		s.born("cid", "--06-12", "America/Los_Angeles")
		s.sweep()
		s.clock.set("2026-06-12T15:00:00Z", t)
		s.sweep()
		s.expect("birthday cid")
	})
}

func TestWhoWasErasedOrMergedHasNoBirthday(t *testing.T) {
	both(t, "2026-06-01T00:07:00Z", func(t *testing.T, s *shop) {
		s.born("ann", "--06-02", "")
		s.clock.forward(0, time.Minute)
		s.happens(&events.CustomerErased{Customer: events.Customer{ID: "ann"}})
		s.sweep()
		s.expect("")
	})
}

func TestLapsesAreToldOnceAnEpisode(t *testing.T) {
	both(t, "2026-06-01T08:07:00Z", func(t *testing.T, s *shop) {
		s.set.Lapses = lapsesAfter(180, 60)
		s.orders("ann", 183)
		s.orders("bob", 179)
		s.orders("cid", 401, 301, 201) // of three orders: 300 days
		s.orders("dot", 420, 301)      // long ago: going live tells nobody of it
		s.orders("eve", 900, 500, 140)
		s.orders("fay", 40, 20, 10)
		s.orders("gus", 185)
		s.happens(&events.CustomerLapsed{Customer: events.Customer{ID: "gus"}}) // the shop says so itself
		s.sweep()                                                               // yesterday's: it is before nine
		if len(s.said) != 1 || s.said[0].Data.(*events.CustomerLapsed).LastOrderAt.Format(time.DateOnly) != "2025-11-30" ||
			!strings.HasPrefix(s.said[0].ID, "lapse-"+s.ids.Key("main", "ann").Token+"-") || s.said[0].Source != "/homing/calendar" {
			t.Errorf("said %+v", s.said)
		}
		s.expect("lapsed ann")
		s.clock.forward(0, time.Hour)
		s.sweep()
		s.expect("")
		s.clock.forward(1, 0)
		s.sweep()
		s.expect("lapsed bob")
		var all []string
		for range 400 { // more than a year
			s.clock.forward(1, 0)
			if s.clock.YearDay()%5 == 0 { // outages shorter than catch_up
				s.sweep()
				if h := s.heard(); h != "" {
					all = append(all, s.clock.Format("2006-01-02 ")+h)
				}
			}
		}
		got := strings.Join(all, "; ")
		for _, want := range []string{"2026-09-", "lapsed cid", "2026-11-", "lapsed eve", "2027-03-", "lapsed fay"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s is not in %s", want, got)
			}
		}
		if strings.Count(got, "lapsed") != 3 {
			t.Errorf("said %s", got)
		}
		s.orders("ann", 239)
		s.clock.forward(1, 0)
		s.sweep()
		s.expect("lapsed ann")
	})
}

// Whose last order is known by an import alone lapsed before anybody could have written
// to them, or lapses like everybody else.
func TestALapseOfBeforeAnImportIsOfThePast(t *testing.T) {
	both(t, "2026-06-01T12:07:00Z", func(t *testing.T, s *shop) {
		now := s.clock.Time
		brings := func(id string, daysAgo int, received time.Time) {
			order := fmt.Sprint(id, "-", now.AddDate(0, 0, -daysAgo).Format("0601021504")) // as orders has it
			d := &events.OrderPlaced{Customer: events.Customer{ID: id}, Order: events.Order{ID: order}}
			e := events.Event{ID: id, Source: "/import", Store: "main", Type: d.Type(), Time: now.AddDate(0, 0, -daysAgo), Data: d, Historical: true, Received: received}
			if err := s.store.Fold(t.Context(), []customer.Entry{{Key: s.ids.Key("main", id), Event: e}}); err != nil {
				t.Fatal(err)
			}
		}
		brings("ann", 182, now.Add(-time.Hour))
		brings("bob", 182, now.AddDate(0, 0, -7)) // five days before the lapse
		brings("cid", 182, now.Add(-time.Hour))
		s.orders("cid", 182) // the shop had said so itself
		brings("dot", 179, now.Add(-time.Hour))
		s.sweep()
		s.expect("lapsed bob, lapsed cid")
		s.clock.forward(2, 0)
		s.sweep()
		s.expect("lapsed dot")
	})
}

func TestAnOutageLongerThanCatchUpLosesLapsesAndTellsNoneLate(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.orders("ann", 179)
		s.orders("bob", 178)
		s.sweep()
		s.clock.forward(8, time.Hour) // ann's seven days are over for an hour
		s.sweep()
		s.expect("lapsed bob")
	})
}

func TestAChangeOfTheRuleHoldsForEverybody(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.orders("ann", 91)
		s.orders("bob", 500, 400, 300) // of three orders: by the last rule they lapse today, by the others they did long ago
		s.orders("cid", 400, 300, 201)
		s.orders("dot", 120)
		s.clock.forward(-2, 0)
		s.sweep()
		s.expect("")
		s.clock.forward(1, 0)
		s.set.Lapses = lapsesAfter(90, 55)
		s.sweep()
		s.expect("lapsed ann, lapsed cid")
		s.clock.forward(1, 0)
		s.set.Lapses = lapsesAfter(120, 90)
		s.sweep()
		s.expect("lapsed bob, lapsed dot")
	})
}

func TestTheDailyLimitHoldsForAllReplicasAndLeavesTheRestForTomorrow(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		for i := range 50 {
			s.orders(fmt.Sprint("c", i), 181)
		}
		s.limit = 20
		told := 0
		for day, want := range []int{20, 20, 10, 0} {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if _, err := s.replica().Sweep(s.t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if n := len(s.said); n != want {
				t.Errorf("on day %d %d were told, want %d", day, n, want)
			}
			told += len(s.said)
			s.heard()
			if s.left != 50-told {
				t.Errorf("on day %d %d were left over, want %d", day, s.left, 50-told)
			}
			s.left = 0
			s.clock.forward(1, 0)
		}
	})
}

func TestTwoReplicasTellEachEventOnce(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		for i := range 60 {
			s.born(fmt.Sprint("c", i), "--06-03", "")
			s.orders(fmt.Sprint("c", i), 182)
		}
		var wg sync.WaitGroup
		for range 3 {
			c := s.replica()
			wg.Go(func() {
				if _, err := c.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		ids := map[string]int{}
		for _, e := range s.said {
			ids[e.ID]++
		}
		if len(ids) != 120 || len(s.said) != 120 {
			t.Errorf("%d events, %d of them different; want 120", len(s.said), len(ids))
		}
	})
}

func TestWhatCannotBePublishedIsToldLater(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		s.born("ann", "--06-03", "")
		s.orders("bob", 182)
		s.limit = 1
		s.away = errors.New("away")
		for range 3 {
			if _, err := s.replica().Sweep(t.Context()); !errors.Is(err, s.away) {
				t.Errorf("the error is %v", err)
			}
		}
		s.away = nil
		s.sweep() // neither the turns nor the day's limit were used up
		s.expect("birthday ann, lapsed bob")
	})
}

// A runner that dies while it works says nothing any more. What it had begun is
// done when its lease is over, and what it had told is not told again.
func TestARunnerThatDiesHalfWayIsReplaced(t *testing.T) {
	both(t, "2026-06-01T09:07:00Z", func(t *testing.T, s *shop) {
		for i := range 40 {
			s.born(fmt.Sprint("c", i), "--06-03", "")
		}
		died, never := make(chan struct{}), make(chan struct{})
		once := sync.OnceFunc(func() { close(died) })
		dying := s.replica(func(o *calendar.Options) {
			o.Publish = func(ctx context.Context, es []events.Event) error {
				err := s.publish(ctx, es[:1]) // the first one got out
				once()
				<-never // as a process that is no more
				return err
			}
		})
		go func() { _, _ = dying.Sweep(context.Background()) }()
		<-died
		open, err := s.replica().Sweep(t.Context())
		if err != nil || open == 0 || open > 32 {
			t.Fatalf("%d turns are the dead one's, %v", open, err)
		}
		s.expireTurns()
		s.sweep()
		ids := map[string]int{}
		for _, e := range s.said {
			ids[e.ID]++
		}
		if len(ids) != 40 || len(s.said) > 41 {
			t.Errorf("%d events, %d of them different; want 40 different", len(s.said), len(ids))
		}
	})
}

// expireTurns takes the leases away that nobody renews.
func (s *shop) expireTurns() {
	s.t.Helper()
	names, err := homingtest.Admin(s.t, s.rdb).Keys(s.t.Context(), "homing:{main}:turn:*").Result()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range names {
		if s.rdb.Get(s.t.Context(), name).Val() != "done" {
			s.rdb.Del(s.t.Context(), name)
		}
	}
}

func TestAJobIsRunOnceADayByOneReplica(t *testing.T) {
	both(t, "2026-06-01T02:59:00Z", func(t *testing.T, s *shop) {
		s.set.Birthdays, s.set.Lapses = nil, nil
		var mu sync.Mutex
		var ran []string
		fail := errors.New("failed")
		job := calendar.Job{Name: "products", At: 3 * time.Hour, Run: func(_ context.Context, store string, date time.Time) error {
			mu.Lock()
			defer mu.Unlock()
			ran = append(ran, store+" "+date.Format(time.DateOnly))
			return fail
		}}
		run := func() {
			var wg sync.WaitGroup
			for range 3 {
				c := s.replica(func(o *calendar.Options) { o.Jobs = []calendar.Job{job} })
				wg.Go(func() { _, _ = c.Sweep(t.Context()) })
			}
			wg.Wait()
		}
		run()
		if len(ran) == 0 {
			t.Error("a job that fails is not run")
		}
		ran, fail = nil, nil
		run()
		run()
		s.clock.forward(0, time.Hour)
		run()
		run()
		if want := []string{"main 2026-05-31", "main 2026-06-01"}; !slices.Equal(ran, want) {
			t.Errorf("ran %v, want %v", ran, want)
		}
	})
}
