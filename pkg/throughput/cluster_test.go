package throughput_test

import (
	"testing"
	"time"

	"homing/pkg/homingtest"
	"homing/pkg/throughput"
)

// On a Redis Cluster all that concerns one relay is on one node: a pause is that of all
// replicas, and the rate, with a domain's and the day's, is leased in one step.
func TestReplicasShareAPauseAndARateOnACluster(t *testing.T) {
	t.Parallel()
	rdb, ctx := homingtest.StartRedisCluster(t, 3), t.Context()
	refusal := throughput.Refusal{Why: "mail: 450", Rate: true, Longest: time.Minute}
	for _, relay := range []string{"one.example:25", "two.example:25", "three.example:25"} { // wherever that node is
		one, two := throughput.NewTrouble(rdb, relay), throughput.NewTrouble(rdb, relay)
		rate := throughput.New(rdb, throughput.Options{Relay: relay, PerSecond: 100, PerDomain: map[string]float64{slow: 50}, Trouble: two,
			WarmUp: throughput.WarmUp{Start: time.Now().Add(-time.Hour), PerDay: []int{2, 2}}})
		if again, _, err := rate.Wait(ctx, slow, true, false); again != 0 || err != nil {
			t.Fatal(relay, again, err)
		}
		if _, err := one.Failed(ctx, refusal); err != nil {
			t.Fatal(relay, err)
		}
		if s, err := two.Look(ctx); err != nil || s.Level != 1 || s.Why != "mail: 450" || !s.Slowed {
			t.Errorf("%s: the other replica sees %+v, %v", relay, s, err)
		}
		if s, err := throughput.NewTrouble(rdb, "other"+relay).Look(ctx); err != nil || s.Level != 0 {
			t.Errorf("another relay has %+v, %v", s, err)
		}
		tries := 0
		for end := time.Now().Add(30 * time.Second); tries == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			for _, r := range []*throughput.Trouble{one, two} {
				tried, err := r.Try(ctx)
				if err != nil {
					t.Fatal(relay, err)
				}
				if tried {
					tries++
				}
			}
		}
		if tries != 1 {
			t.Errorf("%s: %d replicas try at a time", relay, tries)
		}
		if err := two.Met(ctx); err != nil {
			t.Fatal(relay, err)
		}
		if s, err := one.Look(ctx); err != nil || s.Level != 0 || !s.Slowed {
			t.Errorf("%s: after one was taken: %+v, %v", relay, s, err)
		}
		if err := one.Took(ctx); err != nil {
			t.Error(relay, err)
		}
		// The day's two are used up by one more of the other class.
		if _, _, err := rate.Wait(ctx, other, false, false); err != nil {
			t.Error(relay, err)
		}
		if again, why, err := rate.Wait(ctx, other, false, false); err != nil || again == 0 {
			t.Errorf("%s: a third on a day of two: again in %v (%s), %v", relay, again, why, err)
		}
	}
}
