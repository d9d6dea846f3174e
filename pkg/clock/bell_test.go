package clock_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"homing/pkg/clock"
)

func TestABellWakesALoopThatHasWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b clock.Bell
		began, looks, left := time.Now(), []time.Duration{}, 0
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		b.Ring() // before it runs
		go func() {
			defer close(ended)
			b.Run(ctx, time.Second, func() bool {
				looks = append(looks, time.Since(began))
				left--
				return left > 0
			})
		}()
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(looks) != 1 || looks[0] != time.Second {
			t.Fatalf("looked after %v", looks)
		}
		looks, left, began = nil, 3, time.Now()
		for range 8 { // a flood puts no look off
			b.Ring()
			time.Sleep(400 * time.Millisecond)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(looks) < 3 || looks[0] != time.Second || looks[1] != 2*time.Second || len(looks) > 5 {
			t.Errorf("looked after %v", looks)
		}
		stop()
		<-ended
	})
}
