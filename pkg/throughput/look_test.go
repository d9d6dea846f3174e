package throughput_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
	"homing/pkg/throughput"
)

// hanging is a Redis that may hang, and counts the questions.
type hanging struct {
	mu    sync.Mutex
	hangs chan struct{} // closed when it goes on
	asked int
}

func (h *hanging) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h *hanging) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
func (h *hanging) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.mu.Lock()
		hangs := h.hangs
		h.asked++
		h.mu.Unlock()
		if hangs != nil {
			select {
			case <-hangs:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return next(ctx, cmd)
	}
}

// While Redis hangs no email waits for it longer than some tens of milliseconds, and after
// seconds nothing may be sent any more.
func TestALookDoesNotWaitForARedisThatHangs(t *testing.T) {
	s := homingtest.StartRedis(t)
	rdb := homingtest.Redis(t, s.URL())
	h := &hanging{}
	rdb.AddHook(h)
	trouble := throughput.NewTrouble(rdb, "relay:25")
	// One look is enough for all that ask, and for half a second.
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 100 {
				_, _ = trouble.Look(t.Context())
			}
		})
	}
	wg.Wait()
	for {
		if _, err := trouble.Look(t.Context()); err == nil {
			break
		}
	}
	h.mu.Lock()
	if h.asked > 40 { // EVALSHA, EVAL, and on a slow machine some more
		t.Errorf("10,000 looks asked %d times", h.asked)
	}
	h.hangs = make(chan struct{})
	h.mu.Unlock()
	var fails, waited time.Duration
	for began := time.Now(); fails == 0; time.Sleep(20 * time.Millisecond) {
		asks := time.Now()
		_, err := trouble.Look(t.Context())
		waited = max(waited, time.Since(asks))
		switch since := time.Since(began); {
		case err != nil:
			fails = since
		case since > 10*time.Second:
			t.Fatal("it is still sure how the relay is")
		}
	}
	if t.Logf("an email waited %v at most, and none was sent after %v", waited, fails); waited > 500*time.Millisecond {
		t.Errorf("an email waited for %v", waited)
	}
	close(h.hangs)
	for end := time.Now().Add(10 * time.Second); ; {
		if _, err := trouble.Look(t.Context()); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
