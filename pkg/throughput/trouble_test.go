package throughput_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"homing/pkg/throughput"
)

// A relay that had enough gets an email a second at first, from all replicas together and
// whatever the configured rate is, and more step by step while it takes them.
func TestARelayThatHadEnoughIsGivenLessByAll(t *testing.T) {
	givenLess(t, 0)
}

func TestARelayWithALimitThatHadEnoughIsGivenLessByAll(t *testing.T) {
	givenLess(t, 100)
}

func givenLess(t *testing.T, perSecond float64) {
	onBoth(t, func(t *testing.T, connect connect) {
		ctx := t.Context()
		replica := func(rdb *redis.Client) (*throughput.Trouble, *throughput.Throughput) {
			trouble := throughput.NewTrouble(rdb, "relay:25")
			return trouble, throughput.New(rdb, throughput.Options{Relay: "relay:25", PerSecond: perSecond, Trouble: trouble})
		}
		rdb := connect()
		refusal := throughput.Refusal{Why: "mail: 450", Rate: true, Longest: time.Minute, Jitter: 0.5}
		one, _ := replica(rdb)
		two, rate := replica(rdb)
		if s, err := one.Failed(ctx, refusal); err != nil || s.Level != 1 {
			t.Fatal(s, err)
		}
		s, err := two.Look(ctx)
		if err != nil || s.Level != 1 || s.Why != "mail: 450" || s.Us || !s.Slowed || s.Wait <= 0 && fake() {
			t.Fatalf("the other replica sees %+v, %v", s, err)
		}
		// What was under way does not make it longer, and one of all tries.
		if s, err := two.Failed(ctx, refusal); err != nil || s.Level != 1 {
			t.Error(s, err)
		}
		time.Sleep(1100 * time.Millisecond)
		first, err1 := one.Try(ctx)
		second, err2 := two.Try(ctx)
		if !first || second || err1 != nil || err2 != nil {
			t.Errorf("tries: %v, %v; %v, %v", first, second, err1, err2)
		}
		if err := one.Met(ctx); err != nil {
			t.Fatal(err)
		}
		sent := func(d time.Duration) (n int) {
			for began := time.Now(); time.Since(began) < d; {
				if _, err := two.Look(ctx); err != nil {
					t.Fatal(err)
				}
				again, _, err := rate.Wait(ctx, other, true, false)
				if err != nil {
					t.Fatal(err)
				}
				if again > 0 {
					time.Sleep(again)
					continue
				}
				n++
				if err := two.Took(ctx); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Millisecond)
			}
			return n
		}
		slow := sent(2 * time.Second)
		if slow > 6 {
			t.Errorf("%d emails in the first two seconds", slow)
		}
		if !fake() {
			return
		}
		time.Sleep(time.Second)
		if n := sent(20 * time.Second); n < 200 {
			t.Errorf("%d emails in the twenty seconds after: it does not recover", n)
		}
	})
}
