package projection

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"homing/pkg/customer"
)

// watched are the marks of the buckets that a round trip reads from. They are read
// after the customers: what came from a Redis whose marks are there was read before
// anything was lost.
type watched struct {
	s       *Customers
	seen    bucketSet
	buckets []bucket
	known   []int64           // what each was at least before
	cmds    []*redis.SliceCmd // one for all, in a cluster one for each
}

// watch returns what watches the marks for a round trip; nil if there is nothing to fear.
func (s *Customers) watch() *watched {
	if s.guard == nil {
		return nil
	}
	return &watched{s: s}
}

func (w *watched) add(b bucket) {
	if w == nil {
		return
	}
	if w.seen.place(b, len(w.buckets)) == len(w.buckets) {
		w.buckets, w.known = append(w.buckets, b), append(w.known, w.s.known(b))
	}
}

func (w *watched) read(ctx context.Context, pipe redis.Pipeliner) {
	if w == nil {
		return
	}
	keys := make([]string, len(w.buckets))
	for i, b := range w.buckets {
		keys[i] = markKey(b.store, b.n)
	}
	if !w.s.nodes {
		w.cmds = append(w.cmds, pipe.MGet(ctx, keys...))
		return
	}
	for _, k := range keys {
		w.cmds = append(w.cmds, pipe.MGet(ctx, k))
	}
}

// check returns ErrBackwards if a mark is lower than it was, or gone.
func (w *watched) check() error {
	if w == nil {
		return nil
	}
	var marks []any
	for _, c := range w.cmds {
		if c.Err() != nil {
			return fmt.Errorf("reading marks: %w", c.Err())
		}
		marks = append(marks, c.Val()...)
	}
	if len(marks) != len(w.buckets) {
		return fmt.Errorf("reading marks: %d came for %d buckets", len(marks), len(w.buckets))
	}
	for i, b := range w.buckets {
		mark := int64(-1)
		if text, ok := marks[i].(string); ok {
			var err error
			if mark, err = strconv.ParseInt(text, 10, 64); err != nil {
				return fmt.Errorf("the mark of store %s, bucket %d, is not a number", b.store, b.n)
			}
		}
		if mark < w.known[i] {
			w.s.lost()
			return fmt.Errorf("%w: store %s, bucket %d: %d, and was %d", ErrBackwards, b.store, b.n, mark, w.known[i])
		}
	}
	return nil
}

// bucketSet gives each bucket the place at which it came first.
type bucketSet struct {
	store string                 // the first that came; nearly always the only one
	of    *[customer.Buckets]int // its buckets: their places + 1
	more  map[bucket]int         // those of other stores
}

// place returns the place of a bucket, which is next if it is new.
func (s *bucketSet) place(b bucket, next int) int {
	if s.of == nil {
		s.store, s.of = b.store, new([customer.Buckets]int)
	}
	if s.store == b.store {
		if s.of[b.n] == 0 {
			s.of[b.n] = next + 1
		}
		return s.of[b.n] - 1
	}
	at, ok := s.more[b]
	if !ok {
		if s.more == nil {
			s.more = map[bucket]int{}
		}
		at = next
		s.more[b] = at
	}
	return at
}
