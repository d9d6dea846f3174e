package running

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A page waits a moment for what takes long, is not shown what was asked before something
// changed, and shows an old answer rather than none.
func TestAPageDoesNotWaitForWhatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, takes, fails := 0, time.Second, error(nil)
		l := lately[int]{lasts: 5 * time.Second, within: time.Minute, ask: func(context.Context) (int, error) {
			asked++
			n := asked
			time.Sleep(takes)
			return n, fails
		}}
		look := func(want int, known bool) {
			t.Helper()
			began := time.Now()
			n, at, err := l.get(t.Context())
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
		l.forget()    // what is being asked is of before
		look(2, false)
		time.Sleep(2 * time.Second)
		look(4, true)
		fails = errors.New("away")
		time.Sleep(6 * time.Second)
		look(4, true)
		time.Sleep(2 * time.Second)
		if n, at, err := l.get(t.Context()); n != 4 || at.IsZero() || err != nil {
			t.Errorf("an answer that isn't old, %d since %v, with %v", n, at, err)
		}
		time.Sleep(2 * time.Hour)
		if n, _, err := l.get(t.Context()); n != 4 || err == nil {
			t.Errorf("a very old answer: %d, %v", n, err)
		}
		synctest.Wait()
		time.Sleep(time.Minute)
	})
}
