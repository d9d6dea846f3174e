package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"homing/events"
	"homing/pkg/app"
	"homing/pkg/config"
	"homing/pkg/customer"
	"homing/pkg/gate"
	"homing/pkg/homingtest"
	"homing/pkg/programme"
	"homing/pkg/projection"
	"homing/pkg/touch"
	"homing/workers"
	"homing/workers/thankyou"
)

// gateSpec says what a child decides.
type gateSpec struct {
	Redis   string `json:"redis"`
	Store   string `json:"store"`
	N       int    `json:"n"`       // touches, of as many customers
	Callers int    `json:"callers"` // batches at a time
	Senders int    `json:"senders"` // touches of a batch at a time
	Bare    int    `json:"bare"`    // > 0: no decisions, but a script that reads and writes so many bytes,
	Depth   int    `json:"depth"`   // so many of them in a pipeline
}

// gateBatch is how many touches are read at a time, as in delivery.
const gateBatch = 128

func beginGate(raw json.RawMessage) (*work, error) {
	var spec gateSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	if spec.Bare > 0 {
		return beginBareGate(spec)
	}
	app.TuneGC()
	ctx := context.Background()
	d, err := newDecider(ctx, spec)
	if err != nil {
		return nil, err
	}
	if err := d.fill(ctx); err != nil {
		return nil, err
	}
	run := func() (any, error) {
		d.trips.clear()
		began := time.Now()
		err := inBatches(spec, gateBatch, func(from, to int) error { return d.decide(ctx, d.touches[from:to]) })
		out := decided{Seconds: time.Since(began).Seconds()}
		out.Before, out.Claims = d.trips.seen()
		return out, err
	}
	audit := func() (any, error) { return d.audit(ctx) }
	return &work{answers: map[string]func() (any, error){"run": run, "audit": audit}, stop: d.close}, nil
}

// inBatches has so many callers do all of the work, each a batch at a time.
func inBatches(spec gateSpec, size int, do func(from, to int) error) error {
	var g errgroup.Group
	var next atomic.Int64
	for range spec.Callers {
		g.Go(func() error {
			for {
				to := int(next.Add(int64(size)))
				from := to - size
				if from >= spec.N {
					return nil
				}
				if err := do(from, min(to, spec.N)); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// utc is the store, as far as the rules ask for it.
var utc = programme.Store{Zone: time.UTC}

// decider does what delivery does between a due message and the relay: it reads
// the persons, judges, and claims.
type decider struct {
	spec     gateSpec
	rdb, raw *redis.Client
	trips    *trips
	store    *projection.Customers
	people   *projection.People
	ids      *customer.Identity
	worker   *programme.Worker
	touches  []touch.Touch
}

func newDecider(ctx context.Context, spec gateSpec) (*decider, error) {
	guard := projection.NewGuard(false)
	d := &decider{spec: spec, trips: &trips{}, rdb: redisAsRun(spec.Redis, guard), raw: redisAsRun(spec.Redis, nil)}
	d.rdb.AddHook(homingtest.RoundTrips(d.trips.count))
	d.store = projection.New(d.rdb, guard)
	var err error
	if d.ids, err = customer.NewIdentity("a secret that only the benchmark uses, 32+ bytes"); err != nil {
		return nil, err
	}
	d.people = projection.NewPeople(d.store, d.ids)
	d.worker = &programme.Worker{Kind: thankyou.Kind}
	d.worker.Worker, err = thankyou.Kind.New(func(into any) error {
		into.(*thankyou.Config).Class = touch.Marketing // all rules apply
		return nil
	})
	if err != nil {
		return nil, err
	}
	d.worker.Policy = policyOf(config.Default(), d.ids)
	// An empty timeline: Redis holds all there is.
	r := projection.NewRebuilder(d.raw, guard, noTimeline{}, projection.RebuildOptions{Stores: []string{spec.Store}, Log: zap.NewNop()})
	return d, r.Prove(ctx)
}

// redisAsRun is the client that `homing run` has.
func redisAsRun(addr string, guard *projection.Guard) *redis.Client {
	o := &redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, MaxRetries: 1, DialerRetries: 1, PoolSize: 20,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}}
	if guard != nil {
		o.OnConnect = guard.OnConnect
	}
	return redis.NewClient(o)
}

// policyOf is the usual policy, without the hours: the benchmark runs when it is
// run.
func policyOf(c config.Config, ids *customer.Identity) gate.Policy {
	return gate.Policy{Sections: c.Sections, Pacing: gate.Pacing{Frequency: c.Pacing.Frequency}, Zone: time.UTC, Sunset: true, Draw: ids.Draw}
}

type noTimeline struct{}

func (noTimeline) Identity(context.Context) (id string, ends [customer.Buckets]uint64, err error) {
	return "bench", ends, nil
}
func (noTimeline) Parts() [][]uint8 { return nil }
func (noTimeline) Lasts(context.Context, string) (out [customer.Buckets]uint64, err error) {
	return out, nil
}
func (noTimeline) ReadType(context.Context, string, events.Type, customer.Cursor, func([]customer.Entry) error) error {
	return nil
}
func (noTimeline) Read(context.Context, string, []uint8, uint64, uint64, func([]customer.Entry) error) error {
	return nil
}

// fill makes the customers, of three orders each, and the touches that are due.
func (d *decider) fill(ctx context.Context) error {
	const at = 512
	now := time.Now()
	for from := 0; from < d.spec.N; from += at {
		var entries []customer.Entry
		var links []projection.Link
		for who := from; who < min(from+at, d.spec.N); who++ {
			id := fmt.Sprintf("c-%d", who)
			key := d.ids.Key(d.spec.Store, id)
			var c customer.Customer
			for n := range memoryOrders {
				e := order(who, memoryOrders*who+n, memoryItems, now.Add(-past).AddDate(0, n-memoryOrders+1, 0))
				entries = append(entries, customer.Entry{Key: key, Event: e})
				customer.Apply(&c, e)
			}
			links = append(links, projection.Link{Mailbox: d.ids.Mailbox(d.spec.Store, c.Account()), ID: key})
			last := entries[len(entries)-1].Event
			for _, t := range d.worker.Worker.Plan(workers.Input{Event: last, Key: key, Customer: &c, Zone: time.UTC, Now: now}) {
				t.Customer, t.Wake, t.Address = key, t.Due, d.ids.Address(d.spec.Store, c.Account())
				d.touches = append(d.touches, t)
			}
		}
		if err := errors.Join(d.store.Link(ctx, links), d.store.Fold(ctx, entries)); err != nil {
			return err
		}
	}
	if len(d.touches) != d.spec.N {
		return broken("%d touches were planned, not %d", len(d.touches), d.spec.N)
	}
	return nil
}

// decide takes a batch through reading, judging and claiming.
func (d *decider) decide(ctx context.Context, batch []touch.Touch) error {
	asks, near := make([]customer.Ask, len(batch)), make([]customer.Key, len(batch))
	for i, t := range batch {
		asks[i], near[i] = customer.Ask{Key: t.Customer}, d.ids.AddressKey(d.spec.Store, t.Address)
	}
	persons, err := d.people.Read(ctx, asks, near...)
	if err != nil {
		return err
	}
	if d.spec.Senders == 1 {
		for i := range batch {
			if err := d.one(ctx, batch[i], &persons[i]); err != nil {
				return err
			}
		}
		return nil
	}
	var g errgroup.Group
	next := make(chan int)
	for range min(d.spec.Senders, len(batch)) {
		g.Go(func() error {
			var failed error
			for i := range next {
				failed = errors.Join(failed, d.one(ctx, batch[i], &persons[i]))
			}
			return failed
		})
	}
	for i := range batch {
		next <- i
	}
	close(next)
	return g.Wait()
}

// one judges a touch and claims it.
func (d *decider) one(ctx context.Context, t touch.Touch, p *customer.Person) error {
	r := *p.Members[0]
	if d.ids.Address(t.Customer.Store, t.To(&r.Customer, &p.Customer)) != t.Address {
		return broken("a touch tells another address than its customer has")
	}
	id, now := t.ID(), time.Now()
	key := customer.ClaimKey(id)
	if _, ok := t.ClaimIn(&p.Customer); ok {
		return broken("a touch was claimed before")
	}
	who := programme.Person{Store: &utc, Customer: &p.Customer, Mailbox: gate.MailboxOf(&p.Mailboxes[0].Customer), Shared: p.Crowded,
		Address: func(email string) string { return d.ids.Address(t.Customer.Store, email) }}
	if v := gate.Judge(who.Case(d.worker, t, now)); v.Action != touch.Send {
		return broken("a touch was not let pass: %s", v.Reason)
	}
	r.Customer.Claims = slices.Clone(r.Customer.Claims)
	r.Customer.SetClaim(customer.Claim{Touch: key, State: customer.Open, At: now.UnixMilli(), Owner: rand.Uint64(),
		Lease: now.Add(15 * time.Second).UnixMilli()})
	saved, same, err := d.store.SaveAgainst(ctx, &r, p.Rests, p.Links)
	if err == nil && !(saved && same) {
		err = broken("a claim was refused, and nobody else was there")
	}
	return err
}

// audit finds each touch claimed, once. It returns how many bytes a customer is.
func (d *decider) audit(ctx context.Context) (bytes int, err error) {
	for from := 0; from < d.spec.N; from += gateBatch {
		some := d.touches[from:min(from+gateBatch, d.spec.N)]
		keys := make([]customer.Key, len(some))
		for i, t := range some {
			keys[i] = t.Customer
		}
		records, err := d.store.Load(ctx, keys)
		if err != nil {
			return 0, err
		}
		for i := range records {
			c := &records[i].Customer
			if _, ok := c.Claimed(some[i].ClaimKey()); !ok || len(c.Claims) != 1 {
				return 0, broken("a customer has %d claims, and ought to have one", len(c.Claims))
			}
			bytes = len(customer.Encode(c))
		}
	}
	return bytes, nil
}

func (d *decider) close() error { return errors.Join(d.rdb.Close(), d.raw.Close()) }

// trips counts what goes to Redis and comes back.
type trips struct {
	mu          sync.Mutex
	read, write roundTrip
}

func (t *trips) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read, t.write = roundTrip{}, roundTrip{}
}

// seen returns the round trips that read, and those that ran scripts.
func (t *trips) seen() (read, write roundTrip) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.read, t.write
}

func (t *trips) count(cmds []redis.Cmder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	to := &t.read
	if strings.HasPrefix(cmds[0].Name(), "eval") {
		to = &t.write
	}
	to.Trips++
	for _, c := range cmds {
		if strings.HasPrefix(c.Name(), "eval") == (to == &t.write) {
			to.Commands++
		}
	}
}
