package pacing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
	"homing/pkg/pacing"
)

// spend has some replicas, each with some senders, send as fast as they may for
// some time, and returns when each mail went out.
func spend(t *testing.T, url string, replicas, senders int, perSecond float64, lasts time.Duration) []time.Time {
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var mu sync.Mutex
	var sent []time.Time
	var wg sync.WaitGroup
	for range replicas {
		rate := pacing.NewThroughput(homingtest.Redis(t, url), "relay:25", perSecond)
		for range senders {
			wg.Go(func() {
				for rate.Wait(ctx) == nil {
					mu.Lock()
					sent = append(sent, time.Now())
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	slices.SortFunc(sent, time.Time.Compare)
	return sent
}

// busiest returns the most mails in any stretch of one second.
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

func TestReplicasTogetherKeepToTheRate(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		t.Parallel()
		const perSecond, lasts = 200, 2200 * time.Millisecond
		sent := spend(t, url, 4, 3, perSecond, lasts)
		// A tenth is the portion a replica takes at a time; half of that again is
		// for what was granted before the second and went out within it.
		if most := busiest(sent); most > perSecond*110/100 {
			t.Errorf("%d mails in one second, allowed are %d and a portion", most, perSecond)
		}
		if want := int(lasts.Seconds()*perSecond) * 8 / 10; len(sent) < want {
			t.Errorf("%d mails in %v, want at least %d: the rate is not used", len(sent), lasts, want)
		}
	})
}

func TestASlowRateIsKeptToo(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		t.Parallel()
		sent := spend(t, url, 3, 2, 4, 2200*time.Millisecond)
		if len(sent) < 7 || len(sent) > 10 {
			t.Errorf("%d mails in 2.2 s, want 8 or 9", len(sent))
		}
		for i := range sent[1:] {
			if gap := sent[i+1].Sub(sent[i]); gap < 150*time.Millisecond {
				t.Errorf("mail %d came %v after the one before, want about 250 ms", i+1, gap)
			}
		}
	})
}

func TestRelaysDoNotShareARate(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		for i := range 20 {
			if err := pacing.NewThroughput(rdb, fmt.Sprint("relay", i), 0.01).Wait(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(began); d > 4*time.Second {
			t.Errorf("the first mails of 20 relays took %v", d)
		}
	})
}

func TestUnlimitedAsksNobody(t *testing.T) {
	s := homingtest.StartRedis(t)
	rdb := homingtest.Redis(t, s.URL())
	s.Kill()
	rate := pacing.NewThroughput(rdb, "relay:25", 0)
	for range 1000 {
		if err := rate.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheEndOfTheContextEndsTheWait(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rate := pacing.NewThroughput(homingtest.Redis(t, url), "relay:25", 0.01)
		if err := rate.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		cause := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		waited := make(chan error, 1)
		go func() { waited <- rate.Wait(ctx) }()
		time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
		select {
		case err := <-waited:
			if !errors.Is(err, pacing.ErrStopped) || !errors.Is(err, cause) {
				t.Errorf("%v, want ErrStopped and why", err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the wait did not end")
		}
		if err := rate.Wait(ctx); !errors.Is(err, pacing.ErrStopped) {
			t.Errorf("with a context that had ended: %v, want ErrStopped", err)
		}
	})
}

func TestARedisThatIsAwayIsNeitherYesNorNo(t *testing.T) {
	s := homingtest.StartRedis(t)
	rate := pacing.NewThroughput(homingtest.Redis(t, s.URL()), "relay:25", 100)
	s.Kill()
	if err := rate.Wait(t.Context()); err == nil || errors.Is(err, pacing.ErrStopped) {
		t.Errorf("%v, want an error of Redis", err)
	}
	s.Restart()
	if err := rate.Wait(t.Context()); err != nil {
		t.Errorf("when it was back: %v", err)
	}
}

// counter counts the commands that reach Redis.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }
func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.mu.Lock()
		c.n++
		c.mu.Unlock()
		return next(ctx, cmd)
	}
}

func TestAReplicaAsksInPortionsHoweverManySendersWait(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		rdb := homingtest.Redis(t, url)
		var asked counter
		rdb.AddHook(&asked)
		rate := pacing.NewThroughput(rdb, "relay:25", 500)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for rate.Wait(ctx) == nil {
				}
			})
		}
		wg.Wait()
		if asked.n > 60 {
			t.Errorf("Redis was asked %d times in half a second, want some 10", asked.n)
		}
	})
}
