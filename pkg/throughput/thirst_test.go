package throughput_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/throughput"
)

// While transactional mail takes the whole rate, no marketing mail leaves, and it can be
// seen for how long that has been so. It ends with the first that leaves.
func TestItIsSeenForHowLongMarketingWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func() *redis.Client) {
		rate := throughput.New(connect(), throughput.Options{Relay: "relay:25", PerSecond: 20})
		if err := wait(t.Context(), rate); err != nil || rate.Thirst() != 0 {
			t.Fatal(err, rate.Thirst())
		}
		ctx, cancel := context.WithCancel(t.Context())
		var others sync.WaitGroup
		for range 8 {
			others.Go(func() {
				for ctx.Err() == nil {
					_, _, _ = rate.Wait(ctx, other, true, false)
				}
			})
		}
		time.Sleep(300 * time.Millisecond) // they have the relay to themselves
		left := make(chan error, 1)
		go func() { left <- wait(t.Context(), rate) }()
		time.Sleep(2 * time.Second)
		if thirst := rate.Thirst(); fake() && (thirst < time.Second || thirst > 2*time.Second) {
			t.Errorf("waits for %v", thirst)
		}
		cancel()
		if err := <-left; err != nil || rate.Thirst() != 0 {
			t.Errorf("%v, and still waits for %v", err, rate.Thirst())
		}
		others.Wait()
	})
}
