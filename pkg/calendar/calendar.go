// Package calendar turns dates into events: a birthday that comes near, a
// customer who has not ordered for longer than they used to. It publishes them
// as a storefront would, so that all that follows treats them alike. It also
// runs what is to be done once a day and store. It decides nothing about mail.
//
// Any number of replicas run it. A turn, kept in Redis, says who does what; that
// an event is said twice is harmless, since its id follows from what it says.
package calendar

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/robfig/cron/v3"
	"go.uber.org/zap"

	"homing/events"
	"homing/pkg/customer"
	"homing/pkg/projection"
)

// Scale is the business time; see clock.Scale.
type Scale interface {
	Now() time.Time               // the business time
	Real(t time.Time) time.Time   // when a business time is
	Business(time.Time) time.Time // what the business time is then
}

// A Job is what some replica does once a day for every store.
type Job struct {
	Name string // [a-z-]+, unique
	// At is the earliest time of the store's day, since midnight by its clocks.
	At time.Duration
	// Run does it. date is midnight, in UTC, of the day in the store's zone. When
	// it fails it is run again a minute later; when the process dies, by another.
	Run func(ctx context.Context, store string, date time.Time) error
}

// Products is the job that computes the product statistics, in the night.
func Products(run func(ctx context.Context, store string, date time.Time) error) Job {
	return Job{Name: "products", At: 3 * time.Hour, Run: run}
}

// Customers are the indexes of the customers as they are kept; see projection.
type Customers interface {
	Birthdays(ctx context.Context, store string, buckets []uint8, days []int) ([]projection.Placed, error)
	Lapsing(ctx context.Context, q projection.LapseQuery) ([]projection.Placed, error)
	Tell(ctx context.Context, ps []projection.Placed) error
	Forget(ctx context.Context, ps []projection.Placed) error
}

// Options are what a Calendar works with.
type Options struct {
	Stores     map[string]Settings
	Jobs       []Job
	CatchUp    time.Duration // how long ago a customer may have lapsed and still be told of
	DailyLimit int           // lapses told a store and day, by all replicas together
	Customers  Customers
	People     People
	Redis      redis.UniversalClient // for the turns and the count of lapses; nil: nobody else runs a calendar
	Publish    func(ctx context.Context, es []events.Event) error
	Scale      Scale
	Log        *zap.Logger
	Told       func(events.Type)              // told of each event; may be nil
	LeftOver   func(store string, lapses int) // told what the limit left for another day; may be nil
}

// Settings are what the calendar knows of a store.
type Settings struct {
	Zone      *time.Location
	Birthdays *Birthdays // nil: nobody wants them
	Lapses    *Lapses    // nil: nobody wants them
}

// slots is when the calendar looks at what is due: often enough that an hour's
// outage costs an hour, and not with all the other things that run on the hour.
const slots = "7 * * * *"

// retry is how soon it looks again after a failure, or when a part of the work
// is another's turn: that one may die.
const retry = time.Minute

// Calendar runs the sweeps and jobs.
type Calendar struct {
	o     Options
	turns taker
	told  map[string]int // lapses that were told, by store and day, where nobody else tells any
	slots cron.Schedule
	over  map[[2]string]time.Time // store and work → the latest day that is known to be done
}

// New returns a calendar.
func New(o Options) *Calendar {
	s, err := cron.ParseStandard(slots)
	if err != nil {
		panic(err) // a constant
	}
	if o.Told == nil {
		o.Told = func(events.Type) {}
	}
	if o.LeftOver == nil {
		o.LeftOver = func(string, int) {}
	}
	c := &Calendar{o: o, turns: alone{}, told: map[string]int{}, slots: s, over: map[[2]string]time.Time{}}
	if o.Redis != nil {
		c.turns = newTurns(o.Redis)
	}
	return c
}

// NextSlot returns when the calendar looks next, after a business time.
func (c *Calendar) NextSlot(after time.Time) time.Time { return c.slots.Next(after.UTC()) }

// Open reports whether something would be due at a business time that is not known to be done.
func (c *Calendar) Open(now time.Time) bool {
	for store, set := range c.o.Stores {
		for _, w := range c.works(store) {
			if !c.over[[2]string{store, w.name}].Equal(dueDate(now, set.Zone, w.at)) {
				return true
			}
		}
	}
	return false
}

// Run does what is due, at once and then every hour, until ctx ends.
func (c *Calendar) Run(ctx context.Context) {
	for {
		open, err := c.Sweep(ctx)
		if err != nil && ctx.Err() == nil {
			c.o.Log.Warn("not all of the day's work is done, trying again", zap.Error(err), zap.Duration("wait", retry))
		}
		now := c.o.Scale.Now()
		wait := time.Until(c.o.Scale.Real(c.slots.Next(now.UTC())))
		if err != nil || open > 0 {
			wait = min(wait, retry)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// lapsesAt is the time of the store's day from when on lapses are told: what
// follows from them at once should not wait for the night to end.
const lapsesAt = 9 * time.Hour

// Sweep does what is due now and nobody has done. It returns how many turns are
// another's and not done yet. It is called by one at a time.
func (c *Calendar) Sweep(ctx context.Context) (open int, err error) {
	var errs []error
	for _, store := range slices.Sorted(maps.Keys(c.o.Stores)) {
		for _, w := range c.works(store) {
			n, err := c.do(ctx, w, store)
			open += n
			if err != nil {
				errs = append(errs, fmt.Errorf("%s of store %s: %w", w.name, store, err))
			}
		}
	}
	return open, errors.Join(errs...)
}

// work is what is done once a day for a store.
type work struct {
	name  string
	at    time.Duration
	parts []string
	most  int // parts at a time
	do    func(ctx context.Context, date time.Time, parts []string) error
	end   func() // when this process has done its share; may be nil
}

// together is how many buckets are looked at in one round trip: few enough that
// a death costs little, and that replicas share the work.
const together = 32

// What is done for a store by its buckets.
var (
	ofBirthdays = work{name: "birthdays", parts: allBuckets, most: together}
	ofLapses    = work{name: "lapses", at: lapsesAt, parts: allBuckets, most: together}
)

// ofJob is a job, which is done as a whole.
func ofJob(j Job) work { return work{name: j.Name, at: j.At, parts: []string{"all"}, most: 1} }

// works lists what is done for a store, in the order in which it is done.
func (c *Calendar) works(store string) []work {
	set := c.o.Stores[store]
	var out []work
	if set.Birthdays != nil {
		w := ofBirthdays
		w.do = func(ctx context.Context, _ time.Time, parts []string) error {
			return c.tellBirthdays(ctx, store, bucketsOf(parts))
		}
		out = append(out, w)
	}
	if set.Lapses != nil {
		w, left := ofLapses, 0
		w.do = func(ctx context.Context, date time.Time, parts []string) error {
			n, err := c.tellLapses(ctx, store, date, bucketsOf(parts))
			left += n
			return err
		}
		w.end = func() { c.leftOver(store, left) }
		out = append(out, w)
	}
	for _, j := range c.o.Jobs {
		w := ofJob(j)
		w.do = func(ctx context.Context, date time.Time, _ []string) error { return j.Run(ctx, store, date) }
		out = append(out, w)
	}
	return out
}

func (c *Calendar) do(ctx context.Context, w work, store string) (open int, err error) {
	date := dueDate(c.o.Scale.Now(), c.o.Stores[store].Zone, w.at)
	if c.over[[2]string{store, w.name}].Equal(date) {
		return 0, nil
	}
	if w.end != nil {
		defer w.end()
	}
	open, err = c.turns.each(ctx, turn{c.o.Scale, store, w.name, date}, w.parts, w.most,
		func(ctx context.Context, parts []string) error { return w.do(ctx, date, parts) })
	if open == 0 && err == nil {
		c.over[[2]string{store, w.name}] = date
	}
	return open, err
}

func (c *Calendar) leftOver(store string, n int) {
	if n > 0 {
		c.o.LeftOver(store, n)
		c.o.Log.Warn("more customers lapsed than calendar.daily_limit allows: the rest is left to tomorrow, as long as calendar.catch_up lasts",
			zap.String("store", store), zap.Int("left", n), zap.Int("limit", c.o.DailyLimit))
	}
}

// page is how many customers are read, told and noted at a time.
const page = 500

// allBuckets are the parts of a sweep.
var allBuckets = func() []string {
	out := make([]string, customer.Buckets)
	for b := range out {
		out[b] = strconv.Itoa(b)
	}
	return out
}()

func bucketsOf(parts []string) []uint8 {
	out := make([]uint8, len(parts))
	for i, p := range parts {
		n, _ := strconv.Atoi(p)
		out[i] = uint8(n)
	}
	return out
}

// dueDate returns the latest day, as midnight in UTC, whose time at has come in
// a zone.
func dueDate(now time.Time, zone *time.Location, at time.Duration) time.Time {
	local := now.In(zone)
	date := dateOf(local)
	if time.Duration(local.Hour())*time.Hour+time.Duration(local.Minute())*time.Minute < at {
		date = date.AddDate(0, 0, -1)
	}
	return date
}

// dateOf returns midnight, in UTC, of the day a time shows.
func dateOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
