package combine_test

import (
	"context"
	"errors"
	"homing/pkg/combine"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// gated is a combiner whose round trips wait to be let go, one at a time.
type gated struct {
	combine.Combiner[int]
	mu     sync.Mutex
	trips  [][]int
	let    chan error
	ctxErr error
}

func newGated() *gated {
	g := &gated{let: make(chan error)}
	g.Flush = func(ctx context.Context, reqs []int) error {
		err := <-g.let
		g.mu.Lock()
		defer g.mu.Unlock()
		g.trips = append(g.trips, slices.Clone(reqs))
		g.ctxErr = errors.Join(g.ctxErr, ctx.Err())
		return err
	}
	return g
}

func TestCallsMadeAtTheSameTimeShareARoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		broken := errors.New("broken")
		errs := make([]error, 5)
		var wg sync.WaitGroup
		wg.Go(func() { errs[0] = g.Do(t.Context(), []int{0}) })
		synctest.Wait() // the first is on its way
		for i := 1; i < 5; i++ {
			wg.Go(func() { errs[i] = g.Do(t.Context(), []int{i, i}) })
		}
		synctest.Wait()
		g.let <- nil
		g.let <- broken
		wg.Wait()
		synctest.Wait()
		if len(g.trips) != 2 || len(g.trips[0]) != 1 || len(g.trips[1]) != 8 {
			t.Fatalf("round trips %v, want the first alone and the other four together", g.trips)
		}
		if errs[0] != nil {
			t.Errorf("the first call got the error of the second round trip: %v", errs[0])
		}
		for _, err := range errs[1:] {
			if !errors.Is(err, broken) {
				t.Errorf("error %v, want that of its round trip", err)
			}
		}
	})
}

func TestACallThatIsGivenUpDoesNotFailThoseItTravelsWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = g.Do(ctx, []int{0}) })
		synctest.Wait()
		wg.Go(func() {
			if err := g.Do(t.Context(), []int{1}); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		cancel()
		g.let <- nil
		g.let <- nil
		wg.Wait()
		if g.ctxErr != nil {
			t.Errorf("a round trip was given up: %v", g.ctxErr)
		}
	})
}

func TestACallReturnsWithItsOwnRoundTripHoweverManyFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		first := make(chan error, 1)
		go func() { first <- g.Do(t.Context(), []int{0}) }()
		synctest.Wait()
		var wg sync.WaitGroup
		wg.Go(func() { _ = g.Do(t.Context(), []int{1}) })
		synctest.Wait()
		g.let <- nil
		synctest.Wait()
		select {
		case <-first:
		default:
			t.Error("the first call waits for the round trips of others")
		}
		g.let <- nil
		wg.Wait()
	})
}

func TestARoundTripIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGated()
		var wg sync.WaitGroup
		wg.Go(func() { _ = g.Do(t.Context(), []int{0}) })
		synctest.Wait()
		for range 3 {
			wg.Go(func() { _ = g.Do(t.Context(), make([]int, combine.MostAtOnce/2)) })
		}
		wg.Go(func() { _ = g.Do(t.Context(), make([]int, 3*combine.MostAtOnce)) })
		synctest.Wait()
		go func() {
			for {
				select {
				case g.let <- nil:
				case <-t.Context().Done():
					return
				}
			}
		}()
		wg.Wait()
		total := 0
		for _, trip := range g.trips {
			total += len(trip)
			if len(trip) > combine.MostAtOnce && len(trip) != 3*combine.MostAtOnce {
				t.Errorf("a round trip of %d, more than %d", len(trip), combine.MostAtOnce)
			}
		}
		if want := 1 + 3*combine.MostAtOnce/2 + 3*combine.MostAtOnce; total != want {
			t.Errorf("%d requests travelled, want %d", total, want)
		}
		if err := g.Do(t.Context(), nil); err != nil {
			t.Errorf("a call for nothing: %v", err)
		}
	})
}
