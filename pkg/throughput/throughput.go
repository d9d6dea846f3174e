// Package throughput shares a relay's rate among all replicas: each leases send
// permits from Redis in small slices and spends them locally. (The frequency caps
// of a customer are a rule of the gate, counted in the customer's own record.)
package throughput

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options say how much a relay is given.
type Options struct {
	Relay     string             // its address: who shares it shares the rate
	PerSecond float64            // mails a second; 0 is unlimited
	Burst     int                // mails that may leave at once after a quiet while
	PerDomain map[string]float64 // mails a second to single recipient domains; 0 is unlimited
	WarmUp    WarmUp
	// Mixed says that transactional mail may be behind marketing mail where Wait is
	// called: then no marketing mail waits for the relay in place.
	Mixed bool
	// Trouble slows the rate where the relay has had enough; nil: nothing does.
	Trouble *Trouble
	Now     func() time.Time // business time, for the days of the warm-up; nil: real time
}

// WarmUp is how many emails a relay or address that nobody knows yet is given on
// each of its first days. The last one's limit ends with its day.
type WarmUp struct {
	Start  time.Time // a date: midnight UTC
	PerDay []int     // of the first day, the second, …; before the first, as on it
}

// Throughput is the rate of one relay. It is safe for concurrent use.
type Throughput struct {
	rdb       redis.UniversalClient
	relay     string
	interval  time.Duration // between two emails; 0: unlimited
	burst     int
	perSecond float64
	perDomain map[string]float64
	warm      WarmUp
	now       func() time.Time
	trouble   *Trouble
	// lanes are by domain and class, those of all other domains under "".
	lanes map[string][2]*lane
	thirst
}

// New returns the shared rate of a relay.
func New(rdb redis.UniversalClient, o Options) *Throughput {
	t := &Throughput{
		rdb: rdb, relay: o.Relay, interval: interval(o.PerSecond), burst: o.Burst, perSecond: o.PerSecond,
		perDomain: map[string]float64{}, warm: o.WarmUp, now: o.Now, trouble: o.Trouble, lanes: map[string][2]*lane{},
	}
	if t.now == nil {
		t.now = time.Now
	}
	add := func(domain string, perSecond float64) {
		t.perDomain[domain] = perSecond
		t.lanes[domain] = [2]*lane{
			{of: t, domain: domain, interval: interval(perSecond), stays: !o.Mixed},
			{of: t, domain: domain, interval: interval(perSecond), stays: true, first: true},
		}
	}
	add("", 0)
	for domain, perSecond := range o.PerDomain {
		if perSecond > 0 {
			add(strings.ToLower(domain), perSecond)
		}
	}
	return t
}

func interval(perSecond float64) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / perSecond)
}

// lane returns where an email to a domain gets its permit.
func (t *Throughput) lane(domain string, transactional bool) *lane {
	lanes, ok := t.lanes[strings.ToLower(domain)]
	if !ok {
		lanes = t.lanes[""]
	}
	if transactional {
		return lanes[1]
	}
	return lanes[0]
}

// ErrStopped says that the wait was given up.
var ErrStopped = errors.New("stopped waiting for throughput")

// Wait returns when one more mail to a domain may go out: again is 0. Where that
// would hold up emails to other domains, or days would pass, it returns at once,
// with how long to let others pass before it is called again, and why; had says
// that the email did so. Transactional mail goes before marketing mail.
//
// An error is Redis being away, or the context's end: then nothing may go out.
func (t *Throughput) Wait(ctx context.Context, domain string, transactional, had bool) (again time.Duration, why string, err error) {
	l, today := t.lane(domain, transactional), t.warm.on(t.now())
	if t.interval == 0 && l.interval == 0 && today.limit == 0 && !t.trouble.slowed() {
		return 0, "", nil
	}
	for tries := 0; ; tries++ {
		a, err := l.next(ctx, had, today)
		switch {
		case err != nil:
			return 0, "", err
		case a.again > 0:
			return a.again, t.why(l, a.limit, today), nil
		}
		err = sleep(ctx, time.Until(a.at))
		if err == nil && (time.Since(a.at) <= lapse || tries > 0) { // a machine that is always late still sends
			return 0, "", nil
		}
		l.unspent(today)
		if err != nil {
			return 0, "", err
		}
	}
}

// why says which limit has no room, to a person.
func (t *Throughput) why(l *lane, limit int, today quota) string {
	switch limit {
	case byDomain:
		return fmt.Sprintf("no room: %v a second to %s, and others wait", t.perDomain[l.domain], l.domain)
	case byDay:
		return fmt.Sprintf("no room: %d on this day of the warm-up, and others wait", today.limit)
	}
	if t.trouble.slowed() {
		return "no room: the relay had enough from us, and is given less for now"
	}
	return fmt.Sprintf("no room: %v a second to the relay, and others wait", t.perSecond)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= slack && ctx.Err() == nil {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	}
}

func stopped(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrStopped, context.Cause(ctx))
}
