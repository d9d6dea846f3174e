package mailer_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/homingtest"
	"homing/pkg/mailer"
	"homing/pkg/throughput"
)

// share has relays be those of as many processes, with one Redis.
func share(rdb *redis.Client, relays ...*mailer.Relay) {
	for _, r := range relays {
		r.Share(throughput.NewTrouble(rdb, r.Addr()))
	}
}

// Three replicas that each send what they can to a relay that has had enough ask it as
// rarely as one would, and all go on when one of them was taken.
func TestAPauseIsThatOfAllReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		full, asked := true, 0
		relays, closeAll := mailer.FakeRelays(t, 4, func(_ int, verb string) string {
			mu.Lock()
			defer mu.Unlock()
			if verb == "MAIL" && full {
				asked++
				return "450 4.7.1 Error: too much mail from 10.0.0.1"
			}
			return ""
		})
		share(homingtest.RedisInProcess(t), relays...)
		all, fresh := relays[:3], relays[3]
		accepted := make([]int, len(all))
		send := func(lasts time.Duration) {
			var wg sync.WaitGroup
			for i, r := range all {
				wg.Go(func() {
					for begin := time.Now(); time.Since(begin) < lasts; time.Sleep(time.Second) {
						out, err := mailer.SendTo(t, r, fmt.Sprintf("c%d@customer.example", i))
						if err == nil && out.State == mailer.Accepted {
							accepted[i]++
						}
						if err != nil && !strings.Contains(err.Error(), "too much mail") {
							t.Errorf("the words are not there: %v", err)
						}
					}
				})
			}
			wg.Wait()
		}
		send(10 * time.Minute)
		if t.Logf("asked %d times in ten minutes", asked); asked < 10 || asked > 25 {
			t.Errorf("asked %d times in ten minutes by three replicas", asked)
		}
		// One that starts now knows it without asking the relay.
		before := asked
		if _, err := mailer.SendTo(t, fresh, "new@customer.example"); err == nil && asked == before {
			t.Error("a process that has just started does not know of the pause")
		}
		mu.Lock()
		full = false
		mu.Unlock()
		send(2 * time.Minute)
		for i, n := range accepted {
			if n < 30 {
				t.Errorf("replica %d had %d accepted in the two minutes after", i, n)
			}
		}
		closeAll()
	})
}

// Without Redis nobody knows whether the relay has had enough: nothing is sent.
func TestWithoutRedisNothingIsTried(t *testing.T) {
	s := homingtest.StartRedis(t)
	relays, closeAll := mailer.FakeRelays(t, 1, nil)
	share(homingtest.Redis(t, s.URL()), relays...)
	r := relays[0]
	if out, err := mailer.SendTo(t, r, "ann@customer.example"); err != nil || out.State != mailer.Accepted {
		t.Fatal(out, err)
	}
	s.Kill()
	time.Sleep(time.Second)
	if _, err := mailer.SendTo(t, r, "ann@customer.example"); err == nil {
		t.Error("an email was sent without Redis")
	}
	if err := r.Ready("ann@customer.example", true); err == nil {
		t.Error("it is ready without Redis")
	}
	closeAll()
}
