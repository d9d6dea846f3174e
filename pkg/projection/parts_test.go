package projection_test

import (
	"fmt"
	"testing"

	"go.uber.org/zap"

	"homing/pkg/customer"
	"homing/pkg/homingtest"
	"homing/pkg/projection"
)

// halves is a tape over two streams, whose places take turns.
type halves struct {
	tape
	of [2]uint64
}

func (h *halves) Parts() [][]uint8 {
	all := h.tape.Parts()[0]
	return [][]uint8{all[:128], all[128:]}
}

func (h *halves) record(e customer.Entry) customer.Entry {
	p := int(e.Key.Bucket) / 128
	h.of[p]++
	e.Sequence = 2*h.of[p] + uint64(p)
	h.entries = append(h.entries, e)
	return e
}

// keyIn returns a customer of one of the streams.
func keyIn(t *testing.T, part, n int) customer.Key {
	for i := 0; ; i++ {
		if k := ids(t).Key("main", fmt.Sprint("c", n, "-", i)); int(k.Bucket)/128 == part {
			return k
		}
	}
}

// One stream has much and the other little. What is appended to the short one afterwards,
// at places that the long one has had for long, and was lost by Redis, is folded all the same.
func TestAMarkCoversNothingOfAnotherStream(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		h := &halves{}
		for n := range 30 {
			h.record(order(keyIn(t, 1, n), n, 0))
		}
		short := keyIn(t, 0, 0)
		h.record(order(short, 0, 0))
		prove := func() {
			r, _ := rebuilder(t, url, h, "main")
			if err := r.Prove(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		prove()
		store := projection.New(homingtest.Redis(t, url), nil)
		complete(t, store, h.entries)
		marks, err := store.Marks(t.Context(), "main")
		if err != nil {
			t.Fatal(err)
		}
		for b, mark := range marks {
			if end := 2*h.of[b/128] + uint64(b/128); mark > end {
				t.Errorf("the mark of bucket %d is %d, beyond the end of its stream, %d", b, mark, end)
			}
		}
		late := h.record(order(short, 0, 1))
		if late.Sequence >= h.entries[29].Sequence {
			t.Fatalf("the test is wrong: %d is no place of before", late.Sequence)
		}
		prove()
		complete(t, store, h.entries)
	})
}

// A bucket that has lost everything, links of its mailboxes included, is folded from all
// that may have told of them, up to the end of each stream.
func TestWhatALostBucketWasToldByOthersIsReadToTheEnd(t *testing.T) {
	homingtest.BothRedises(t, func(t *testing.T, url string) {
		h := &halves{}
		first := keyIn(t, 0, 0)
		h.record(order(first, 0, 0))
		for n := range 5 {
			h.record(order(keyIn(t, 1, n), n, 0))
			h.record(order(keyIn(t, 0, n+1), n, 0))
		}
		rdb := homingtest.Redis(t, url)
		rebuild := func() {
			o := projection.RebuildOptions{Stores: []string{"main"}, Log: zap.NewNop(), Timeline: h, Identity: ids(t)}
			if err := projection.NewRebuilder(rdb, projection.NewGuard(!isReal(t, url)), h, o).Prove(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		rebuild()
		found := rdb.Scan(t.Context(), 0, fmt.Sprintf("homing:{main.%d}:*", first.Bucket), 1000).Iterator()
		for found.Next(t.Context()) {
			rdb.Del(t.Context(), found.Val())
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		h.reads = nil
		rebuild()
		complete(t, projection.New(rdb, nil), h.entries)
		if len(h.reads) != 2 {
			t.Fatalf("read: %+v", h.reads)
		}
		for p, r := range h.reads {
			if end := 2*h.of[p] + uint64(p); r.from != 1 || r.to != end || r.buckets != 128 {
				t.Errorf("of stream %d was read: %+v, want all up to %d", p, r, end)
			}
		}
	})
}
