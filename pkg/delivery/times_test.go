package delivery_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/delivery"
)

// What fired on time and waited for a process counts as handled late, and each stage that a
// touch went through is told of once.
func TestHowLateATouchIsAndWhatItTook(t *testing.T) {
	bubble(t, &series{}, func(r *rig) {
		r.known("ann")
		r.put(r.touch("ann", "offer", "1", time.Minute, nil))
		time.Sleep(11 * time.Minute) // fired after one, and nobody is there

		var mu sync.Mutex
		stages, took := map[string]int{}, 0
		var fired, handled []time.Duration
		r.start(func(o *delivery.Options) {
			o.Times = delivery.Times{
				Took: func(time.Duration, string) { mu.Lock(); took++; mu.Unlock() },
				Late: func(f, h time.Duration) {
					mu.Lock()
					fired, handled = append(fired, f), append(handled, h)
					mu.Unlock()
				},
				Stage: func(name string) func(time.Duration) {
					return func(time.Duration) { mu.Lock(); stages[name]++; mu.Unlock() }
				},
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(r.sink.Mails()) != 1 || took != 1 || len(fired) != 1 {
			t.Fatalf("%d emails, %d times, %v", len(r.sink.Mails()), took, fired)
		}
		if fired[0] < 0 || fired[0] > time.Second || handled[0] < 10*time.Minute || handled[0] > 11*time.Minute {
			t.Errorf("fired %s late, handled %s late", fired[0], handled[0])
		}
		for _, name := range []string{"read", "judge", "permit", "word", "bind", "compose", "open", "claim", "transmit", "finish"} {
			if stages[name] != 1 {
				t.Errorf("%s was told of %d times", name, stages[name])
			}
			delete(stages, name)
		}
		if len(stages) > 0 {
			t.Errorf("also told of: %v", stages)
		}
	})
}
