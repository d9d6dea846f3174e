package projection

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// watched are the marks of the buckets that a round trip reads from. They are read
// after the customers: what came from a Redis whose marks are there was read before
// anything was lost.
type watched struct {
	s       *Customers
	of      map[bucket]struct{}
	buckets []bucket
	known   []int64           // what each was at least before
	cmds    []*redis.SliceCmd // one for all, in a cluster one for each
}

// watch returns what watches the marks for a round trip that reads at most so many
// customers; nil if there is nothing to fear.
func (s *Customers) watch(n int) *watched {
	if s.guard == nil {
		return nil
	}
	return &watched{s: s, of: make(map[bucket]struct{}, n)}
}

func (w *watched) add(b bucket) {
	if w == nil {
		return
	}
	if _, ok := w.of[b]; !ok {
		w.of[b] = struct{}{}
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
			w.s.Suspect()
			return fmt.Errorf("%w: store %s, bucket %d: %d, and was %d", ErrBackwards, b.store, b.n, mark, w.known[i])
		}
	}
	return nil
}
