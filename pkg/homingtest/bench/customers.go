package main

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"homing/events"
	"homing/pkg/bus"
)

// A sample shop: of every ten customers two have an account and never ordered, five
// ordered once, two twice, and one five times. Every order is placed, of three items, and
// later fulfilled. Four of ten agreed to marketing, and three told their birthday.
var ordersOf = [10]int{0, 0, 1, 1, 1, 1, 1, 2, 2, 5}

// regulars ordered as often as any of the sample shop: what they take more, their orders do.
var regulars = [10]int{5, 5, 5, 5, 5, 5, 5, 5, 5, 5}

// shopEvents are what n customers of a shop did, in the order of time.
type shopEvents struct {
	n      int
	orders [10]int // of ten customers
	from   time.Time
}

func newShop(n int, orders [10]int) shopEvents {
	return shopEvents{n, orders, time.Now().Add(-rounds * 20 * 24 * time.Hour)}
}

// rounds are how often each customer is looked at: first for their account, then for
// what happens to one order after the other.
const rounds = 1 + 2*5

// each calls fn with every event, until it fails.
func (s shopEvents) each(fn func(events.Event) error) error {
	for round := range rounds {
		at := s.from.Add(time.Duration(round) * 20 * 24 * time.Hour)
		for who := range s.n {
			e, is := s.event(who, round, at)
			if !is {
				continue
			}
			if err := fn(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// event is what a customer does in a round, if anything. The number of an order says
// whose it is.
func (s shopEvents) event(who, round int, at time.Time) (e events.Event, is bool) {
	if round == 0 {
		c := events.Customer{ID: fmt.Sprintf("c-%d", who), Email: fmt.Sprintf("c-%d@example.com", who), FirstName: "Ann", LastName: "Fletcher", TimeZone: "Europe/London"}
		if who%10 < 4 {
			c.Consent = &events.Consent{Email: events.Subscribed, Confirmed: true, At: &at}
		}
		if who%10 >= 7 {
			c.Birthday = fmt.Sprintf("--%02d-%02d", 1+who%12, 1+who%28)
		}
		return s.told(fmt.Sprintf("customer-%d", who), at, &events.CustomerCreated{Customer: c}), true
	}
	nth := (round - 1) / 2
	if nth >= s.orders[who%10] {
		return e, false
	}
	no := who*5 + nth
	if round%2 == 1 {
		return order(who, no, 3, at), true
	}
	return s.told(fmt.Sprintf("order-%d-fulfilled", firstOrder+no), at, &events.OrderFulfilled{
		Customer: events.Customer{ID: fmt.Sprintf("c-%d", who), Email: fmt.Sprintf("c-%d@example.com", who)},
		Order:    events.OrderChange{ID: fmt.Sprint(firstOrder + no)},
	}), true
}

func (shopEvents) told(id string, at time.Time, data events.Data) events.Event {
	return events.Event{ID: id, Source: "/bench", Type: data.Type(), Store: storeID, Time: at.UTC().Truncate(time.Millisecond), Data: data}
}

// count returns how many events and orders there are.
func (s shopEvents) count() (all, orders int) {
	for who := range s.n {
		orders += s.orders[who%10]
	}
	return s.n + 2*orders, orders
}

// sliceOfShop is how many customers' events are published before Homing has taken them
// in, so that STOREFRONT stays small.
const sliceOfShop = 500_000

// runCustomers measures what the customers of a large shop take in Redis and on the
// timeline, and what each order more takes.
func (b *bench) runCustomers(ctx context.Context) error {
	sample, orders, err := b.customersOf(ctx, newShop(b.crowd, ordersOf), true)
	if err != nil {
		return err
	}
	often, more, err := b.customersOf(ctx, newShop(max(100, b.crowd/20), regulars), false)
	if err != nil {
		return err
	}
	b.report.add(row{Part: partCustomers, What: "Redis for each order more of a customer", Unit: bytesUnit, Homing: (often - sample) / (more - orders)})
	return nil
}

// customersOf has Homing take in a shop, and returns what a customer takes in Redis, and
// how many orders each has. In full it adds rows about the shop.
func (b *bench) customersOf(ctx context.Context, shop shopEvents, full bool) (each, ordersEach float64, err error) {
	s, err := newStack(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	b.report.Machine.know(s)
	n, orders := shop.count()
	before, err := usedMemory(ctx, s)
	if err != nil {
		return 0, 0, err
	}
	took, err := b.takeShopIn(ctx, s, shop, n)
	if err != nil {
		return 0, 0, err
	}
	after, err := usedMemory(ctx, s)
	if err != nil {
		return 0, 0, err
	}
	if found, err := countCustomers(ctx, s); err != nil {
		return 0, 0, err
	} else if found != shop.n {
		return 0, 0, broken("Redis has %d customers, not %d", found, shop.n)
	}
	each, ordersEach = float64(after-before)/float64(shop.n), float64(orders)/float64(shop.n)
	if !full {
		return each, ordersEach, nil
	}
	what := fmt.Sprintf("%s customers of %s orders", thousands(float64(shop.n)), thousands(float64(orders)))
	limit, bare, err := b.bareHashes(ctx, s, shop.n)
	if err != nil {
		return 0, 0, err
	}
	b.report.add(rowOf(partCustomers, what+", Redis for each customer, all told", bytesUnit, each, bare))
	b.report.add(row{Part: partCustomers, What: what + ", Redis in all", Unit: mebibytes, Homing: mib(after)})
	b.report.add(rowOf(partCustomers, what+", events taken in; bare: HSETs in pipelines", perSecond, rate(n, took), limit))
	return each, ordersEach, b.shopOnDisk(ctx, s, what, n, orders)
}

// takeShopIn publishes what happened in a shop and has Homing take it in. It returns for
// how long Homing worked on it while nobody published.
func (b *bench) takeShopIn(ctx context.Context, s *stack, shop shopEvents, n int) (took time.Duration, err error) {
	var slice []*nats.Msg
	done := 0
	flush := func() error {
		count := len(slice)
		began := time.Now()
		if err := publish(ctx, s.js, len(slice), func(i int) (*nats.Msg, error) { return slice[i], nil }); err != nil {
			return err
		}
		done += len(slice)
		slice = slice[:0]
		b.progress("customers: %s of %s events published, in %v; Homing takes them in", thousands(float64(done)), thousands(float64(n)), time.Since(began).Round(time.Second))
		h, err := startHoming(ctx, s, homingSpec{Roles: rolesIntake})
		if err != nil {
			return err
		}
		defer h.child.stop()
		m := meterOf(s.pids())
		m.add("homing", h.ready.PID)
		began = time.Now()
		if err := until(ctx, "events to be taken in", done, acked(ctx, s, bus.Storefront, bus.IntakeConsumer)); err != nil {
			return err
		}
		took += time.Since(began)
		b.report.CPU = append(b.report.CPU, m.cost(partCustomers, fmt.Sprintf("an event of the sample shop, up to the %s", thousands(float64(done))), count))
		_, err = h.stop()
		return err
	}
	err = shop.each(func(e events.Event) error {
		m, err := message(e)
		if slice = append(slice, m); err == nil && len(slice) == sliceOfShop {
			err = flush()
		}
		return err
	})
	if err == nil && len(slice) > 0 {
		err = flush()
	}
	if err == nil {
		err = noneRejected(ctx, s)
	}
	return took, err
}

func countCustomers(ctx context.Context, s *stack) (n int, err error) {
	keys := s.rdb.Scan(ctx, 0, "homing:*:c:*", 10_000).Iterator()
	for keys.Next(ctx) {
		n++
	}
	return n, keys.Err()
}

// bareMost is how many hashes are written at most to see what one takes.
const bareMost = 200_000

// bareHashes writes hashes with what customers' hashes have in them, in pipelines, and
// returns how many a second, and how many bytes each takes.
func (b *bench) bareHashes(ctx context.Context, s *stack, n int) (perSecond, each float64, err error) {
	n = min(n, bareMost)
	b.progress("customers: the bare loop writes %d hashes", n)
	var like []map[string]string
	for keys := s.rdb.Scan(ctx, 0, "homing:*:c:*", 1000).Iterator(); len(like) < 1000 && keys.Next(ctx); {
		h, err := s.rdb.HGetAll(ctx, keys.Val()).Result()
		if err != nil {
			return 0, 0, err
		}
		like = append(like, h)
	}
	before, err := usedMemory(ctx, s)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	for from := 0; from < n; from += bareBatch {
		p := s.rdb.Pipeline()
		for i := from; i < min(n, from+bareBatch); i++ {
			p.HSet(ctx, fmt.Sprintf("bare:%d", i), like[i%len(like)])
		}
		if _, err := p.Exec(ctx); err != nil {
			return 0, 0, err
		}
	}
	took := time.Since(began)
	after, err := usedMemory(ctx, s)
	return rate(n, took), float64(after-before) / float64(n), err
}

// shopOnDisk says what the timeline takes, and how much memory the servers have.
func (b *bench) shopOnDisk(ctx context.Context, s *stack, what string, n, orders int) error {
	st, err := s.js.Stream(ctx, bus.Timeline)
	if err != nil {
		return err
	}
	state := st.CachedInfo().State
	b.report.add(row{Part: partCustomers, What: what + ", TIMELINE for each event", Unit: bytesUnit, Homing: float64(state.Bytes) / float64(n)})
	b.report.add(row{Part: partCustomers, What: what + ", TIMELINE for each order with all around it", Unit: bytesUnit, Homing: float64(state.Bytes) / float64(orders)})
	b.report.add(row{Part: partCustomers, What: what + ", memory of NATS", Unit: mebibytes, Homing: mib(status(s.nats.ready.PID, "VmRSS:"))})
	resident, err := memoryOf(ctx, s, "used_memory_rss")
	if err != nil {
		return err
	}
	b.report.add(row{Part: partCustomers, What: what + ", resident memory of Redis", Unit: mebibytes, Homing: mib(resident)})
	return nil
}
