package throughput_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
	"homing/pkg/throughput"
)

const (
	slow  = "gmail.com" // has a limit of its own
	other = "shop.example"
)

// limits are of a relay that may be given much more than one of its domains.
func limits(relay string, perSecond, toSlow float64) throughput.Options {
	return throughput.Options{Relay: relay, PerSecond: perSecond, PerDomain: map[string]float64{slow: toSlow}}
}

// limitersOnBoth is onBoth for a test that needs nothing but replicas.
func limitersOnBoth(t *testing.T, test func(t *testing.T, limiter func(o throughput.Options) *throughput.Throughput)) {
	onBoth(t, func(t *testing.T, connect connect) {
		test(t, func(o throughput.Options) *throughput.Throughput { return throughput.New(connect(), o) })
	})
}

func TestADomainKeepsToItsRateAndTheOthersToTheRest(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		const perSecond, toSlow, lasts = 200, 30, 2200 * time.Millisecond
		sent := spend(t, connect, 8, 12, limits("", perSecond, toSlow), lasts, to{domain: slow}, to{domain: other})
		all := slices.Concat(sent[slow], sent[other])
		slices.SortFunc(all, time.Time.Compare)
		t.Logf("%d to the slow domain, at most %d in a second; %d to the other; at most %d in a second together",
			len(sent[slow]), busiest(sent[slow]), len(sent[other]), busiest(all))
		for _, c := range []struct {
			what  string
			times []time.Time
			rate  float64
			least float64
		}{{"to the slow domain", sent[slow], toSlow, 0.25}, {"together", all, perSecond, 0.25}} {
			if most := busiest(c.times); float64(most) > math.Floor(c.rate*1.1) {
				t.Errorf("%d emails %s in one second, allowed are %v and a tenth", most, c.what, c.rate)
			}
			if want := lasts.Seconds() * c.rate * c.least; fake() && float64(len(c.times)) < want {
				t.Errorf("%d emails %s in %v, want at least %v: the rate is not used", len(c.times), c.what, lasts, want)
			}
		}
	})
}

func TestASlowDomainHoldsUpNobody(t *testing.T) {
	limitersOnBoth(t, func(t *testing.T, limiter func(throughput.Options) *throughput.Throughput) {
		rate := limiter(limits("relay:25", 1000, 0.001))
		began := time.Now()
		for i := range 50 {
			again, why, err := rate.Wait(t.Context(), "GMail.com", false, false)
			if err != nil || (again == 0) != (i == 0) || (why == "") != (i == 0) {
				t.Fatalf("email %d to the slow domain: again in %v, %q, %v", i, again, why, err)
			}
			if again, _, err := rate.Wait(t.Context(), other, false, false); again != 0 || err != nil {
				t.Fatalf("email %d to another: again in %v, %v", i, again, err)
			}
		}
		if !onTime(began, 2*time.Second) {
			t.Errorf("50 emails to another domain took %v", time.Since(began))
		}
	})
}

// An email that finds no room gets a turn, so that a backlog does not come again all
// at once, on any replica.
func TestTurnsStandBehindOneAnother(t *testing.T) {
	limitersOnBoth(t, func(t *testing.T, limiter func(throughput.Options) *throughput.Throughput) {
		one, two := limiter(limits("relay:25", 0, 0.5)), limiter(limits("relay:25", 0, 0.5))
		if again, _, err := one.Wait(t.Context(), slow, false, false); again != 0 || err != nil {
			t.Fatal(again, err)
		}
		for i, rate := range []*throughput.Throughput{one, two, one, two, two} {
			again, _, err := rate.Wait(t.Context(), slow, false, false)
			late := time.Duration(i+1)*2*time.Second - again
			if err != nil || late < 0 || fake() && late > 1500*time.Millisecond {
				t.Errorf("turn %d is in %v, %v", i, again, err)
			}
		}
		// One that had its turn does not go to the end, and a transactional one does not wait for marketing.
		if again, _, err := two.Wait(t.Context(), slow, false, true); again == 0 || again > 3*time.Second || err != nil {
			t.Errorf("after its turn: again in %v, %v", again, err)
		}
		began := time.Now()
		if again, _, err := two.Wait(t.Context(), slow, true, false); again != 0 || err != nil || !onTime(began, 2500*time.Millisecond) {
			t.Errorf("transactional: again in %v, %v, after %v", again, err, time.Since(began))
		}
	})
}

func TestTransactionalMailGoesFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, connect connect) {
		ctx, cancel := context.WithCancel(t.Context())
		backlog := make(chan struct{})
		go func() {
			defer close(backlog)
			spend(t, connect, 8, 12, limits("", 100, 30), 2*time.Second, to{domain: slow}, to{domain: other})
		}()
		defer func() { cancel(); <-backlog }()
		time.Sleep(300 * time.Millisecond)
		rate := throughput.New(connect(), limits("relay:25", 100, 30))
		var waits []time.Duration
		for i := range 10 {
			began := time.Now()
			if again, _, err := rate.Wait(ctx, []string{slow, other}[i%2], true, false); again != 0 || err != nil {
				t.Fatal(again, err)
			}
			waits = append(waits, time.Since(began))
			time.Sleep(60 * time.Millisecond)
		}
		slices.Sort(waits)
		usual, longest := waits[len(waits)*8/10], waits[len(waits)-1]
		t.Logf("four of five waited less than %v, the longest %v", usual, longest)
		// A lease, and as much again.
		if fake() && usual > 200*time.Millisecond {
			t.Errorf("transactional emails waited behind marketing: %v", waits)
		}
	})
}

func TestWhereTheClassesMixMarketingDoesNotWaitInPlace(t *testing.T) {
	limitersOnBoth(t, func(t *testing.T, limiter func(throughput.Options) *throughput.Throughput) {
		rate := limiter(throughput.Options{Relay: "relay:25", PerSecond: 2, Mixed: true})
		began := time.Now()
		passed := 0
		for range 10 {
			again, _, err := rate.Wait(t.Context(), other, false, false)
			if err != nil {
				t.Fatal(err)
			}
			if again == 0 {
				passed++
			}
		}
		if passed == 0 || fake() && passed > 2 || !onTime(began, 900*time.Millisecond) {
			t.Errorf("%d of 10 passed in %v", passed, time.Since(began))
		}
		if again, _, err := rate.Wait(t.Context(), other, true, false); again != 0 || err != nil {
			t.Errorf("transactional: again in %v, %v", again, err)
		}
	})
}

func TestABurstIsAllowedAfterAQuietWhile(t *testing.T) {
	limitersOnBoth(t, func(t *testing.T, limiter func(throughput.Options) *throughput.Throughput) {
		rate := limiter(throughput.Options{Relay: "relay:25", PerSecond: 2, Burst: 20})
		began := time.Now()
		for range 21 {
			if err := wait(t.Context(), rate); err != nil {
				t.Fatal(err)
			}
		}
		if !onTime(began, 900*time.Millisecond) {
			t.Errorf("the burst took %v", time.Since(began))
		}
		if err := wait(t.Context(), rate); err != nil || time.Since(began) < 300*time.Millisecond {
			t.Errorf("what is above it went out after %v, %v", time.Since(began), err)
		}
	})
}

func TestWarmingUpHoldsUntilADayThatHasRoom(t *testing.T) {
	limitersOnBoth(t, func(t *testing.T, limiter func(throughput.Options) *throughput.Throughput) {
		now := time.Date(2026, 6, 1, 18, 0, 0, 0, time.UTC)
		o := throughput.Options{
			Relay: "relay:25", Now: func() time.Time { return now },
			WarmUp: throughput.WarmUp{Start: now.Truncate(24 * time.Hour), PerDay: []int{3, 6}},
		}
		rates := []*throughput.Throughput{limiter(o), limiter(o)}
		ask := func(i int, transactional, had bool) time.Duration {
			t.Helper()
			again, _, err := rates[i%2].Wait(t.Context(), other, transactional, had)
			if err != nil {
				t.Fatal(err)
			}
			return again
		}
		for i := range 6 {
			want := time.Duration(0)
			if i >= 3 { // each at its share of the next day
				want = 6*time.Hour + time.Duration(i-3)*4*time.Hour
			}
			if again := ask(i, false, false); again > want || again < want-time.Minute {
				t.Errorf("email %d: again in %v, want %v", i, again, want)
			}
		}
		if again := ask(0, true, false); again != 0 {
			t.Errorf("transactional: again in %v", again)
		}
		for i := range 2 { // of the four that the day has now, two were not handed over
			if err := rates[i].GiveBack(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		if again := ask(0, false, true); again != 0 {
			t.Errorf("in the place of one that was given back: again in %v", again)
		}
		if again := ask(0, false, true); again == 0 {
			t.Error("more leave than were given back")
		}
		now = now.Add(6 * time.Hour)
		if again := ask(0, false, true); again != 0 {
			t.Errorf("on the next day, in its turn: again in %v", again)
		}
		now = now.Add(24 * time.Hour)
		for i := range 20 {
			if again := ask(i, false, false); again != 0 {
				t.Fatalf("after the last day: again in %v", again)
			}
		}
	})
}

// Emails that wait for their turn are given up, and the permits that were leased for
// them lapse. The day of the warm-up does not lose them.
func TestPermitsThatNobodySpendsAreNotLostToTheDay(t *testing.T) {
	limitersOnBoth(t, func(t *testing.T, limiter func(throughput.Options) *throughput.Throughput) {
		const perDay = 12
		now := time.Date(2026, 6, 1, 18, 0, 0, 0, time.UTC)
		rate := limiter(throughput.Options{
			Relay: "relay:25", PerSecond: 20, Now: func() time.Time { return now },
			WarmUp: throughput.WarmUp{Start: now.Truncate(24 * time.Hour), PerDay: []int{perDay, perDay}},
		})
		var sent atomic.Int64
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if again, _, err := rate.Wait(ctx, other, false, true); err == nil && again == 0 {
						sent.Add(1)
					}
				})
			}
			wg.Wait()
			cancel()
			time.Sleep(200 * time.Millisecond)
			if sent.Load() >= perDay/2 {
				break
			}
		}
		for range perDay {
			if again, _, err := rate.Wait(t.Context(), other, false, true); err != nil {
				t.Fatal(err)
			} else if again == 0 {
				sent.Add(1)
			}
		}
		if sent.Load() != perDay {
			t.Errorf("%d emails left on a day that allows %d", sent.Load(), perDay)
		}
	})
}

func TestWithRedisAwayNobodySends(t *testing.T) {
	t.Parallel()
	s := homingtest.StartRedis(t)
	const replicas = 8
	var clients []*redis.Client
	for range replicas + 1 {
		clients = append(clients, homingtest.Redis(t, s.URL()))
	}
	connect := func() (c *redis.Client) { c, clients = clients[0], clients[1:]; return c }
	const senders, perSecond = 6, 100
	o := limits("", perSecond, 30)
	// First without transactional mail: that goes first for as long as there is more of it
	// than the rate allows, and then no marketing mail leaves.
	both, enough := context.WithTimeout(t.Context(), time.Minute)
	defer enough()
	seen := map[string]bool{}
	sent := spendUntil(both, connect, 1, senders, o, func(domain string) {
		if seen[domain] = true; seen[slow] && seen[other] {
			enough()
		}
	}, to{domain: slow}, to{domain: other})
	if len(sent[slow]) == 0 || len(sent[other]) == 0 {
		t.Fatal("nothing was sent before")
	}
	killed := make(chan time.Time, 1)
	time.AfterFunc(6*time.Second, func() { s.Kill(); killed <- time.Now() }) // time enough on a busy machine
	sent = spend(t, connect, replicas, senders, o, 7*time.Second, to{domain: slow}, to{domain: other}, to{other, true})
	at := <-killed
	after := 0
	for _, times := range sent {
		for _, left := range times {
			if left.After(at) {
				after++
			}
		}
	}
	// Two leases at most were out, of 100 ms each, and each sender may have been
	// stopped by a busy machine with a permit in its hand.
	if most := 2*perSecond/10 + replicas*senders; after > most {
		t.Errorf("%d emails left after Redis was gone, want at most %d", after, most)
	}
	if len(sent[other]) == 0 {
		t.Error("nothing was being sent when it went")
	}
}
