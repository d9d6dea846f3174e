package lately

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A page waits a moment for what takes long, is not shown what was asked before something
// changed, and shows an old answer rather than none.
func TestAPageDoesNotWaitForWhatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, takes, fails := 0, 300*time.Millisecond, error(nil)
		l := New(5*time.Second, time.Minute, func(context.Context) (int, error) {
			asked++
			n := asked
			time.Sleep(takes)
			return n, fails
		})
		look := func(want int, known bool) {
			t.Helper()
			began := time.Now()
			n, at, err := l.Get(t.Context())
			if n != want || at.IsZero() == known || time.Since(began) > moment || err != nil && fails == nil {
				t.Errorf("%d since %v, %v, after %v; want %d", n, at, err, time.Since(began), want)
			}
		}
		look(0, false)
		time.Sleep(time.Second)
		look(1, true)
		time.Sleep(6 * time.Second)
		look(1, true) // and asks again
		time.Sleep(2 * time.Second)
		look(2, true)
		time.Sleep(time.Hour)
		look(2, true) // better than nothing
		l.Forget()    // what is being asked is of before
		look(2, false)
		time.Sleep(2 * time.Second)
		look(4, true)
		fails = errors.New("away")
		time.Sleep(6 * time.Second)
		look(4, true)
		time.Sleep(2 * time.Second)
		if n, at, err := l.Get(t.Context()); n != 4 || at.IsZero() || err != nil {
			t.Errorf("an answer that isn't old, %d since %v, with %v", n, at, err)
		}
		time.Sleep(2 * time.Hour)
		if n, _, err := l.Get(t.Context()); n != 4 || err == nil {
			t.Errorf("a very old answer: %d, %v", n, err)
		}
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}

// Those who want an answer while it is being asked for share it; one that costs much is asked
// for the less.
func TestAnAnswerIsAskedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		answer := func(lasts time.Duration) *Answer[int] {
			return New(lasts, time.Minute, func(context.Context) (int, error) {
				asked++
				n := asked
				time.Sleep(2 * time.Second)
				return n, nil
			})
		}
		each, seldom := answer(0), answer(5*time.Second)
		var got [50]int
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i], _, _ = each.Now(t.Context()) })
		}
		all.Wait()
		if asked != 1 || got != [50]int(slices.Repeat([]int{1}, 50)) {
			t.Errorf("asked %d times: %v", asked, got)
		}
		if n, _, err := each.Now(t.Context()); n != 2 || err != nil {
			t.Errorf("the next: %d, %v", n, err)
		}
		for range 60 { // a minute
			if _, _, err := seldom.Now(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if asked > 2+4 {
			t.Errorf("what takes two seconds is asked for %d times in a minute", asked-2)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := each.Now(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who doesn't wait long enough: %v", err)
		}
		all.Go(func() { got[0], _, _ = each.Now(t.Context()) })
		synctest.Wait()
		each.Forget()
		all.Wait()
		if got[0] != asked {
			t.Errorf("what was asked before something changed is given: %d of %d", got[0], asked)
		}
	})
}
