package projection_test

import (
	"context"
	"fmt"
	"testing"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// nowhere is a timeline that keeps nothing.
type nowhere struct{ n uint64 }

func (t *nowhere) Append(_ context.Context, entries []customer.Entry) error {
	for i := range entries {
		t.n++
		entries[i].Sequence = t.n
	}
	return nil
}

// A batch of orders of as many customers, each with an id and an address.
func BenchmarkFold(b *testing.B) {
	const batch = 512
	for _, c := range []struct {
		name       string
		introduces bool
		fresh      bool
	}{{"known", false, false}, {"known, introducing", true, false}, {"new", false, true}, {"new, introducing", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			s := homingtest.StartRedis(b)
			store := projection.New(homingtest.Redis(b, s.URL()), nil)
			if c.introduces {
				store.IntroduceTo(&nowhere{}, ids(b))
			}
			n := 0
			for b.Loop() {
				b.StopTimer()
				entries := make([]customer.Entry, batch)
				for i := range entries {
					who := i
					if c.fresh {
						who += n * batch
					}
					entries[i] = from(ids(b).Key("main", fmt.Sprint("c", who)), fmt.Sprint("c", who), fmt.Sprint("c", who, "@example.com"), n%3)
				}
				n++
				b.StartTimer()
				if err := store.Fold(b.Context(), entries); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/event")
		})
	}
}
