package front_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Shopify waits five seconds. A stream that does not answer is not waited for so long,
// not even by a request that waits for another one's turn to end.
func TestAnAnswerComesWellInsideFiveSeconds(t *testing.T) {
	order := file(t, "shopify/testdata/orders+create.json")
	synctest.Test(t, func(t *testing.T) {
		s := newStage()
		s.hang = true
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 10 * time.Millisecond)
				begun := time.Now()
				w := s.shopify("/in/shopify/main", "orders/create", order)
				if took := time.Since(begun); w.Code != 503 || took > 4*time.Second {
					t.Errorf("%d after %v", w.Code, took)
				}
			})
		}
		wg.Wait()
		begun := time.Now()
		if w := s.shopify("/in/shopify/main", "orders/create", []byte("{")); w.Code != 503 || time.Since(begun) > 4*time.Second {
			t.Errorf("what is kept: %d after %v", w.Code, time.Since(begun))
		}
	})
}

// hangs waits for as long as it may.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}
