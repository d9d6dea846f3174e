package throughput_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
	"homing/pkg/throughput"
)

// connect returns a client of the test's Redis.
type connect = func() *redis.Client

// onBoth runs a test on fake time with a Redis in the process, and in real time with
// a real one, next to other tests: most of what they do is wait. How long something
// takes is looked at on fake time alone: see onTime.
func onBoth(t *testing.T, test func(t *testing.T, connect connect)) {
	t.Parallel()
	t.Run("fake time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			rdb := homingtest.RedisInProcess(t)
			test(t, func() *redis.Client { return rdb })
		})
	})
	homingtest.OnRedisServer(t, func(t *testing.T, url string) {
		test(t, func() *redis.Client { return homingtest.Redis(t, url) })
	})
}

// fake reports whether time is fake. Such a clock begins with the year 2000.
func fake() bool { return time.Now().Year() < 2020 }

// onTime reports whether no more than a time has passed. In real time nobody can
// tell: the machine may be busy.
func onTime(began time.Time, most time.Duration) bool { return !fake() || time.Since(began) <= most }

// to is an email that a test has go out again and again.
type to struct {
	domain        string
	transactional bool
}

// spend has some replicas, each with some senders, send as fast as they may for
// some time, and returns when each email went out, by domain.
func spend(t *testing.T, connect connect, replicas, senders int, o throughput.Options, lasts time.Duration, mails ...to) map[string][]time.Time {
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	return spendUntil(ctx, connect, replicas, senders, o, func(string) {}, mails...)
}

// spendUntil is spend until ctx ends. left is told of each email, by its domain.
func spendUntil(ctx context.Context, connect connect, replicas, senders int, o throughput.Options, left func(domain string), mails ...to) map[string][]time.Time {
	if len(mails) == 0 {
		mails = []to{{}}
	}
	o.Relay = "relay:25"
	var mu sync.Mutex
	sent := map[string][]time.Time{}
	var wg sync.WaitGroup
	for range replicas {
		rate := throughput.New(connect(), o)
		for i := range senders {
			m := mails[i%len(mails)]
			wg.Go(func() {
				for had := false; ; {
					// Each email takes a moment of its own to make. If all asked at the very
					// same moments, as only fake time lets them, one kind might always be last.
					<-time.After(rand.N(time.Millisecond))
					again, _, err := rate.Wait(ctx, m.domain, m.transactional, had)
					if err != nil {
						return
					}
					if had = again > 0; had {
						select {
						case <-time.After(again):
						case <-ctx.Done():
						}
						continue
					}
					mu.Lock()
					sent[m.domain] = append(sent[m.domain], time.Now())
					left(m.domain)
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	for _, times := range sent {
		slices.SortFunc(times, time.Time.Compare)
	}
	return sent
}

// wait takes a permit for one email of no particular domain.
func wait(ctx context.Context, rate *throughput.Throughput) error {
	_, _, err := rate.Wait(ctx, "shop.example", false, false)
	return err
}

// busiest returns the most emails in any stretch of one second.
func busiest(sent []time.Time) int {
	most, first := 0, 0
	for last := range sent {
		for sent[last].Sub(sent[first]) >= time.Second {
			first++
		}
		most = max(most, last-first+1)
	}
	return most
}

// The promise: over any second, the sum over all replicas is within the rate and
// a tenth of it, and the rate is used.
func TestReplicasTogetherKeepToTheRate(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		for _, perSecond := range []float64{14, 1000} {
			const replicas, lasts = 8, 1700 * time.Millisecond
			sent := spend(t, connect, replicas, 12, throughput.Options{PerSecond: perSecond}, lasts)[""]
			most := busiest(sent)
			t.Logf("%v a second: %d in %v, at most %d in a second", perSecond, len(sent), lasts, most)
			if float64(most) > math.Floor(perSecond*1.1) {
				t.Errorf("%d emails in one second, allowed are %v and a tenth", most, perSecond)
			}
			if want := int(lasts.Seconds()*perSecond) / 4; fake() && len(sent) < want {
				t.Errorf("%d emails in %v, want at least %d: the rate is not used", len(sent), lasts, want)
			}
			time.Sleep(300 * time.Millisecond) // what was leased is past
		}
	})
}

func TestASlowRateIsKeptToo(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		sent := spend(t, connect, 3, 2, throughput.Options{PerSecond: 4}, 2200*time.Millisecond)[""]
		if fake() && len(sent) < 4 || len(sent) > 10 {
			t.Errorf("%d emails in 2.2 s, want 8 or 9", len(sent))
		}
		for i := range sent[1:] {
			if gap := sent[i+1].Sub(sent[i]); fake() && gap < 100*time.Millisecond { // a busy machine sends one late
				t.Errorf("email %d came %v after the one before, want about 250 ms", i+1, gap)
			}
		}
	})
}

func TestRelaysDoNotShareARate(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		rdb := connect()
		began := time.Now()
		for i := range 20 {
			if err := wait(t.Context(), throughput.New(rdb, throughput.Options{Relay: fmt.Sprint("relay", i), PerSecond: 0.01})); err != nil {
				t.Fatal(err)
			}
		}
		if !onTime(began, 4*time.Second) { // else the test takes half an hour
			t.Errorf("the first emails of 20 relays took %v", time.Since(began))
		}
	})
}

func TestUnlimitedAsksNobody(t *testing.T) {
	s := homingtest.StartRedis(t)
	rdb := homingtest.Redis(t, s.URL())
	s.Kill()
	rate := throughput.New(rdb, throughput.Options{Relay: "relay:25", PerSecond: 0})
	for range 1000 {
		if err := wait(t.Context(), rate); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheEndOfTheContextEndsTheWait(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		rate := throughput.New(connect(), throughput.Options{Relay: "relay:25", PerSecond: 0.01})
		if err := wait(t.Context(), rate); err != nil {
			t.Fatal(err)
		}
		cause := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		waited := make(chan error, 1)
		go func() { waited <- wait(ctx, rate) }()
		time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
		if err := <-waited; !errors.Is(err, throughput.ErrStopped) || !errors.Is(err, cause) {
			t.Errorf("%v, want ErrStopped and why", err)
		}
		if err := wait(ctx, rate); !errors.Is(err, throughput.ErrStopped) {
			t.Errorf("with a context that had ended: %v, want ErrStopped", err)
		}
	})
}

func TestARedisThatIsAwayIsNeitherYesNorNo(t *testing.T) {
	s := homingtest.StartRedis(t)
	rate := throughput.New(homingtest.Redis(t, s.URL()), throughput.Options{Relay: "relay:25", PerSecond: 100})
	s.Kill()
	if err := wait(t.Context(), rate); err == nil || errors.Is(err, throughput.ErrStopped) {
		t.Errorf("%v, want an error of Redis", err)
	}
	s.Restart()
	if err := wait(t.Context(), rate); err != nil {
		t.Errorf("when it was back: %v", err)
	}
}

// counter counts the requests that Redis grants, and the emails they are granted.
type counter struct {
	mu              sync.Mutex
	leases, granted int
}

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		script, ok := cmd.(*redis.Cmd)
		if !ok {
			return err // of the connection
		}
		got, _ := script.Int64Slice()
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(got) > 0 && got[0] > 0 { // else it is refused, or the test was over
			c.leases++
			c.granted += int(got[0])
		}
		return err
	}
}

func TestAReplicaAsksInPortionsHoweverManySendersWait(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		rdb := connect()
		var asked counter
		rdb.AddHook(&asked)
		rate := throughput.New(rdb, throughput.Options{Relay: "relay:25", PerSecond: 500})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		var sent atomic.Int64
		for range 64 {
			wg.Go(func() {
				for wait(ctx, rate) == nil {
					sent.Add(1)
				}
			})
		}
		wg.Wait()
		mails := int(sent.Load())
		t.Logf("%d emails, leased in %d portions, %d in all", mails, asked.leases, asked.granted)
		// Senders that asked for themselves would lease as often as they send, or lease
		// much that they do not spend. A busy machine makes portions smaller, not 1.
		if mails == 0 || 4*asked.leases > 3*asked.granted || 4*asked.leases > 3*mails {
			t.Errorf("%d emails were leased in %d portions, %d in all", mails, asked.leases, asked.granted)
		}
	})
}
